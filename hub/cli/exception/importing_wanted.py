"""What a line of an import asks for, as the graph takes it; a name is looked up once, however often it stands there."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from hub.cli import named
from hub.cli.approvals import naming, when
from hub.cli.exception import request_given as given_words
from hub.cli.exception.queries import REFUSAL
from hub.cli.gate.inert import inert
from hub.cli.remote import Remote
from hub.errors import Code, Refused
from hub.exceptions.exchange.sheets import WANTED, Line
from hub.exceptions.tables import ExceptionKind, RiskTreatment
from hub.models.tables import Stage
from hub.policies.tables import Severity

IMPORT = f"""mutation($input: ImportExceptionsInput!) {{ importExceptions(input: $input) {{
  __typename {REFUSAL}
  ... on ExceptionsImported {{ items {{ became exception why field }} }}
}} }}"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line, and what it asks for; or why that cannot be told, with the column that this is about."""

    number: int
    what: str
    input: dict[str, Any] | None = None
    key: bytes = b""
    """The same for lines that say the same."""
    why: str | None = None
    column: str | None = None

    def column_of(self, name: str | None) -> str | None:
        """The column of a field of the graph's."""
        return next((column for column, field, _ in COLUMNS if field == name), name)


@dataclass(frozen=True, slots=True)
class Remembering(Remote):
    """A hub that is asked the same but once."""

    answers: dict[bytes, dict[str, Any]] = field(default_factory=dict)

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        key = orjson.dumps([query, variables], option=orjson.OPT_SORT_KEYS)
        if key not in self.answers:
            self.answers[key] = Remote.ask(self, query, **variables)
        return self.answers[key]


def read(hub: Remote, lines: Sequence[Line]) -> list[Wanted]:
    """What each line asks for."""
    remembering = Remembering(hub.address, hub.token, whence=hub.whence)
    return [_wanted(remembering, one) for one in lines]


def imported(hub: Remote, wanted: Sequence[Wanted], *, dry_run: bool) -> list[dict[str, Any]]:
    """What became of each, as the hub says it."""
    made = hub.change(IMPORT, input={"exceptions": [one.input for one in wanted], "dryRun": dry_run})
    return list(made["items"])


def _wanted(hub: Remote, line: Line) -> Wanted:
    what = " ".join(inert(line.cells.get(name, ""), 100) for name in ("model", "version", "policy"))
    told = " ".join(what.split())
    try:
        input = _input(hub, line)
        return Wanted(line.number, told, input, orjson.dumps(input, option=orjson.OPT_SORT_KEYS))
    except Refused as refused:
        if refused.code is Code.UNAVAILABLE:
            raise
        return Wanted(line.number, told, why=refused.why, column=refused.field)


def _input(hub: Remote, line: Line) -> dict[str, Any]:
    if line.wrong:
        raise Refused(Code.BAD_INPUT, line.wrong)
    if line.lacks:
        why = f"the line lacks {', '.join(line.lacks)}; {', '.join(WANTED)} are wanted"
        raise Refused(Code.BAD_INPUT, why, field=line.lacks[0])
    policy = given_words.policy(hub, line.cells["policy"])
    found = named.found(
        hub,
        model=line.cells["model"],
        version=line.cells.get("version") or None,
        registry=line.cells.get("registry") or None,
    )
    return {
        "policy": policy["id"],
        "model": found.model,
        "version": found.version,
        "owner": naming.person(hub, line.cells["owner"], field="owner")["id"],
        "justification": line.cells["justification"],
        "controls": [given_words.control(hub, one, option="controls") for one in line.several("controls")],
        "criteria": [given_words.criterion(hub, one, _due, option="criteria") for one in line.several("criteria")],
        **dict(_chosen(line)),
    }


def _chosen(line: Line) -> Iterator[tuple[str, Any]]:
    """What else a line says; what it leaves empty is left to the hub."""
    for column, name, read in COLUMNS:
        if said := line.cells.get(column):
            yield name, read(column, said)


def _ends(column: str, said: str) -> str:
    return _instant(column, said, ends=True).isoformat()


def _starts(column: str, said: str) -> str:
    return _instant(column, said, ends=False).isoformat()


def _due(said: str) -> datetime:
    return _instant("criteria", said, ends=True)


def _instant(column: str, said: str, *, ends: bool) -> datetime:
    # A span would count from today, each day anew: the same line would ask for something else tomorrow.
    if when.SPAN.fullmatch(said.strip().lower()):
        raise Refused(Code.BAD_INPUT, f"{column} {inert(said, 50)}: write a date such as 2026-12-24", field=column)
    found = when.instant(said, option=column, since=datetime.now(UTC), ends=ends)
    try:
        return found.astimezone(UTC)
    except OverflowError:
        why = f"{column} {inert(said, 50)} is beyond the calendar; write a date such as 2026-12-24"
        raise Refused(Code.BAD_INPUT, why, field=column) from None


def _number(column: str, said: str) -> int:
    found = given_words.DAYS.fullmatch(said)
    if found is None:
        raise Refused(Code.BAD_INPUT, f"{column} {inert(said, 50)}: write a whole number of days", field=column)
    return int(found[1])


def _text(_column: str, said: str) -> str:
    return said


COLUMNS: tuple[tuple[str, str, Callable[[str, str], object]], ...] = (
    ("expires", "expiresAt", _ends),
    ("starts", "startsAt", _starts),
    ("review", "reviewAt", _ends),
    ("stage", "stage", lambda column, said: naming.word(said, Stage, option=column)),
    ("kind", "kind", lambda column, said: naming.word(said, ExceptionKind, option=column)),
    ("risk_before", "riskBefore", lambda column, said: naming.word(said, Severity, option=column)),
    ("risk_after", "riskAfter", lambda column, said: naming.word(said, Severity, option=column)),
    ("treatment", "recommendedTreatment", lambda column, said: naming.word(said, RiskTreatment, option=column)),
    ("review_every_days", "reviewEveryDays", _number),
    ("template", "template", _text),
    ("ticket", "ticketUrl", _text),
)
"""The columns beyond those that are looked up: their names, the graph's, and how each is read."""
