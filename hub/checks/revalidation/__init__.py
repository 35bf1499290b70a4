"""When versions in production are to be validated again, by their tier: as the starter pack's policy has it."""
