"""Kept views of the backlog from the command line."""

from datetime import timedelta

import orjson
import pytest

from hub.models.tables import RiskTier
from hub.people.access import Principal
from hub.people.tables import Role
from tests.cli.approvals.conftest import Desk


async def shown(desk: Desk, who: Principal, *words: str) -> list[str]:
    """The ids that a list gives."""
    said = await desk.run(who, "exception", "list", *words, "--json")
    assert said.code == 0, said.err
    return [one["id"].partition(":")[2] for one in orjson.loads(said.out)]


@pytest.fixture
async def ids(desk: Desk) -> dict[str, str]:
    """Three exceptions of Dev's, of which one is of a small model and one ends soon."""
    make = desk.make
    policy = await make.policy("fairness", by=desk.pat, longest_exception_days=90)
    small = await make.model("bills", tier=RiskTier.MINIMAL)
    return {
        "heavy": str((await make.exception(policy, desk.model, by=desk.dev)).id),
        "light": str((await make.exception(policy, small, by=desk.dev)).id),
        "soon": str((await make.exception(policy, small, by=desk.olaf, expires_at=make.now + timedelta(days=5))).id),
    }


async def test_a_view_is_kept_shared_used_and_dropped(desk: Desk, ids: dict[str, str]) -> None:
    team = await desk.make.team("desk")
    ann, ben = [await desk.make.person(name, Role.DEVELOPER, teams=[team]) for name in ("ann", "ben")]
    none = await desk.run(ann, "exception", "views")
    assert none.out == "no view is kept that you see; keep one with: hub exception view-save NAME\n"

    said = await desk.run(ann, "exception", "view-save", "ends soon", "--expires-within", "7d", "--team", "desk")
    assert (said.code, said.out) == (0, "kept and shared with desk: hub exception list --view 'ends soon'\n")
    said = await desk.run(ann, "exception", "view-save", "small", "--tier", "minimal", "--owner", "dev")
    assert (said.code, said.out) == (0, "kept: hub exception list --view small\n")
    assert await shown(desk, ann, "--view", "ends soon") == [ids["soon"]]
    assert await shown(desk, ben, "--view", "ends soon") == [ids["soon"]]
    assert await shown(desk, ann, "--view", "small") == [ids["light"]]
    listed = await desk.run(ben, "exception", "views")
    assert listed.lines == [
        "NAME OF TEAM FINDS",
        'ends soon Ann (ann) desk { "open": true, "withinDays": 7 }',
        "use one with: hub exception list --view NAME",
    ]

    own = await desk.run(ben, "exception", "view-save", "ends soon", "--policy", "fairness", "--mine", "--json")
    assert orjson.loads(own.out)["mine"] is True
    assert await shown(desk, ben, "--view", "ends soon") == [], "one's own goes before a team's"
    assert await shown(desk, ann, "--view", "ends soon") == [ids["soon"]]
    gone = await desk.run(ben, "exception", "view-delete", "ends soon")
    assert gone.out == "ends soon is kept no more\n"
    assert await shown(desk, ben, "--view", "ends soon") == [ids["soon"]]
    theirs = await desk.run(ben, "exception", "view-delete", "ends soon")
    assert (theirs.code, theirs.err) == (
        2, "hub: there is no view ends soon of your own; keep one with: hub exception view-save NAME\n",
    )  # fmt: skip
    assert await desk.make.count("saved_views") == 2


async def test_a_view_keeps_its_order(desk: Desk, ids: dict[str, str]) -> None:
    await desk.run(desk.dev, "exception", "view-save", "all")
    usual = await shown(desk, desk.dev, "--view", "all")
    assert usual == await shown(desk, desk.dev)
    assert sorted(usual) == sorted(ids.values())
    await desk.pretend("""UPDATE saved_views SET order_by = '[{"by": "EXPIRES_AT", "direction": "ASC"}]'""")
    assert (await shown(desk, desk.dev, "--view", "all"))[0] == ids["soon"]
    assert usual[0] == ids["heavy"]


async def test_a_view_that_is_not_there_is_told_with_those_that_are(desk: Desk) -> None:
    for words, why in (
        (("list", "--view", "mine"), "there is no view mine that you see; keep one with: hub exception view-save NAME"),
        (("view-save", "x", "--team", "lab"), "you are in no team lab; you are in none"),
        (("view-save", "x", "--policy", "nope"), "there is no policy nope; see hub policy list"),
        (("list", "--view", "x", "--mine"), "a view says which exceptions; leave the other options out"),
    ):
        said = await desk.run(desk.dev, "exception", *words)
        assert (said.code, said.out, said.err) == (2, "", f"hub: {why}\n")
    assert await desk.make.count("saved_views") == 0
    for name in ("a", "b"):
        await desk.run(desk.dev, "exception", "view-save", name)
    said = await desk.run(desk.dev, "exception", "list", "--view", "c")
    assert (said.code, said.err) == (2, "hub: there is no view c that you see; there are a, b\n")


async def test_of_two_that_colleagues_share_none_is_guessed(desk: Desk) -> None:
    team = await desk.make.team("desk")
    ann, ben, eve = [await desk.make.person(name, Role.DEVELOPER, teams=[team]) for name in ("ann", "ben", "eve")]
    for who in (ann, ben):
        await desk.run(who, "exception", "view-save", "soon", "--team", "desk")
    said = await desk.run(eve, "exception", "list", "--view", "soon")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("hub: Ann (ann) and Ben (ben) each share a view soon; ask one of them")
