"""What `hub summary` asks for, and what it does with the answer."""

FORMATS = ("text", "html", "pdf", "csv", "json")
