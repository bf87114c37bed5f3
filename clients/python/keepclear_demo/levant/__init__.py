"""The setting of the project, played: one synthetic night, its agreement, its movements, and its story.

No flight, unit, place of interest or intent in here is real. Parties, mediator and area follow what is publicly known
of such a line; nothing else does.
"""
