"""People of a file: read and matched (`people`), decided of (`deciding`), added as a whole (`applying`), by way of a batch.

Import its modules by name: `from services.imports import people`. Importing `people` says what a batch of people does.
May import: `batches`, `files`, and what they may import.
"""
