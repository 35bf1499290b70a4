"""Seeds that every run of the tests plays: some, and all by which a violation was ever found."""

SOME = range(1_000, 1_135)

FOUND = (12, 126, 189, 195, 205, 217, 222, 234, 237, 275, 278, 306, 349, 375)
"""Whoever lost a role was counted, or was asked still; a say that came free was asked of nobody."""
