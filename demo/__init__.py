"""The demonstration desk: a fictional vendor in Québec, its plans, and two customers with people and licences."""
