"""What becomes of an exception after it was asked for: withdrawn, extended, reviewed, revoked, resolved, handed on."""
