"""What a sync writes: what is new, what changed, and nothing else."""

import pytest
from shelf import Hall, later

from hub.registries.adapter import Card, RegistryDeployment, Rejected
from hub.registries.tables import SyncStatus
from tests.make import Make


async def test_a_first_sync_registers_everything(hall: Hall) -> None:
    hall.shelf.model("scans", tags={"domain": "health"}, card=Card(intended_use="Second reader."))
    hall.shelf.version("scans", "1", tags={"by": "ada"}, card=Card(factors="Age."))
    hall.shelf.version("scans", "2", aliases=["champion"], stage="STAGING", run_id="r2")
    hall.shelf.version("letters", "1")
    ended = await hall.sync()
    assert (ended.status, ended.models_seen, ended.versions_seen) == (SyncStatus.SUCCEEDED, 2, 3)
    assert (ended.created, ended.changed, ended.missing, ended.rejected, ended.why) == (3, 0, 0, 0, None)
    assert (ended.versions_expected, ended.details_pending, ended.step) == (3, 3, "complete")
    assert await hall.rows(
        "SELECT m.name, v.name, v.stage, v.details_at, v.raw->>'run_id' FROM model_versions v"
        " JOIN models m ON m.id = v.model_id ORDER BY 1, 2"
    ) == [
        ("letters", "1", "DEVELOPMENT", None, None),
        ("scans", "1", "DEVELOPMENT", None, None),
        ("scans", "2", "STAGING", None, "r2"),
    ]
    assert await hall.rows("SELECT key, value FROM model_tags") == [("domain", "health")]
    assert await hall.rows("SELECT key, value FROM version_tags") == [("by", "ada")]
    assert await hall.rows(
        "SELECT a.name, v.name FROM version_aliases a JOIN model_versions v ON v.id = a.version_id"
    ) == [("champion", "2")]
    assert await hall.rows(
        "SELECT v.name, c.intended_use, c.factors FROM model_cards c JOIN model_versions v ON v.id = c.version_id"
        " ORDER BY 1"
    ) == [("1", "Second reader.", "Age."), ("2", "Second reader.", None)]
    assert await hall.events() == ["model.registered"] * 2 + ["version.registered"] * 3


async def test_an_unchanged_sync_writes_nothing_but_its_run(hall: Hall) -> None:
    for number in range(1, 6):
        hall.shelf.version(
            "scans", str(number), tags={"n": str(number)}, aliases=[f"a{number}"], card=Card(factors="Age.")
        )
    await hall.sync()
    state = "SELECT id, xmin::text::bigint FROM {} ORDER BY id"
    tables = ("models", "model_versions", "model_tags", "version_tags", "version_aliases", "model_cards", "events")
    before = [await hall.rows(state.format(table)) for table in tables]
    ended = await hall.sync()
    assert (ended.number, ended.status, ended.created, ended.changed) == (2, SyncStatus.SUCCEEDED, 0, 0)
    assert [await hall.rows(state.format(table)) for table in tables] == before


async def test_a_tag_that_changes_without_a_timestamp_is_seen(hall: Hall) -> None:
    hall.shelf.version("scans", "1", tags={"approved": "no", "old": "x"})
    hall.shelf.version("scans", "2")
    await hall.sync()
    count = len(await hall.events())
    hall.shelf.version("scans", "1", tags={"approved": "yes", "new": "y"})
    ended = await hall.sync()
    assert (ended.created, ended.changed) == (0, 1)
    assert await hall.rows("SELECT key, value FROM version_tags ORDER BY key") == [("approved", "yes"), ("new", "y")]
    assert await hall.events(count) == ["version.changed"]
    assert await hall.rows("SELECT data->>'parts' FROM events ORDER BY seq DESC LIMIT 1") == [('["tags"]',)]


