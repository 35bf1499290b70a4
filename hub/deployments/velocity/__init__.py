"""How long releases take from a registered version to production, and where the time goes."""
