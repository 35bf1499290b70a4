"""What people say of a granted exception's controls and criteria: attested, confirmed, reopened."""