@pytest.mark.parametrize("page", [10, 1])
async def test_an_alias_moves_and_has_one_place(hall: Hall, page: int) -> None:
    hall.shelf.page = page
    hall.shelf.version("scans", "1", aliases=["champion"])
    hall.shelf.version("scans", "2")
    await hall.sync()
    held = "SELECT v.name FROM version_aliases a JOIN model_versions v ON v.id = a.version_id"
    assert await hall.rows(held) == [("1",)]
    hall.shelf.version("scans", "1")
    hall.shelf.version("scans", "2", aliases=["champion"])
    ended = await hall.sync()
    assert await hall.rows(held) == [("2",)]
    assert ended.changed == 2
    hall.shelf.version("scans", "1", aliases=["champion"])
    hall.shelf.version("scans", "2")
    await hall.sync()
    assert await hall.rows(held) == [("1",)]


async def test_a_models_card_stands_under_each_of_its_versions(hall: Hall) -> None:
    hall.shelf.model("scans", card=Card(intended_use="Second reader.", factors="None."))
    hall.shelf.version("scans", "1", card=Card(factors="Age."))
    hall.shelf.version("scans", "2")
    await hall.sync()
    count = len(await hall.events())
    hall.shelf.model("scans", card=Card(intended_use="First reader."))
    ended = await hall.sync()
    cards = (
        "SELECT v.name, c.intended_use, c.factors FROM model_cards c JOIN model_versions v ON v.id = c.version_id"
        " ORDER BY 1"
    )
    assert await hall.rows(cards) == [("1", "First reader.", "Age."), ("2", "First reader.", None)]
    assert (ended.created, ended.changed) == (0, 2)
    assert await hall.events(count) == ["model.changed", "card.changed", "card.changed"]
    hall.shelf.model("scans")
    hall.shelf.version("scans", "1")
    await hall.sync()
    assert await hall.rows(cards) == [("1", None, None), ("2", None, None)]
    assert (await hall.sync()).changed == 0


async def test_a_stage_that_the_registry_stops_telling_stays(hall: Hall) -> None:
    hall.shelf.version("scans", "1", stage="PRODUCTION")
    await hall.sync()
    hall.shelf.version("scans", "1")
    await hall.sync()
    assert await hall.rows("SELECT stage FROM model_versions") == [("PRODUCTION",)]
    hall.shelf.version("scans", "1", stage="ARCHIVED")
    await hall.sync()
    assert await hall.rows("SELECT stage FROM model_versions") == [("ARCHIVED",)]


async def test_an_owner_tag_names_the_owner_once(hall: Hall, make: Make) -> None:
    ada, eve = await make.person("ada"), await make.person("eve")
    hall.shelf.model("scans", tags={"owner": "Ada"})
    hall.shelf.model("letters", tags={"owner": "nobody@example.org"})
    await hall.sync()
    owners = "SELECT name, owner_id, owner_hint FROM models ORDER BY name"
    assert await hall.rows(owners) == [("letters", None, "nobody@example.org"), ("scans", ada.person_id, "Ada")]
    assert (await hall.events())[-3:] == ["model.registered", "model.registered", "model.owner_set"]
    hall.shelf.model("scans", tags={"owner": "eve"})
    hall.shelf.model("letters", tags={"owner": "eve"})
    await hall.sync()
    assert await hall.rows(owners) == [("letters", eve.person_id, "eve"), ("scans", ada.person_id, "eve")]


async def test_an_owner_tag_opens_no_restricted_model(hall: Hall, make: Make) -> None:
    await make.person("ada")
    hall.shelf.model("scans")
    await hall.sync()
    async with hall.db.write(actor=None, operation="test") as tx:
        await (await tx.raw()).execute(
            "UPDATE models SET restricted = true, tier = 'HIGH', tier_why = 'It reads scans.'"
        )
    hall.shelf.model("scans", tags={"owner": "ada"}, description="New words.")
    await hall.sync()
    assert await hall.rows("SELECT owner_id, owner_hint, restricted, tier, tier_why, description FROM models") == [
        (None, "ada", True, "HIGH", "It reads scans.", "New words.")
    ]


