"""`hub exception bulk`: what is shown is what is done."""

import asyncio

import orjson
import pytest

from hub.cli import agreeing
from hub.cli.exception.bulk_given import NEEDS
from hub.exceptions.bulk.rules import BulkAction
from hub.exceptions.tables import PolicyException
from tests.cli.approvals.conftest import Desk

HEAD = "BECOMES SCOPE POLICY EXCEPTION WHAT, OR WHY NOT"
TICKET = "https://tickets.example/GOV-7"

Rows = tuple[PolicyException, PolicyException, PolicyException]


@pytest.fixture
async def rows(desk: Desk) -> Rows:
    """Two granted ones of Dev's and one that waits."""
    make = desk.make
    policy = await make.policy("fairness", by=desk.pat)
    bills = await make.model("bills")
    first = await make.exception(policy, desk.model, by=desk.dev)
    second = await make.exception(policy, bills, by=desk.dev)
    return first, second, await make.exception(policy, bills, by=desk.dev, granted=False)


async def tickets(desk: Desk) -> int:
    return int(await desk.make.count("policy_exceptions", f"ticket_url = '{TICKET}'"))


async def test_what_would_happen_is_shown_agreed_to_and_done(desk: Desk, rows: Rows) -> None:
    first, second, waiting = rows
    words = ("exception", "bulk", "set-ticket", "--policy", "fairness", "--ticket", TICKET)
    why = "this exception is SUBMITTED: its ticket is part of what is being decided; withdraw it, and ask anew"
    no = await desk.run(desk.dev, *words, typed="n\n")
    assert no.code == 1
    assert no.lines[0] == HEAD
    assert sorted(no.lines[1:4]) == sorted([
        f"would be done scans fairness {first.id} names a ticket",
        f"would be done bills fairness {second.id} names a ticket",
        f"refused bills fairness {waiting.id} {why}",
    ])  # fmt: skip
    assert no.lines[4:] == ["3 exceptions: 2 would be done, 1 refused", "Do it? [y/N] nothing was done"]
    assert await tickets(desk) == 0

    done = await desk.run(desk.dev, *words, typed="y\n")
    assert done.code == 1, "one was refused"
    made = done.lines[6:]
    assert sorted(made[:3]) == sorted([
        f"done scans fairness {first.id} names a ticket",
        f"done bills fairness {second.id} names a ticket",
        f"refused bills fairness {waiting.id} {why}",
    ])  # fmt: skip
    assert made[3:] == ["3 exceptions: 2 done, 1 refused"]
    assert await tickets(desk) == 2


