"""How exceptions developed, step by step, and how they stood at any instant."""
