"""What hangs on policies beside compliance: controls of exceptions, criteria, whether one is needed still."""
