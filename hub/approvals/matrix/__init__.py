"""Changing the approval matrix, which is itself approved under the row in force; and which row applies, and why."""
