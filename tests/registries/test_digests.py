"""What enters the two digests of a version, and what must not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.registries.adapter import Alias, Card, RegistryModel, RegistryVersion, Tag
from hub.registries.digests import content_digest, seen_digest
from tests.effort import counted

BORN = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)
VERSION = RegistryVersion(
    model_id="breast-cancer",
    external_id="3@1793608200000",
    number="3",
    created_at=BORN,
    updated_at=BORN,
    description="Tuned.",
    stage="STAGING",
    status="READY",
    author="ada",
    code_commit="c0ffee",
    source_uri="models:/m-1",
    run_id="r1",
    tags=(Tag("a", "1"), Tag("b", "2")),
    aliases=("champion",),
    card=Card(intended_use="Second reader."),
    raw={"status_message": "ok"},
)
MODEL = RegistryModel(
    external_id="breast-cancer",
    name="breast-cancer",
    description="Reads biopsies.",
    owner_hint="ada",
    created_at=BORN,
    updated_at=BORN,
    tags=(Tag("owner", "ada"),),
    aliases=(Alias("champion", "3"),),
)


def test_the_content_digest_is_the_same_for_ever() -> None:
    assert content_digest("r1", VERSION) == "80f098582ecd84cc911208b3588aab9352b3498d6b2087f86503d3078841dba6"


@pytest.mark.parametrize(
    "changed",
    [
        replace(VERSION, model_id="other"),
        replace(VERSION, number="4"),
        replace(VERSION, created_at=BORN + timedelta(milliseconds=1)),
        replace(VERSION, source_uri="models:/m-2"),
        replace(VERSION, source_uri=None),
        replace(VERSION, run_id="r2"),
    ],
)
def test_other_content_gives_another_content_digest(changed: RegistryVersion) -> None:
    assert content_digest("r1", changed) != content_digest("r1", VERSION)
    assert seen_digest(changed) != seen_digest(VERSION)


def test_the_same_version_in_another_registry_is_another_one() -> None:
    assert content_digest("r2", VERSION) != content_digest("r1", VERSION)


def test_a_separator_in_a_name_does_not_move_content_between_fields() -> None:
    one, other = replace(VERSION, model_id='a","number":"1', number="1"), replace(VERSION, model_id="a", number="1")
    assert content_digest("r1", one) != content_digest("r1", other)


@pytest.mark.parametrize(
    "changed",
    [
        replace(VERSION, tags=(Tag("a", "1"),)),
        replace(VERSION, tags=(Tag("a", "1"), Tag("b", "3"))),
        replace(VERSION, tags=(Tag("a", "1"), Tag("b", "2", "digest of the whole"))),
        replace(VERSION, aliases=()),
        replace(VERSION, description=""),
        replace(VERSION, stage="PRODUCTION"),
        replace(VERSION, status="FAILED"),
        replace(VERSION, author="bob"),
        replace(VERSION, code_commit=None),
        replace(VERSION, raw={}),
    ],
)
def test_what_may_change_shows_in_the_seen_digest_only(changed: RegistryVersion) -> None:
    assert seen_digest(changed) != seen_digest(VERSION)
    assert content_digest("r1", changed) == content_digest("r1", VERSION)


def test_a_new_time_of_update_alone_is_no_change() -> None:
    later = BORN + timedelta(days=1)
    assert seen_digest(replace(VERSION, updated_at=later)) == seen_digest(VERSION)
    assert seen_digest(replace(MODEL, updated_at=later)) == seen_digest(MODEL)


@pytest.mark.parametrize(
    "changed",
    [
        replace(MODEL, description=""),
        replace(MODEL, owner_hint=None),
        replace(MODEL, created_at=None),
        replace(MODEL, tags=()),
        replace(MODEL, aliases=(Alias("champion", "2"),)),
        replace(MODEL, raw={"deployment_job_id": "7"}),
    ],
)
def test_a_change_of_a_model_shows_in_its_seen_digest(changed: RegistryModel) -> None:
    assert seen_digest(changed) != seen_digest(MODEL)


def test_a_seen_digest_costs_a_few_calls() -> None:
    seen_digest(VERSION)
    with counted() as effort:
        seen_digest(VERSION)
    assert effort.calls < 40
