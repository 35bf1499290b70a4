"""Exceptions in and out: as sheets, as JSON, and as the plan of action and milestones that auditors' tools read."""
