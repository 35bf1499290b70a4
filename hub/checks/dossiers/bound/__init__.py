"""What a decision about a version binds to."""
