"""`hub up --demo`, whole and real: MLflow's own server, five trained models, a governed company to look at."""

from pathlib import Path
from typing import Any

import orjson

from tests.cli.hubs import command, postgres_in, started

JOINED = """
{
  model(name: "breast-cancer-diagnosis") {
    tier owner { handle } team { key }
    registry { key lastSync { status versionsSeen } }
    versions(last: 4) {
      totalCount
      nodes {
        name aliases author
        card { intendedUse }
        run { codeCommit }
        datasets(first: 5) { totalCount nodes { name digest } }
        upstream(first: 10) { nodes { depth role } }
        metrics(first: 100, filter: {name: "recall"}) { nodes { segment value } }
        checkResults(first: 20, filter: {latest: true, stage: [PRODUCTION]}) { nodes { outcome policy { key } } }
      }
    }
    approvals(first: 5) { nodes { status stage signOffs(first: 5) { nodes { discipline person { handle } } } } }
  }
  exceptions(first: 5, orderBy: [{by: EXPIRES_AT}]) { nodes { status daysLeft model { name } policy { key } } }
  models(first: 10) { totalCount nodes { name tier versions(first: 10) { totalCount } } }
}
"""


async def asked(folder: Path, query: str) -> dict[str, Any]:
    said = await command("query", query, "--data", str(folder))
    assert said.code == 0, said.err
    return dict(orjson.loads(said.out)["data"])


async def test_the_demo_is_a_governed_company(folder: Path) -> None:
    async with started("up", "--demo", "--data", str(folder), "--port", "0") as hub:
        await hub.until("The demo is ready.", within_s=150)
        told = await asked(folder, JOINED)
        assert await hub.end() == 0
    assert not postgres_in(folder)

    assert told["models"]["totalCount"] == 5
    versions = {node["name"]: node["versions"]["totalCount"] for node in told["models"]["nodes"]}
    assert versions == {
        "breast-cancer-diagnosis": 4,
        "diabetes-progression": 3,
        "iris-species": 3,
        "postal-digit-reader": 3,
        "wine-cultivar": 3,
    }

    model = told["model"]
    assert (model["tier"], model["owner"]) == ("HIGH", {"handle": "ines.moreau"})
    assert model["team"] == {"key": "clinical-ml"}
    assert model["registry"] == {"key": "demo", "lastSync": {"status": "SUCCEEDED", "versionsSeen": 16}}
    fourth, third, second, _ = sorted(model["versions"]["nodes"], key=lambda node: node["name"], reverse=True)
    assert third["aliases"] == ["challenger"] and second["aliases"] == ["champion"]
    assert third["card"]["intendedUse"] and len(third["run"]["codeCommit"]) == 40
    assert {(step["depth"], step["role"]) for step in third["upstream"]["nodes"]} == {
        (1, "PRODUCED"),
        (2, "TRAINING"),
        (2, "EVALUATION"),
        (3, "DERIVED"),
    }
    recall = {node["segment"]: node["value"] for node in third["metrics"]["nodes"]}
    assert recall[""] > 0.9 and recall["tumour_size.small"] == 0.9

    outcomes = [
        {node["policy"]["key"]: node["outcome"] for node in version["checkResults"]["nodes"]}
        for version in (second, third, fourth)
    ]
    assert outcomes[0]["recall-by-segment"] == "WAIVED"
    assert set(outcomes[1].values()) == {"PASS"}
    assert (outcomes[2]["recall-overall"], outcomes[2]["peer-review"]) == ("FAIL", "WARN")

    exceptions = [(e["status"], e["daysLeft"], e["model"]["name"]) for e in told["exceptions"]["nodes"]]
    assert exceptions == [
        ("EXPIRED", -9, "postal-digit-reader"),
        ("ACTIVE", 5, "breast-cancer-diagnosis"),
        ("SUBMITTED", 44, "wine-cultivar"),
    ]
    assert model["approvals"]["nodes"] == [
        {
            "status": "PENDING",
            "stage": "PRODUCTION",
            "signOffs": {"nodes": [{"discipline": "RISK", "person": {"handle": "priya.raman"}}]},
        }
    ]
