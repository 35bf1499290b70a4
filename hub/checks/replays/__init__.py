"""Asking stored documents again: backtests of drafts, and drafts that run beside the wording in force."""
