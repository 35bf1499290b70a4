"""Asking for an exception: what a request must say, and what stands in for what it leaves out."""
