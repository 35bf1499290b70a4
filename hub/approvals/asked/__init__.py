"""Who is asked now: what inboxes, reminders and the gate's waiting show."""
