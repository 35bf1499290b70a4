"""What executives are told of exceptions: derived from the audit trail, so that any past day can be told again."""
