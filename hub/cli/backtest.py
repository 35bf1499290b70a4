"""`hub policy backtest`: what a draft would have changed, asked of what rules saw in the last days."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.options import AsJSON, Data, Token, Url

if TYPE_CHECKING:
    from hub.cli.remote import Remote

LOOK_EVERY_S = 0.5
SAY_EVERY_S = 1.0
INTERRUPTED = 130
MOST_OWNERS = 20
LIVE = ("QUEUED", "RUNNING")

SHOWN = """id status days current total done percent rate counts why queuedAt startedAt endedAt
  change { id policy { key } }
  findings(first: 20) { totalCount nodes { before after explanation stage version { name } model { name } } }"""
NEWEST = """query($change: ID!) {
  node(id: $change) { ... on PolicyChange { id } }
  backtests(first: 20, filter: {change: $change, current: true}) { nodes { id days status } } }"""
ONE = f"query($id: ID!) {{ node(id: $id) {{ ... on Backtest {{ {SHOWN} }} }} }}"
PAYLOAD = "__typename ... on BacktestChanged { backtest { id } } ... on Refusal { code why field }"
START = f"""mutation($change: ID!, $days: Int!) {{
  startBacktest(input: {{change: $change, days: $days}}) {{ {PAYLOAD} }} }}"""
STOP = f"mutation($id: ID!) {{ stopBacktest(input: {{backtest: $id}}) {{ {PAYLOAD} }} }}"
RESUME = f"mutation($id: ID!) {{ resumeBacktest(input: {{backtest: $id}}) {{ {PAYLOAD} }} }}"

MOVED = (
    "newly_failing",
    "newly_error",
    "newly_passing",
    "newly_asked",
    "eased",
    "no_longer_asked",
    "unchanged_pass",
    "unchanged_fail",
    "unchanged_error",
)


def backtest(
    change: Annotated[str, typer.Argument(metavar="CHANGE", help="The change's id, as hub policy changes shows it.")],
    days: Annotated[int, typer.Option("--days", min=1, max=365, help="How many days to look back.")] = 30,
    again: Annotated[bool, typer.Option("--again", help="Replay anew, though the draft was replayed.")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="Stop the one under way; --resume goes on from there.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the one that was stopped.")] = False,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Replay a draft over what rules saw. It shows what the draft would change; exit code 1 when it does not come to
    its end.

    Example: hub policy backtest PolicyChange:0197b0c6-5a0e-7c3a-9d54-3d1f0c9a2b11 --days 7
    """
    hub = _hub(url, token, data)
    wanted = _wanted(hub, change, days, again=again, stop=stop, resume=resume)
    if stop:
        _print(hub, wanted, json=json)
        return
    try:
        ended = follow(hub, wanted["id"], say=not json)
    except KeyboardInterrupt:
        _told_how(change)
        raise typer.Exit(INTERRUPTED) from None
    _print(hub, ended, json=json)
    if ended["status"] != "DONE":
        raise typer.Exit(1)


def follow(hub: "Remote", id: str, *, say: bool) -> dict[str, Any]:
    """Wait until a backtest no longer runs, saying every second how far it is."""
    from hub.cli.steps import Steps

    steps, said_at, said = Steps(), 0.0, ""
    while True:
        found: dict[str, Any] = hub.ask(ONE, id=id)["node"]
        if found["status"] not in LIVE:
            return found
        text, now = progress(found), time.monotonic()
        if say and text != said and now - said_at >= SAY_EVERY_S:
            steps.say(text)
            said, said_at = text, now
        time.sleep(LOOK_EVERY_S)


def progress(found: dict[str, Any]) -> str:
    """How far a backtest is, in words."""
    if found["startedAt"] is None:
        return "waits for a worker; one runs in hub up, or in hub work"
    rate = f", {found['rate']:,.0f} a second" if found["rate"] else ""
    return f"{found['done']:,} of {found['total']:,} documents, {found['percent']:.0f} %{rate}"


