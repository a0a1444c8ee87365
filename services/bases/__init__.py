"""An existing base: customers, people and licences of a vendor's own files, read (`base`), decided of, applied customer by customer.

Import its modules by name: `from services.bases import base`. Importing `base` says what a batch of a base does.
May import: `batches`, `files`, `imports`, and what they may import.
"""
