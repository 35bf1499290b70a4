"""What a reviewer reads of a version: its dossier, frozen when approval is asked for."""
