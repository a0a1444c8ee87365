"""The pages that a person opens: payment, 3-D Secure, test cards, events; and the controls for tests, in JSON.

Public: the blueprints of `pay`, `payments`, `control` and `overview`, `overview.message`, `parts`, `policy` and `texts`.
Imports `stripe`, `mail` and `base`.
"""
