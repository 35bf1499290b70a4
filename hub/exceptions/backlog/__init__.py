"""The backlog: which exceptions are worked off, and in which order."""
