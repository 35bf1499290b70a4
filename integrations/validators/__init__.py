"""Validators that come with the hub: each imports the port that it implements, and nothing else of the hub."""
