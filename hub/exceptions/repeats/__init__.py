"""Where exceptions are asked for again and again."""
