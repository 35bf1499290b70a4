"""A summary's series as CSV: one line for each step and risk tier."""

from hub import spreadsheet
from hub.summaries.facts import Summary

COLUMNS = (
    "begins", "ends", "tier", "opened", "granted", "rejected", "withdrawn", "extended", "expired", "revoked",
    "resolved", "closed", "open_at_end", "in_force_at_end", "mean_age_days", "decided", "mean_hours_to_decide",
)  # fmt: skip
"""`ends` is the first day after the step; the rest is called as in the JSON."""


def written(summary: Summary) -> bytes:
    """The lines, the oldest step first."""
    rows = [
        [one.group if name == "tier" else getattr(one, name) for name in COLUMNS]
        for one in sorted(summary.series, key=lambda one: (one.begins, one.ends, one.group))
    ]
    return spreadsheet.written(COLUMNS, rows)
