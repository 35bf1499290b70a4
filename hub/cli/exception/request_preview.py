"""A request as its requester reads it before it is sent."""

from collections.abc import Iterator, Sequence

from hub.cli.approvals import when
from hub.cli.approvals.naming import called
from hub.cli.exception.files import File
from hub.cli.exception.request_wanted import Wanted
from hub.cli.gate.inert import hanging, inert

MOST_NAMED = 5


def lines(asked: Wanted, width: int, attached: Sequence[File] = ()) -> Iterator[str]:
    """What is asked, until when, why, what lowers the risk meanwhile, and which files go with it."""
    input = asked.input
    kind = input["kind"].replace("_", " ").lower()
    version = f" {inert(asked.version)}" if asked.version else ", every version,"
    stage = f" for {input['stage']}" if input["stage"] else " for every stage"
    policy = inert(asked.policy["key"])
    yield from hanging("", f"{kind} of {inert(asked.model['name'])}{version} from {policy}{stage}", width)
    since = f"from {when.said(asked.starts)} " if asked.starts else ""
    at_most = f"{policy} allows at most {asked.longest_days} days"
    yield from hanging("  ", f"{since}until {when.said(asked.expires)}; {at_most}", width)
    risk = f"risk {input['riskBefore']}, {input['riskAfter']} with the controls; to {input['recommendedTreatment']} it"
    yield from hanging("  ", f"{risk} is recommended; {called(asked.owner)} answers for closing it", width)
    if input["ticketUrl"]:
        yield from hanging("  ", f"ticket {inert(input['ticketUrl'])}", width)
    yield from _numbered("Controls", asked.controls, "none", width)
    yield from _numbered("Closed when", asked.criteria, f"{asked.policy['key']} passes", width)
    yield "Why"
    if input["justification"]:
        for line in input["justification"].splitlines():
            yield from hanging("  ", inert(line), width)
    for one in input["answers"]:
        yield from hanging("  ", f"{inert(one['section'])}: {inert(one['text'])}", width)
    if attached:
        said = tuple(f"{file.path}, {len(file.content):,} bytes" for file in attached)
        yield from _numbered("Attachments", said, "none", width)
    yield "Who decides"
    yield from _decided(asked, width)


def _decided(asked: Wanted, width: int) -> Iterator[str]:
    rule = asked.rule
    if rule is None or rule["rule"] is None:
        yield from hanging(
            "  ", "nobody may: an ADMIN must add a row to the matrix (hub approvals matrix propose)", width
        )
        return
    yield from hanging("  ", inert(rule["why"]), width)
    for step in rule["steps"]["nodes"]:
        # Whoever answers for closing it does not decide about it either.
        names = [called(one) for one in step["signers"] if one["id"] != asked.owner["id"]]
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        who = ", ".join(names[:MOST_NAMED]) + more or "nobody who may: give somebody the role"
        yield from hanging(f"  {inert(step['name'])}, {step['quorum']} of: ", who, width)


def _numbered(head: str, texts: tuple[str, ...], without: str, width: int) -> Iterator[str]:
    yield head
    if not texts:
        yield from hanging("  ", without, width)
    for place, text in enumerate(texts, 1):
        yield from hanging(f"  {place}. ", inert(text), width)
