"""A bundle applied, a change decided: the plan shown first, agreed on, then carried out; no command."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from hub.cli.remote import Remote
    from hub.errors import Refused
    from hub.policies.bundles.plan import Step
    from hub.policies.bundles.reading import Bundle


def run(
    hub: "Remote", bundle: "Bundle", *, summary: str, yes: bool, dry_run: bool, take_over: bool, as_json: bool
) -> None:
    """Show the plan and, unless it is empty or only to be shown, open its changes; ends with 1 when it is refused."""
    from hub.cli import agreeing, bundles, findings, printing
    from hub.errors import Refused
    from hub.policies.bundles import plan

    def asked(dry: bool) -> "list[Step]":
        try:
            found = bundles.planned(hub, bundle, summary=summary, dry_run=dry, take_over=take_over)
        except Refused as error:
            raise _ended(error) from None
        return bundles.steps(found, bundle, before)

    before = bundles.catalog(hub)
    steps = asked(True)
    if not as_json:
        for line in plan.lines(steps):
            printing.line(findings.harmless(line))
    if not plan.changes(steps) or dry_run:
        if as_json:
            printing.as_json(_document(bundle.name, steps, dry_run=True))
        elif not plan.changes(steps):
            printing.line("nothing to do")
        return
    if not yes and not agreeing.agreed(f"Do this in the hub at {hub.address}?"):
        typer.echo("nothing was done", err=True)
        raise typer.Exit(1)
    # Without an idempotency key: run again after an answer was lost, a change that says the same stands.
    done = asked(False)
    me, others = bundles.deciders(hub)
    if as_json:
        printing.as_json({**_document(bundle.name, done, dry_run=False), "mayDecide": others})
        return
    _opened(done, me, others)
    if [(one.key, one.action) for one in done] != [(one.key, one.action) for one in steps]:
        typer.echo("the hub's policies changed in between, so that this is not quite the plan above", err=True)


def decide(hub: "Remote", change: str, *, approved: bool, note: str, yes: bool, as_json: bool) -> None:
    """Show a change and, once agreed, decide it as it was shown."""
    from hub.cli import agreeing, bundles, findings, printing
    from hub.errors import Code, Refused

    found = hub.ask(bundles.CHANGE, id=change)["node"]
    if not found:
        raise Refused(Code.NOT_FOUND, f"there is no change {change[:100]}; see them with: hub policy changes")
    if not as_json:
        for line in _told(found):
            printing.line(findings.harmless(line))
    verb = "Approve" if approved else "Reject"
    if not yes and not agreeing.agreed(f"{verb} it?"):
        typer.echo("nothing was decided", err=True)
        raise typer.Exit(1)
    asked = {"change": change, "approve": approved, "note": note, "digestSeen": found["digest"]}
    try:
        ended = hub.change(bundles.DECIDE, input=asked)["change"]
    except Refused as error:
        raise _ended(error) from None
    if as_json:
        printing.as_json(ended)
        return
    version = ended["publishedVersion"]
    of = f", version {version['number']} is in force" if version else ""
    printing.line(f"{ended['policy']['key']}: the change is {ended['status']}{of}")


def _told(change: Mapping[str, Any]) -> Iterator[str]:
    """A change, field by field beside the wording that was in force when it was written."""
    from hub.cli import bundles
    from hub.policies.bundles.plan import difference

    key = change["policy"]["key"]
    yield f"{change['kind']} of {key}, {change['status']}, by {(change['author'] or {}).get('handle')}"
    yield f"    {change['summary']}"
    before, after = bundles.said(change["baseVersion"], key), change["wording"] or {}
    for name in change["changed"]:
        if name in after:
            yield from (f"    {line}" for line in difference(name, before.get(name), after[name]))


def _opened(steps: "Sequence[Step]", me: str, others: Sequence[str]) -> None:
    from hub.cli import printing

    opened = [one for one in steps if one.change is not None]
    printing.line()
    for one in opened:
        printing.line(f"change {one.change}  {one.action} {one.key}")
    for one in steps:
        if one.action == "WITHDRAW":
            printing.line(f"withdrawn: what was open of {one.key}")
    if not opened:
        return
    if others:
        printing.line(f"waiting for somebody other than {me or 'you'}: {', '.join(others)}")
        printing.line("they decide with: hub policy approve CHANGE, or hub policy reject CHANGE --note WHY")
    else:
        printing.line("nobody else may decide; grant POLICY_OWNER or MODEL_APPROVER to a second person")


def _document(name: str, steps: "Sequence[Step]", *, dry_run: bool) -> dict[str, Any]:
    return {
        "bundle": name,
        "dryRun": dry_run,
        "plan": [
            {
                "key": one.key,
                "action": one.action,
                "changed": {
                    field: {"before": one.before.get(field), "after": one.after.get(field)} for field in one.changed
                },
                "change": one.change,
            }
            for one in steps
        ],
    }


def _ended(error: "Refused") -> Exception:
    """What the hub refuses ends with 1; a hub that does not answer, or does not know us, is a usage error."""
    from hub.errors import Code

    if error.code in (Code.UNAVAILABLE, Code.UNAUTHENTICATED):
        return error
    typer.echo(f"hub: {error.why}", err=True)
    return typer.Exit(1)
