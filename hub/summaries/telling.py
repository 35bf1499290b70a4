"""What every form of a summary says in the same words: its name, its four numbers, and how to read it."""

from dataclasses import dataclass

from hub.summaries import figures
from hub.summaries.facts import Summary, TopPolicy
from hub.summaries.figures import count, percent

READING = (
    ("Open", "asked for, and not rejected, withdrawn, revoked, resolved or over by its date."),
    ("In force", "granted, and not revoked, resolved or over by its date: what fails there counts as waived."),
    ("Reported compliance", "the share of checks that pass or are waived by an exception, of those that were asked."),
    ("True compliance", "the share that pass, waivers left out. The gap between the two is what exceptions cover."),
    ("End within 30 days", "are in force and over by then if nobody does anything; they are among those of 60 and 90."),
    ("Time to decide", "hours from the question to its decision, of those decided in the period; half took less."),
    ("Suspended", "granted, but waives nothing while one of its compensating controls does not hold."),
    ("Counted", "are exceptions on models that the readers of this summary may see."),
)
"""How to read it: each word with what it means."""


@dataclass(frozen=True, slots=True)
class Headline:
    """One of the numbers that matter, with what it was."""

    name: str
    figure: str
    against: str


def title(summary: Summary) -> str:
    """The name of a summary: Exceptions in October 2026, team Lending."""
    team = f", team {summary.team}" if summary.team else ""
    return f"Exceptions in {figures.period(summary.begins, summary.ends)}{team}"


def as_of(summary: Summary) -> str:
    """The instant whose knowledge the figures are."""
    return f"As of {figures.moment(summary.as_of, summary.zone)}"


def lead(summary: Summary) -> str:
    """The line under the name."""
    return f"{as_of(summary)}.{' Compared with the period before.' if figures.has_before(summary) else ''}"


def policies(summary: Summary) -> list[TopPolicy]:
    """The policies of which there is something to tell."""
    return [one for one in summary.top_policies if one.open or one.open_before or one.opened]


def headlines(summary: Summary) -> list[Headline]:
    """The four numbers that matter."""
    compared = figures.has_before(summary)
    then = f"{figures.ago(summary)} "
    now, was = summary.compliance, summary.compliance_before
    reported = f"reported: {percent(now.reported)}" if now.asked else "no check was asked"
    taken, took = summary.median_hours_to_decide, summary.median_hours_to_decide_before
    return [
        Headline("Open", count(summary.now.open_at_end), then + count(summary.before.open_at_end) if compared else ""),
        Headline(
            "End within 30 days",
            count(summary.cliff.in_30_days),
            then + count(summary.cliff_before.in_30_days) if compared else "",
        ),
        Headline(
            "True compliance", percent(now.true), f"{reported}; {then}{percent(was.true)}" if was.asked else reported
        ),
        Headline(
            "Time to decide",
            figures.NOTHING if taken is None else figures.hours(taken),
            _median(taken, took, then),
        ),
    ]


def _median(now: float | None, was: float | None, then: str) -> str:
    """What stands under the time to decide."""
    if now is None:
        return "nothing was decided" if was is None else f"nothing was decided; {then}{figures.hours(was)}"
    return "median" if was is None else f"median; {then}{figures.number(was)}"
