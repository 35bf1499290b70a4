"""Policies kept in Git: files read into wordings, held to what reviewers expect, tried by fixtures beside the rules."""
