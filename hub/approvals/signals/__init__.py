"""What stands out about how a request is answered, for whoever answers it to think about."""
