"""What is due by when, of whatever concept: told once, by the step of its ladder that was reached, late or not."""
