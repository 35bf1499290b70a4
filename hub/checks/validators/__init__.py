"""Heavy checks by plugins: each runs in a process of its own, and what it finds is kept as evidence."""
