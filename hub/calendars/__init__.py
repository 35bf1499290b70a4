"""Calendars: when people work, so that terms and reminders are counted in working time."""
