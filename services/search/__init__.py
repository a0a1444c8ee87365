"""Finding people, customers, licences and orders by any words, and keeping true what they are found by.

Import its modules by name: `from services.search import hits`.
May import: `services.foundation`, `services.text`, `models`, `access`.
"""
