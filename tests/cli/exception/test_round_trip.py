"""What one hub exports another imports, and exports as the same file."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hub.exceptions.rules import Control, Criterion
from hub.exceptions.tables import ExceptionKind, RiskTreatment
from hub.models.tables import Stage
from hub.policies.tables import PolicyVersion, Severity
from tests.cli.approvals.conftest import Desk

TEXTS = st.text("aé |\\¶\r\n'=-@,;\"\t", min_size=1, max_size=10).map(str.strip).filter(bool)
"""What a file might be thought to say instead."""
LATER = st.integers(1, 25).map(lambda days: timedelta(days=days, microseconds=1))


@dataclass
class Lab:
    """A desk with a policy to deviate from, another that controls are tied to, and a place for files."""

    desk: Desk
    fair: PolicyVersion
    near: PolicyVersion
    folder: Path

    async def make(self, **asked: Any) -> None:
        """An exception that Dev asked for."""
        await self.desk.make.exception(self.fair, self.desk.model, by=self.desk.dev, granted=False, **asked)

    async def exported(self, form: str, *words: str) -> bytes:
        """What Dev exports."""
        file = self.folder / "exported"
        said = await self.desk.run(self.desk.dev, "exception", "export", "--format", form, "--out", str(file), *words)
        assert said.code == 0, said.err
        return file.read_bytes()

    async def imported(self, content: bytes) -> None:
        """Dev imports it, and no line is refused."""
        file = self.folder / "to-import"
        file.write_bytes(content)
        said = await self.desk.run(self.desk.dev, "exception", "import", str(file))
        assert said.code == 0, said.out


@pytest.fixture
async def lab(desk: Desk, tmp_path: Path) -> Lab:
    policies = [await desk.make.policy(key, by=desk.pat) for key in ("fairness", "privacy")]
    return Lab(desk, *policies, tmp_path)


async def forget(desk: Desk) -> None:
    """A hub without any exception, in which the same policies, models and people are known."""
    connection = await asyncpg.connect(desk.make.db.url)
    await connection.execute("TRUNCATE policy_exceptions, answered CASCADE")
    await connection.close()


async def held(desk: Desk) -> list[str]:
    """All that is kept of exceptions, their controls and criteria, but for ids and for when they were asked for."""
    statement = """
    SELECT to_jsonb(e) - '{id,requested_at,weighted_since,starts_at}'::text[] FROM policy_exceptions e ORDER BY e.id"""
    parts = "SELECT to_jsonb(t) - '{{id,exception_id}}'::text[] FROM {} t ORDER BY t.id"
    statements = (statement, parts.format("compensating_controls"), parts.format("acceptance_criteria"))
    return [str(value) for one in statements for (value,) in await desk.make.db.reads.fetch(one)]


def controls(lab: Lab) -> st.SearchStrategy[tuple[Control, ...]]:
    attested = st.sampled_from([None, lab.desk.rita.person_id])
    kinds = st.one_of(
        st.builds(Control, TEXTS),
        st.builds(Control, TEXTS, policy_id=st.just(lab.near.policy_id)),
        st.builds(Control, TEXTS, attest_every_days=st.integers(1, 365), attestor_id=attested),
    )
    return st.lists(kinds, min_size=1, max_size=3).map(tuple)


def criteria(lab: Lab, now: datetime) -> st.SearchStrategy[tuple[Criterion, ...]]:
    policy = st.sampled_from([None, lab.near.policy_id, lab.fair.policy_id])
    due = st.none() | LATER.map(lambda length: now + length)
    return st.lists(st.builds(Criterion, TEXTS, policy_id=policy, due_at=due), max_size=2).map(tuple)


def asked(lab: Lab, now: datetime) -> st.SearchStrategy[dict[str, Any]]:
    """What a request says."""
    return st.fixed_dictionaries({
        "justification": TEXTS,
        "controls": controls(lab),
        "criteria": criteria(lab, now),
        "stage": st.sampled_from([None, *Stage]),
        "version_id": st.sampled_from([None, lab.desk.version.id]),
        "kind": st.sampled_from(ExceptionKind),
        "recommended_treatment": st.sampled_from(RiskTreatment),
        "risk_before": st.just(Severity.CRITICAL),
        "risk_after": st.sampled_from(Severity),
        "ticket_url": st.sampled_from(["", "https://tickets.test/7?a=1,2;b"]),
        "expires_at": st.integers(26, 29).map(lambda days: now + timedelta(days=days)),
        "starts_at": st.none() | st.just(now + timedelta(hours=5)),
        "review_at": st.none() | LATER.map(lambda length: now + length),
        "review_every_days": st.sampled_from([None, 7]),
    })  # fmt: skip


@settings(
    max_examples=12,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), form=st.sampled_from(["json", "csv"]), words=st.sampled_from([("--requests",), ()]))
async def test_an_export_that_is_imported_elsewhere_is_exported_as_the_same_file(
    lab: Lab, data: st.DataObject, form: str, words: tuple[str, ...]
) -> None:
    await forget(lab.desk)
    wanted = asked(lab, lab.desk.make.now)
    for one in data.draw(st.lists(wanted, min_size=1, max_size=3, unique_by=lambda one: one["justification"])):
        await lab.make(**one)
    before, rows = [await lab.exported(each, "--requests") for each in ("json", "csv")], await held(lab.desk)
    given = await lab.exported(form, *words)
    await forget(lab.desk)
    await lab.imported(given)
    assert [await lab.exported(each, "--requests") for each in ("json", "csv")] == before
    assert await held(lab.desk) == rows


async def test_ties_come_over_and_hold(lab: Lab) -> None:
    rita = lab.desk.rita.person_id
    tied = (Control("Alike.", policy_id=lab.near.policy_id), Control("Read.", None, 14, rita))
    due = Criterion("Recall is 0.9.", due_at=lab.desk.make.now + timedelta(days=9))
    await lab.make(controls=tied, criteria=(due,))
    (entry,) = orjson.loads(await lab.exported("json", "--requests"))
    assert entry["controls"]["nodes"] == [
        {"description": "Alike.", "policy": {"key": "privacy"}, "attestEveryDays": None, "attestor": None},
        {"description": "Read.", "policy": None, "attestEveryDays": 14, "attestor": {"handle": "rita"}},
    ]
    await forget(lab.desk)
    await lab.imported(orjson.dumps([entry]))
    rows = await lab.desk.make.db.reads.fetch(
        "SELECT description, policy_id, attest_every_days, attestor_id FROM compensating_controls ORDER BY id"
    )
    assert [tuple(row) for row in rows] == [
        ("Alike.", lab.near.policy_id, None, None),
        ("Read.", None, 14, rita),
    ]
    (said,) = await lab.desk.make.db.reads.fetch("SELECT description, policy_id, due_at FROM acceptance_criteria")
    assert tuple(said) == ("Recall is 0.9.", None, due.due_at)


async def test_a_plan_is_no_request(desk: Desk) -> None:
    said = await desk.run(desk.dev, "exception", "export", "--format", "oscal", "--requests")
    assert (said.code, said.err) == (
        2, "hub: a plan tells what became of exceptions, and no import reads it; with --requests write csv or json\n"
    )  # fmt: skip
