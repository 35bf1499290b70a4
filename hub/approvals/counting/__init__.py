"""What people say of a request by now: whose answers count, and in what capacity another may answer."""