def summary(found: dict[str, Any], handles: dict[str, str]) -> list[str]:
    """What a backtest counted, as lines for people."""
    from hub.cli import printing

    counts, key = found["counts"], found["change"]["policy"]["key"]
    old = "" if found["current"] else "; the draft was revised since"
    lines = [f"{key}: {found['status']}, {progress(found)}, of the last {found['days']} days{old}"]
    if found["why"]:
        lines.append(f"  {found['why']}")
    tiers = sorted(counts["by_tier"])
    moved = [(_words(name), counts[name], *(counts["by_tier"][tier].get(name, 0) for tier in tiers)) for name in MOVED]
    lines += ["", *printing.aligned(("DOCUMENTS", "ALL", *tiers), [row for row in moved if row[1]])]
    owners = _owners(counts)
    if owners:
        names = MOVED[:3]
        rows = [(handles.get(id, id), *(by.get(name, 0) for name in names)) for id, by in owners]
        lines += ["", *printing.aligned(("OWNER", *(_words(name).upper() for name in names)), rows)]
        if len(counts["by_owner"]) > len(owners):
            lines.append(f"and {len(counts['by_owner']) - len(owners)} more owners")
    load = counts["approvals"]
    by = ", ".join(f"{name} {count}" for name, count in sorted(load["by_discipline"].items()))
    lines.append("")
    if "exceptions_needed" in counts:
        failing = f"{counts['versions_newly_failing']:,} versions of {counts['models_newly_failing']:,} models"
        lines.append(f"newly failing: {failing}; exceptions needed: {counts['exceptions_needed']:,} models")
    lines.append(f"approval requests to be asked anew: {load['requests']:,}{f' ({by})' if by else ''}")
    return lines + _findings(found["findings"])


def _findings(found: dict[str, Any]) -> list[str]:
    from hub.cli import printing

    if not found["nodes"]:
        return []
    rows = [
        (one["model"]["name"], one["version"]["name"], one["stage"], one["before"], one["after"], one["explanation"])
        for one in found["nodes"]
    ]
    more = [f"and {found['totalCount'] - len(rows):,} more"] if found["totalCount"] > len(rows) else []
    return ["", *printing.aligned(("MODEL", "VERSION", "STAGE", "NOW", "DRAFT", "WHY"), rows), *more]


def _wanted(hub: "Remote", change: str, days: int, *, again: bool, stop: bool, resume: bool) -> dict[str, Any]:
    """The backtest that is meant: the newest of the draft as it is over so many days, or a new one."""
    from hub.errors import Code, Refused

    asked = hub.ask(NEWEST, change=change)
    if not asked["node"]:
        raise Refused(Code.NOT_FOUND, f"there is no change {change[:100]}; see them with: hub policy changes")
    there = [one for one in asked["backtests"]["nodes"] if one["days"] == days]
    if stop or resume:
        status = LIVE if stop else ("STOPPED", "FAILED")
        of_all = [one for one in asked["backtests"]["nodes"] if one["status"] in status]
        if not of_all:
            raise Refused(Code.WRONG_STATE, f"no backtest of this draft is {' or '.join(status)}")
        changed = hub.change(STOP if stop else RESUME, id=of_all[0]["id"])
        return dict(hub.ask(ONE, id=changed["backtest"]["id"])["node"])
    if there and not again:
        return dict(there[0])
    return dict(hub.change(START, change=change, days=days)["backtest"])


def _print(hub: "Remote", found: dict[str, Any], *, json: bool) -> None:
    from hub.cli import printing

    if json:
        printing.as_json(found)
        return
    for line in summary(found, _handles(hub, found["counts"])):
        printing.line(line)


def _handles(hub: "Remote", counts: dict[str, Any]) -> dict[str, str]:
    """What the owners are called; counts know them by id only."""
    ids = [id for id, _ in _owners(counts) if id != "nobody"]
    if not ids:
        return {}
    fields = " ".join(f'p{at}: node(id: "Person:{id}") {{ ... on Person {{ handle }} }}' for at, id in enumerate(ids))
    found = hub.ask(f"{{ {fields} }}")
    return {id: one["handle"] for at, id in enumerate(ids) if (one := found[f"p{at}"])}


def _owners(counts: dict[str, Any]) -> list[tuple[str, dict[str, int]]]:
    """The owners whom most concerns."""
    every = sorted(counts["by_owner"].items(), key=lambda one: (-sum(one[1].values()), one[0]))
    return every[:MOST_OWNERS]


def _words(name: str) -> str:
    return name.replace("_", " ")


def _told_how(change: str) -> None:
    from hub.cli import printing

    printing.line()
    printing.line(f"It goes on. Watch it with: hub policy backtest {change}")
    printing.line(f"Stop it with: hub policy backtest {change} --stop")


def _hub(url: str | None, token: str | None, data: Path | None) -> "Remote":
    from hub.cli import remote

    return remote.found(data=data, url=url, token=token)
