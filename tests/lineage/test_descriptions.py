"""What data stewards say of data sets."""

from typing import Any

import pytest

from hub.db import Db
from hub.errors import Code, Refused
from hub.lineage import actions
from hub.lineage.rules import Description
from hub.lineage.tables import DatasetDescription, LineageRole
from hub.people.access import Principal
from hub.people.tables import PersonKind, Role
from tests.asking import Ask
from tests.make import Make

DESCRIBE = """
mutation Describe($input: DescribeDatasetInput!) {
  describeDataset(input: $input) {
    ... on DatasetDescribed {
      description { id categories legalBasis prohibited describedBy { handle } datasets(first: 5) { nodes { digest } } }
    }
    ... on Refusal { code field }
  }
}
"""
LIST = """
query Listed($filter: DatasetFilter) {
  datasets(first: 9, filter: $filter) { nodes { name description { categories sourceName } } }
}
"""


async def describe(db: Db, who: Principal, name: str = "scans", **said: Any) -> DatasetDescription:
    async with db.write(actor=who.person_id, operation="op") as tx:
        return await actions.describe(tx, who, "files", name, Description(**said))


async def test_what_is_said_is_kept_and_told_without_its_texts(db: Db, make: Make) -> None:
    dana = await make.person("dana", Role.DATA_STEWARD)
    made = await describe(db, dana, categories=("personal", " PERSONAL "), note="Ask Ada.", prohibited=True)
    (row,) = await db.reads.fetch("SELECT * FROM dataset_descriptions")
    assert (row["id"], row["categories"], row["note"], row["prohibited"]) == (made.id, ["PERSONAL"], "Ask Ada.", True)
    assert (row["described_by"], row["described_at"]) == (dana.person_id, make.now)
    (event,) = await db.reads.fetch("SELECT * FROM events WHERE kind = 'dataset.described'")
    assert (event["subject_kind"], event["subject_id"]) == ("dataset_description", made.id)
    assert "Ada" not in event["data"]


async def test_what_was_said_before_is_said_once(db: Db, make: Make) -> None:
    dana = await make.person("dana", Role.DATA_STEWARD)
    first = await describe(db, dana, categories=("PERSONAL",))
    before = await make.events()
    again = await describe(db, await make.person("dora", Role.DATA_STEWARD), categories=("personal",))
    assert (again.id, again.described_by) == (first.id, dana.person_id)
    assert [kind for kind in await make.events(since=len(before)) if kind == "dataset.described"] == []
    other = await describe(db, dana, categories=())
    assert other.id == first.id
    assert await db.reads.fetchval("SELECT categories FROM dataset_descriptions") == []
    assert await make.count("dataset_descriptions") == 1


async def test_one_description_holds_for_every_digest_of_a_name(ask: Ask, db: Db, make: Make) -> None:
    dana = await make.person("dana", Role.DATA_STEWARD)
    await make.version(await make.model("a"), datasets={"scans": LineageRole.TRAINING})
    await make.version(await make.model("b"), datasets={"weather": LineageRole.TRAINING})
    asked = {"namespace": "files", "name": "scans", "categories": ["special", "personal"], "legalBasis": "Consent"}
    said = (await ask(dana, DESCRIBE, input=asked))["describeDataset"]["description"]
    assert said.pop("id").startswith("DatasetDescription:")
    assert said == {
        "categories": ["PERSONAL", "SPECIAL"],
        "legalBasis": "Consent",
        "prohibited": False,
        "describedBy": {"handle": "dana"},
        "datasets": {"nodes": [{"digest": "digest of scans"}]},
    }
    scans = {"name": "scans", "description": {"categories": ["PERSONAL", "SPECIAL"], "sourceName": ""}}
    weather = {"name": "weather", "description": None}
    for condition, expected in [
        (None, [scans, weather]),
        ({"category": "special"}, [scans]),
        ({"category": "CHILDREN"}, []),
        ({"described": True}, [scans]),
        ({"described": False}, [weather]),
    ]:
        assert (await ask(dana, LIST, filter=condition))["datasets"]["nodes"] == expected, condition


async def test_a_data_set_nobody_saw_yet_can_be_prohibited(ask: Ask, make: Make) -> None:
    dana = await make.person("dana", Role.DATA_STEWARD)
    said = await ask(dana, DESCRIBE, input={"namespace": "web", "name": "leaked", "prohibited": True})
    assert said["describeDataset"]["description"]["datasets"] == {"nodes": []}
    asked = "{ datasetDescriptions(first: 5, filter: {prohibited: true}) { nodes { name namespace } } }"
    assert await ask(dana, asked) == {"datasetDescriptions": {"nodes": [{"name": "leaked", "namespace": "web"}]}}


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.DATA_STEWARD, Role.ADMIN)])
async def test_only_stewards_describe_data(ask: Ask, make: Make, role: Role) -> None:
    kind = PersonKind.SERVICE if role is Role.SERVICE else PersonKind.HUMAN
    who = await make.person("who", role, kind=kind)
    reply = await ask(who, DESCRIBE, input={"namespace": "files", "name": "scans"})
    assert reply["describeDataset"]["code"] == "FORBIDDEN"
    assert await make.count("dataset_descriptions") == 0


@pytest.mark.parametrize(
    ("namespace", "name", "said", "field"),
    [
        (" ", "scans", {}, "namespace"),
        ("n" * 301, "scans", {}, "namespace"),
        ("files", "", {}, "name"),
        ("files", "n\x00", {}, "name"),
        ("files", "scans", {"categories": ("",)}, "categories"),
        ("files", "scans", {"categories": ("c" * 101,)}, "categories"),
        ("files", "scans", {"categories": tuple(f"C{n}" for n in range(51))}, "categories"),
        ("files", "scans", {"legal_basis": "x" * 301}, "legalBasis"),
        ("files", "scans", {"consent": "\ud800"}, "consent"),
        ("files", "scans", {"licence": "x" * 301}, "licence"),
        ("files", "scans", {"source_name": "x" * 2_001}, "sourceName"),
        ("files", "scans", {"note": "x" * 8_001}, "note"),
    ],
)
async def test_what_cannot_be_kept_is_refused(
    db: Db, make: Make, namespace: str, name: str, said: dict[str, Any], field: str
) -> None:
    dana = await make.person("dana", Role.DATA_STEWARD)
    with pytest.raises(Refused) as refused:
        async with db.write(actor=dana.person_id, operation="op") as tx:
            await actions.describe(tx, dana, namespace, name, Description(**said))
    assert (refused.value.code, refused.value.field) == (Code.BAD_INPUT, field)
    assert await make.count("dataset_descriptions") == 0
