"""What changed since last time, in plain sentences with their numbers."""

from hub.summaries.facts import Summary


def changes(_summary: Summary) -> list[str]:
    """Nothing is said yet."""
    return []
