"""What counts now of each version, policy and stage."""
