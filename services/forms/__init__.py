"""What the forms of both rooms of pages share: a field that takes what may be stored, and says beside it what may not.

Import its module by name: `from services.forms.fields import CheckedForm`.
May import: `foundation`.
"""
