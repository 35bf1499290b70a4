"""What `hub summary` asks for, and what it does with the answer."""
