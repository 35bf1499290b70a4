"""How compliance stood day by day, as reported and as it truly was."""
