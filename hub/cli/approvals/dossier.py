"""A dossier in short: the card, what speaks against the version, what it rests on, what changed."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from hub.cli.approvals import when
from hub.cli.gate.inert import columns, hanging, inert, padded

Row = Mapping[str, Any]
MOST = 12


def lines(request: Row, now: datetime, width: int, *, evidence: bool) -> Iterator[str]:
    """What is put before reviewers; nothing where no version is asked about."""
    import orjson

    from hub.checks.dossiers.against import objections

    if request["dossier"] is None:
        return
    content = orjson.loads(request["dossier"]["text"])
    yield ""
    yield f"Dossier, as of {when.said(when.of(request['dossier']['madeAt']))}"
    yield from hanging("  ", _card(content["card"]["completeness"]), width)
    against = objections(content)
    yield from _listed("speaks against it", [(one.mark, inert(one.words)) for one in against], width)
    reports = [row for one in content["evidence"] for row in (_report(one), *(_figures(one) if evidence else ()))]
    yield from _listed("evidence", reports, width, most=len(reports) if evidence else MOST)
    yield from _listed("exceptions", [_exception(one, now) for one in content["exceptions"]], width)
    yield from _changes(request, width)


def _card(card: Row) -> str:
    missing = ", ".join(name.replace("_", " ") for name in card["missing"])
    rest = f"; not written: {missing}" if missing else ""
    return f"card: {card['filled']} of {card['of']} sections are written{rest}"


def _report(report: Row) -> tuple[str, str]:
    marks = [name for name in ("repeated", "disputed") if report[name]]
    marks += [] if report["current"] else ["about other content"]
    title = f": {inert(report['title'])}" if report["title"] else ""
    state = f" ({', '.join(marks)})" if marks else ""
    kind = f"{inert(report['kind'])} {inert(report['verdict'])}"
    return kind, f"measured {report['measured_at'][:10]}{state}{title}"


def _figures(report: Row) -> Iterator[tuple[str, str]]:
    """What a report measured, and what makes it again."""
    for name, value in sorted(report["figures"].items()):
        yield f"  {inert(name)}", inert(value)
    for name, value in report["reproduces"].items():
        if value is not None:
            yield f"  {name.replace('_', ' ')}", inert(value)


def _exception(given: Row, now: datetime) -> tuple[str, str]:
    ends = when.of(given["expires_at"])
    controls = "; ".join(map(inert, given["controls"])) or "none"
    said = f"{inert(given['kind'])}, ends {when.due(ends, now)}; controls: {controls}"
    # A dossier tells of attachments where there are some.
    files = "; ".join(map(_file, given.get("attachments", ())))
    return inert(given["policy"]), f"{said}; attached: {files}" if files else said


def _file(given: Row) -> str:
    of = f"{given['size']:,} bytes, {inert(given['media_type'])}, sha256 {inert(given['sha256'])}"
    return f"{inert(given['name'])} ({of})"


def _changes(request: Row, width: int) -> Iterator[str]:
    """What differs from what was approved last and, where that says less, from what was asked before."""
    since = request["changesSinceApproved"]
    if since is None:
        yield from hanging("  ", "no version of this model was approved for this stage before", width)
    else:
        version = f" ({inert(since['version']['name'])})" if since["version"] else ""
        yield from _changed(f"changed since the last approval{version}", since["words"], width)
    before = request["changesSincePrevious"]
    if before is not None and (since is None or before["against"]["id"] != since["against"]["id"]):
        yield from _changed(
            f"changed since it was asked before ({before['against']['status']})", before["words"], width
        )
    now = request["changesSinceAsked"]
    if now is not None and now["words"]:
        yield from _changed("changed since this was asked", now["words"], width)


def _changed(title: str, words: list[str], width: int) -> Iterator[str]:
    yield f"  {title}: {'nothing' if not words else ''}".rstrip()
    for line in words[:MOST]:
        yield from hanging("    ", inert(line), width)
    if len(words) > MOST:
        yield f"    and {len(words) - MOST} more"


def _listed(title: str, rows: list[tuple[str, str]], width: int, most: int = MOST) -> Iterator[str]:
    yield f"  {title}: {'nothing' if not rows else ''}".rstrip()
    first = max((columns(label) for label, _ in rows[:most]), default=0)
    for label, text in rows[:most]:
        yield from hanging(f"    {padded(label, first)}  ", text, width)
    if len(rows) > most:
        yield f"    and {len(rows) - most} more"
