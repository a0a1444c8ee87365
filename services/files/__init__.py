"""What people upload or paste as a table becomes lines of texts (`reading`), whose columns are found (`headers`); templates and
the rows that were wrong go back (`writing`). Nothing here knows the database, a request or a mail.

Import its modules by name: `from services.files import reading`.
May import: `text`, `foundation`.
"""
