"""The documents that rules were asked of."""
