"""What every verb uses: the transaction and the company's lock, the journal, refusals, checks, edits, formats.

Import its modules by name: `from services.foundation.transaction import company_lock`.
May import: `models`, `access`. Nothing of `services`.
"""
