"""What changed since last time, in plain sentences with their numbers. No adjective stands without one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hub.models.tables import RiskTier
from hub.summaries import figures
from hub.summaries.facts import Counted, Standing, Summary
from hub.summaries.figures import count, counted, percent

ENDINGS = ("resolved", "expired", "revoked", "rejected", "withdrawn")
WATCHED = RiskTier.HIGH
"""The tier that is told of by itself."""


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence, and whether it tells of something that got worse."""

    words: str
    worse: bool = False


def changes(summary: Summary) -> list[str]:
    """What changed since the period before: how many are open and end soon, then what got worse, then the rest."""
    first = [*_open(summary), *_cliff(summary)]
    rest = [one for tell in _TELL for one in tell(summary)]
    return [one.words for one in (*first, *sorted(rest, key=lambda one: not one.worse))]


def _open(summary: Summary) -> Iterator[Said]:
    now = summary.now.open_at_end
    words = _are(now, "exception is open", "exceptions are open")
    if not figures.has_before(summary):
        yield Said(
            f"{words}{_tier(summary, compared=False)}; there is no {figures.before(summary)} before to compare with."
        )
        return
    was = summary.before.open_at_end
    yield Said(f"{words}, {_change(summary, now, was)}{_tier(summary, compared=True)}.", now > was)


def _tier(summary: Summary, *, compared: bool) -> str:
    """The watched tier's part of the sentence; nothing where the steps of the series are others than the periods."""
    now, was = _step(summary, summary.now), _step(summary, summary.before)
    if now is None or not summary.now.open_at_end:
        return ""
    words = f"; {WATCHED} tier: {count(now.open_at_end)}"
    if not compared or was is None:
        return words
    return f"{words}, {_against(now.open_at_end, was.open_at_end, 'unchanged')}"


def _step(summary: Summary, of: Counted) -> Counted | None:
    """What the series says of the watched tier in a period; nothing of it happened where others are told of alone."""
    there = [one for one in summary.series if (one.begins, one.ends) == (of.begins, of.ends)]
    mine = [one for one in there if one.group == WATCHED]
    return mine[0] if mine else Counted(of.begins, of.ends, WATCHED) if there else None


def _moved(summary: Summary) -> Iterator[Said]:
    now, was = summary.now, summary.before
    ended = [f"{count(number)} {word}" for word in ENDINGS if (number := getattr(now, word))]
    words = f"{_are(now.opened, 'exception was', 'exceptions were')} opened and {count(now.closed)} closed"
    if now.closed:
        words += f" ({', '.join(ended)})"
    if now.extended:
        words += f"; {_were(now.extended, 'extended')}"
    if figures.has_before(summary):
        words += f"; in the {figures.before(summary)} before it was {count(was.opened)} and {count(was.closed)}"
    yield Said(f"{words}.", now.opened - now.closed > was.opened - was.closed)


def _cliff(summary: Summary) -> Iterator[Said]:
    now, was = summary.cliff.in_30_days, summary.cliff_before.in_30_days
    words = f"{_are(now, 'ends', 'end', none='None')} within 30 days"
    if figures.has_before(summary):
        words += f", {_it_was(summary, now, was)}"
    yield Said(f"{words}.", now > was)


def _compliance(summary: Summary) -> Iterator[Said]:
    now, was = summary.compliance, summary.compliance_before
    if now.reported is None or now.true is None:
        yield Said("No check was asked, so there is no compliance to report.")
        return
    words = f"Reported compliance is {percent(now.reported)}, "
    if now.waived:
        passes = (
            "check passes only because it is waived" if now.waived == 1 else "checks pass only because they are waived"
        )
        words += f"truly {percent(now.true)}: {count(now.waived)} {passes}"
    else:
        words += "and truly as much: no check is waived"
    yield Said(f"{words}{_was_compliance(summary, now, was)}.", was.true is not None and now.true < was.true)


def _was_compliance(summary: Summary, now: Standing, was: Standing) -> str:
    if was.asked == 0:
        return ""
    then = (percent(was.reported), percent(was.true))
    if then == (percent(now.reported), percent(now.true)):
        return f"; {figures.ago(summary)} it was the same"
    both = then[0] if then[0] == then[1] else f"{then[0]} and {then[1]}"
    return f"; {figures.ago(summary)} it was {both}"


def _deciding(summary: Summary) -> Iterator[Said]:
    now, was = summary.median_hours_to_decide, summary.median_hours_to_decide_before
    waiting = f"{_waits(summary.waiting_for_decision)} for a decision"
    if now is None:
        yield Said(f"Nothing was decided; {waiting}.")
        return
    words = f"Deciding took {figures.hours(now)} at the median"
    if was is not None:
        same = figures.number(now) == figures.number(was)
        words += ", unchanged" if same else f", it was {figures.number(was)}"
    elif figures.has_before(summary):
        words += f"; nothing was decided in the {figures.before(summary)} before"
    yield Said(f"{words}; {waiting}.", was is not None and now > was)


def _standing_still(summary: Summary) -> Iterator[Said]:
    """What stands against the rules today; where nothing does, that is said too."""
    suspended, overdue = summary.suspended, summary.overdue_reviews
    if not suspended and not overdue:
        yield Said("No exception is suspended and no review is overdue.")
    if suspended:
        words = "exception is suspended" if suspended == 1 else "exceptions are suspended"
        yield Said(f"{count(suspended)} {words}: a compensating control does not hold.", worse=True)
    if overdue:
        yield Said(f"{counted(overdue, 'review is', 'reviews are')} overdue.", worse=True)


def _top(summary: Summary) -> Iterator[Said]:
    open = [one for one in summary.top_policies if one.open]
    if not open:
        return
    first, *others = [one for one in open if one.open == open[0].open]
    if others:
        names = f"{', '.join([first.key, *(one.key for one in others[:-1])])} and {others[-1].key}"
        yield Said(
            f"{names} have {counted(first.open, 'open exception', 'open exceptions')} each: the most of any policy."
        )
        return
    words = f"{first.key} has {counted(first.open, 'open exception', 'open exceptions')}, the most of any policy"
    # What was opened may be closed by now: it is not told as a part of what is open.
    if figures.has_before(summary):
        change = _change(summary, first.open, first.open_before)
        words += f": {change}, {count(first.opened) if first.opened else 'none'} opened since"
    yield Said(f"{words}.", first.open > first.open_before)


_TELL: tuple[Callable[[Summary], Iterator[Said]], ...] = (_compliance, _deciding, _standing_still, _top, _moved)
"""What is told after that, the most important first where nothing got worse."""


def _are(number: int, one: str, more: str, *, none: str = "No") -> str:
    return f"{none if number == 0 else count(number)} {one if number in (0, 1) else more}"


def _were(number: int, word: str) -> str:
    return f"{'None' if number == 0 else count(number)} {'was' if number in (0, 1) else 'were'} {word}"


def _waits(number: int) -> str:
    return "none waits" if number == 0 else f"{count(number)} {'waits' if number == 1 else 'wait'}"


def _against(now: int, was: int, same: str = "as many") -> str:
    if now == was:
        return same
    return f"{count(now - was)} more" if now > was else f"{count(was - now)} fewer"


def _change(summary: Summary, now: int, was: int) -> str:
    if now == was == 0:
        return f"as {figures.ago(summary)}"
    return f"{_against(now, was)} {'as' if now == was else 'than'} {figures.ago(summary)}"


def _it_was(summary: Summary, now: int, was: int) -> str:
    return _change(summary, now, was) if now == was else f"it was {count(was) if was else 'none'}"
