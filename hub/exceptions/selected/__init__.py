"""Asking for the same exception for every model that carries some tags, each decided by itself."""