async def test_what_changed_while_somebody_read_it_is_not_done(
    desk: Desk, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()

    def agreed(_question: str) -> bool:
        change = desk.pretend(f"UPDATE policy_exceptions SET ticket_url = 'https://other.example' WHERE id = '{id}'")
        asyncio.run_coroutine_threadsafe(change, loop).result()
        return True

    id = str(rows[0].id)
    words = ("exception", "bulk", "set-ticket", "--ids", id, "--ticket", TICKET)
    monkeypatch.setattr(agreeing, "agreed", agreed)
    said = await desk.run(desk.dev, *words, typed="")
    assert (said.code, said.lines[-1]) == (2, "1 exception: 1 would be done, 0 refused")
    assert said.err.startswith("hub: the selection, or how one of it stands, has changed since it was shown; nothing")
    assert await tickets(desk) == 0


async def test_a_script_names_them_and_gets_json(desk: Desk, rows: Rows) -> None:
    first, second, _ = rows
    words = ("exception", "bulk", "assign-owner", "--ids", f"{first.id},PolicyException:{second.id}", "--to", "@olaf")
    shown = await desk.run(desk.dev, *words, "--dry-run", "--json")
    assert (shown.code, shown.err) == (0, "")
    assert [(one["exception"], one["done"], one["what"]) for one in orjson.loads(shown.out)] == [
        (f"PolicyException:{one.id}", True, "gets another owner") for one in (first, second)
    ]
    owned = f"owner_id = '{desk.olaf.person_id}'"
    assert await desk.make.count("policy_exceptions", owned) == 0
    made = await desk.run(desk.dev, *words, "--yes")
    assert (made.code, made.lines[-1]) == (0, "2 exceptions: 2 done, 0 refused")
    assert await desk.make.count("policy_exceptions", owned) == 2


async def test_every_action_is_done_to_a_kept_view(desk: Desk, rows: Rows) -> None:
    first, *_ = rows
    await desk.run(desk.pat, "exception", "view-save", "scans", "--model", "scans")
    for words, what in (
        (("set-review", "--review", "3d"), "looked at on "),
        (("revoke", "--reason", "The trial is over."), "taken back"),
    ):
        said = await desk.run(desk.pat, "exception", "bulk", *words, "--view", "scans", "--yes")
        assert said.code == 0, said
        assert said.lines[1].startswith(f"done scans fairness {first.id} {what}")
    assert await desk.make.count("policy_exceptions", "state = 'REVOKED'") == 1
    none = await desk.run(desk.pat, "exception", "bulk", "revoke", "--reason", "x", "--view", "scans", "--yes")
    assert (none.code, none.err) == (2, "hub: 0 exceptions are chosen; choose 1 to 200, or narrow the filter\n")


async def test_more_than_one_request_can_name_are_all_told_by_name(desk: Desk) -> None:
    policy = await desk.make.policy("fairness", by=desk.pat)
    models = [await desk.make.model(f"model-{number:02}") for number in range(12)]
    ids = [str((await desk.make.exception(policy, model, by=desk.dev, granted=False)).id) for model in models]
    said = await desk.run(desk.dev, "exception", "bulk", "revoke", "--reason", "x", "--ids", ",".join(ids), "--dry-run")
    assert [line.split()[1:4] for line in said.lines[1:-1]] == [
        [model.name, "fairness", id] for model, id in zip(models, ids, strict=True)
    ]


async def test_where_all_is_refused_nobody_is_asked(desk: Desk, rows: Rows) -> None:
    words = ("exception", "bulk", "revoke", "--reason", "x", "--ids", str(rows[2].id))
    said = await desk.run(desk.dev, *words, typed="")
    assert (said.code, said.lines[-2:]) == (1, ["1 exception: 0 would be done, 1 refused", "nothing was done"])


async def test_what_cannot_be_asked_is_told(desk: Desk, rows: Rows) -> None:
    id = str(rows[0].id)
    which = "choose exceptions by --ids, or by options as hub exception list takes them, or by --view; one of the three"
    for words, why in (
        (("revoke", "--ids", id, "--reason", "x"), "nobody can be asked here; say --yes, or --dry-run to see"),
        (("revoke", "--ids", id, "--reason", "x", "--json"), "nobody can be asked here; say --yes"),
        (("approve", "--ids", id), "ACTION approve: there are ASSIGN_OWNER, SET_REVIEW, SET_TICKET, REVOKE"),
        (("revoke", "--reason", "x", "--yes"), which),
        (("revoke", "--reason", "x", "--yes", "--ids", id, "--mine"), which),
        (("revoke", "--ids", id, "--yes"), "REVOKE needs --reason"),
        (("assign-owner", "--owner", "dev", "--yes"), "ASSIGN_OWNER needs --to"),
        (
            ("revoke", "--ids", id, "--reason", "x", "--to", "olaf", "--yes"),
            "--to is not for REVOKE, which takes --reason; leave it out",
        ),
        (
            ("revoke", "--ids", "recall", "--reason", "x", "--yes"),
            "'recall' is no id of an exception; take one from hub exception list",
        ),
    ):
        said = await desk.run(desk.dev, "exception", "bulk", *words)
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith(f"hub: {why}")
    assert await desk.make.count("policy_exceptions", "state = 'REVOKED'") == 0


def test_every_action_says_which_option_it_takes() -> None:
    assert set(NEEDS) == set(BulkAction)
