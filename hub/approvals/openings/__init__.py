"""What people opened of what was put before them, and when first."""