async def test_new_models_are_bound_to_the_policies_of_their_tier(hall: Hall, make: Make) -> None:
    await make.policy()
    hall.shelf.version("scans")
    await hall.sync()
    assert await make.count("policy_bindings") == 1
    assert await make.count("pgqueuer", "entrypoint = 'bulk.evaluate'") == 1


async def test_what_cannot_be_taken_in_is_named(hall: Hall) -> None:
    hall.shelf.version("scans", "1")
    hall.shelf.rejected = tuple(Rejected(f"scans/{n}", "a version without a number") for n in range(7))
    ended = await hall.sync()
    assert (ended.status, ended.rejected, ended.versions_seen) == (SyncStatus.SUCCEEDED, 7, 1)
    assert ended.why is not None
    assert ended.why.startswith("not taken in: scans/0: a version without a number; scans/1")
    assert ended.why.endswith("; and 2 more")


async def test_a_version_of_an_unlisted_model_waits_for_its_model(hall: Hall) -> None:
    hall.shelf.version("scans", "1")
    model = hall.shelf.listed.pop("scans")
    ended = await hall.sync()
    assert (ended.created, ended.rejected) == (0, 1)
    assert ended.why == (
        "not taken in: scans/1: its model was not listed; it is taken in with the next sync that lists it"
    )
    hall.shelf.listed["scans"] = model
    assert (await hall.sync()).created == 1


async def test_a_record_that_two_pages_show_counts_once(hall: Hall) -> None:
    hall.shelf.page = 1
    one = hall.shelf.version("scans", "1")
    hall.shelf.shown["again", "1"] = one
    ended = await hall.sync()
    assert (ended.versions_seen, ended.created, ended.changed) == (1, 1, 0)


async def test_a_version_made_again_is_another_one(hall: Hall) -> None:
    for number in range(1, 6):
        hall.shelf.version("scans", str(number))
    await hall.sync()
    hall.shelf.take_away("scans", "1")
    hall.shelf.version("scans", "1", made=later(9), aliases=["champion"])
    await hall.sync()
    versions = "SELECT external_id, missing_since IS NULL FROM model_versions WHERE name = '1' ORDER BY created_at"
    assert await hall.rows(versions) == [("1@1772323200000", True), ("1@1773100800000", True)]
    ended = await hall.sync()
    assert await hall.rows(versions) == [("1@1772323200000", False), ("1@1773100800000", True)]
    assert ended.missing == 1
    digests = await hall.rows("SELECT DISTINCT digest FROM model_versions WHERE name = '1'")
    assert len(digests) == 2


async def test_deployments_are_observed_changed_and_missed(hall: Hall) -> None:
    hall.shelf.version("scans", "1")

    def runs(traffic: float, model: str = "scans") -> RegistryDeployment:
        return RegistryDeployment("e1", model, "1", "eu", "prod", "InService", traffic, None)

    hall.shelf.running = [runs(100.0), RegistryDeployment("e2", "gone", "1", "eu", "prod", "x", None, None)]
    ended = await hall.sync()
    assert (ended.rejected, ended.why) == (1, "not taken in: e2: its model is not among those listed")
    found = (
        "SELECT d.external_id, d.status, d.traffic_percent, v.name, d.missing_since IS NULL"
        " FROM deployments d LEFT JOIN model_versions v ON v.id = d.version_id"
    )
    assert await hall.rows(found) == [("e1", "RUNNING", 100.0, "1", True)]
    hall.shelf.running = [runs(40.0)]
    count = len(await hall.events())
    await hall.sync()
    await hall.sync()
    assert await hall.rows(found) == [("e1", "RUNNING", 40.0, "1", True)]
    hall.shelf.running = []
    await hall.sync()
    assert await hall.rows(found) == [("e1", "RUNNING", 40.0, "1", True)]
    await hall.sync()
    assert await hall.rows(found) == [("e1", "RUNNING", 40.0, "1", False)]
    hall.shelf.running = [runs(40.0)]
    await hall.sync()
    assert await hall.events(count) == ["deployment.changed", "deployment.missing", "deployment.returned"]
