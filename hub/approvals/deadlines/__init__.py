"""What happens to requests while nobody decides them: reminders, escalation, the end of their term."""
