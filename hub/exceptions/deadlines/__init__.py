"""What is due of exceptions: their end, their reviews, what their controls and criteria wait for."""
