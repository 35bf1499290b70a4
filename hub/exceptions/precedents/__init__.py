"""What exceptions like one that is being written said before, and what became of them."""
