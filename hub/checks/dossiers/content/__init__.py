"""What a dossier says, section by section."""
