"""How exceptions stood at an instant: what a sum of movements cannot tell."""
