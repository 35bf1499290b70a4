"""Policies that are excepted so often that they had better be changed: suggested once, with the facts."""
