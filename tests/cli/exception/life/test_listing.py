"""The backlog on the command line: what has not ended, the oldest by risk first, narrowed by every option."""

from datetime import timedelta

from hub.models.tables import RiskTier, Stage
from hub.people.tables import Role
from hub.policies.tables import Severity
from tests.cli.exception.life.conftest import Counter


async def test_the_backlog_lines_up_with_the_oldest_by_risk_first(counter: Counter) -> None:
    light = await counter.granted(risk_after=Severity.LOW, stage=Stage.PRODUCTION)
    heavy = await counter.asked(risk_before=Severity.CRITICAL, risk_after=Severity.CRITICAL)
    ended = await counter.granted()
    await counter.done(counter.olaf, "revoke", ended, "--reason", "Over.")
    said = await counter(counter.dev, "list")
    assert said.lines == [
        "STATUS AGE POLICY SCOPE TIER RISK OWNER ENDS EXCEPTION",
        f"SUBMITTED 360 d recall scans HIGH CRITICAL Olaf (olaf) in 30 days {heavy}",
        f"ACTIVE 20 d recall scans, PRODUCTION HIGH LOW Olaf (olaf) in 30 days {light}",
        "read one with: hub exception show EXCEPTION",
    ]
    head, *rows = said.out.splitlines()[:3]
    for column in ("AGE", "OWNER", "EXCEPTION"):
        assert {row[head.index(column) - 1] for row in rows} == {" "}, "columns line up"
    cut = await counter.done(counter.dev, "list", "--first", "1")
    assert cut[-2] == "1 of 2; --first shows more, --model, --policy and --tier fewer"
    assert await found(counter, "--status", "revoked") == [ended]
    assert await found(counter, "--status", "active", "--status", "revoked") == [ended, light]


async def test_every_option_narrows(counter: Counter) -> None:
    nora = await counter.make.person("nora", Role.DEVELOPER)
    other = await counter.make.policy("drift", by=counter.pat, longest_exception_days=90)
    small = await counter.make.model("bills", tier=RiskTier.MINIMAL)
    soon = await counter.granted(expires_at=counter.make.now + timedelta(days=5), owner=nora)
    later = await counter.granted(policy=other)
    minimal = await counter.granted(model=small)
    undecided = await counter.asked(expires_at=counter.make.now + timedelta(days=5), policy=other)
    assert await found(counter, "--policy", "drift") == [later, undecided]
    assert await found(counter, "--model", "bills") == [minimal]
    assert await found(counter, "--tier", "minimal") == [minimal]
    assert await found(counter, "--owner", "nora") == [soon]
    counter.nora = nora
    assert await found(counter, "--mine", who="nora") == [soon]
    assert await found(counter, "--expires-within", "7d") == [soon], "what nobody has granted ends by no date"
    assert await found(counter, "--expires-within", "7d", "--status", "suspended") == []
    assert await found(counter, "--overdue") == []
    await counter.pretend(f"UPDATE policy_exceptions SET review_at = now() - interval '1 hour' WHERE id = '{later}'")
    await counter.pretend(
        f"UPDATE policy_exceptions SET review_at = now() - interval '1 hour' WHERE id = '{undecided}'"
    )
    assert await found(counter, "--overdue") == [later]
    empty = await counter.done(counter.dev, "list", "--status", "rejected")
    assert empty == ["there is no such exception that this token may see; --status names those that have ended"]


async def test_what_nobody_knows_is_told(counter: Counter) -> None:
    for words, why in (
        (("--policy", "nope"), "there is no policy nope; see hub policy list"),
        (("--owner", "nope"), "nobody has the handle nope; give a handle, as lists show it in brackets, not a name"),
        (("--status", "open"), "--status open: there are DRAFT, SUBMITTED, UNDER_REVIEW,"),
        (("--expires-within", "soon"), "--expires-within soon: write a date such as 2026-12-24"),
    ):
        said = await counter(counter.dev, "list", *words)
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith(f"hub: {why}")


async def found(counter: Counter, *words: str, who: str = "dev") -> list[str]:
    return [one["id"].partition(":")[2] for one in await counter.json(getattr(counter, who), "list", *words)]
