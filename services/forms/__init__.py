"""What forms share: a field that takes what may be stored and says beside it what may not, and doing a form once.

Import its module by name: `from services.forms.fields import CheckedForm`.
May import: `foundation`.
"""
