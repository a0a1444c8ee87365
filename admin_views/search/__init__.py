"""The one box of a site: what a text finds of every kind, and the pages and acts that are called so.

Import its modules by name: `from admin_views.search.page import SupportSearch`.
May import: what every view may, and `services.search`.
"""
