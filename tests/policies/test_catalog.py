"""The catalog over GraphQL: proposed, decided, searched, and applied from Git."""

from datetime import date
from typing import Any

import pytest

from hub.clock import SetClock
from hub.people.access import Principal
from hub.people.tables import Role
from hub.policies.rules import Citation
from tests.asking import Ask
from tests.make import Make

CHANGE = """
  ... on PolicyChanged {
    change {
      id kind status summary changed wording digest bundle shadow submittedAt decidedAt decisionNote
      author { handle } decidedBy { handle } policy { key status } baseVersion { number } publishedVersion { number }
      restores { number }
    }
  }
  ... on Refusal { code why field }
"""


def does(name: str, kind: str) -> str:
    return f"mutation Do($input: {kind}!) {{ {name}(input: $input) {{ {CHANGE} }} }}"


PROPOSE = does("proposePolicy", "ProposePolicyInput")
REVISE = does("revisePolicyChange", "RevisePolicyChangeInput")
SUBMIT = does("submitPolicyChange", "SubmitPolicyChangeInput")
DECIDE = does("decidePolicyChange", "DecidePolicyChangeInput")
WITHDRAW = does("withdrawPolicyChange", "WithdrawPolicyChangeInput")
RESTORE = does("restorePolicyVersion", "RestorePolicyVersionInput")
DEPRECATE = does("deprecatePolicy", "DeprecatePolicyInput")
RETIRE = does("retirePolicy", "RetirePolicyInput")
SHADOW = does("setPolicyShadow", "SetPolicyShadowInput")
APPLY = """
mutation Apply($input: ApplyPoliciesInput!, $key: String) {
  applyPolicies(input: $input, idempotencyKey: $key) {
    ... on PoliciesApplied { dryRun plan { key action changed change { id status bundle policy { key } } } }
    ... on Refusal { code why field }
  }
}
"""
VERSION = """
{ policies(first: 5) { nodes { key bundle reviewOn status currentVersion {
  title registries modelTypes dataCategories modelTags tags principle citations schedule serviceLevels
  serviceLevelDays longestExceptionDays reviewOn validators safeRollback reads
} } } }
"""
FOUND = "query Found($filter: PolicyFilter) { policies(first: 20, filter: $filter) { nodes { key } } }"

POLICY: dict[str, Any] = {
    "key": "recall",
    "title": "Recall is high enough",
    "rule": "metrics.recall >= 0.9",
    "rationale": "A missed case harms a patient.",
    "remediation": "Train on more cases.",
    "severity": "HIGH",
    "enforcement": "ADVISORY",
    "decisionPoints": ["REGISTER"],
}
FULL: dict[str, Any] = {
    **POLICY,
    "registries": ["mlflow"],
    "modelTypes": ["llm"],
    "dataCategories": ["personal"],
    "modelTags": ["domain=health"],
    "tags": ["eu", "recall"],
    "principle": "accuracy",
    "citations": [{"framework": "EU AI Act", "reference": "Article 15", "title": "Accuracy", "url": "https://a.eu/15"}],
    "schedule": [{"enforcement": "BLOCKING", "tiers": ["HIGH"], "startsOn": "2027-08-02"}],
    "serviceLevels": [{"severity": "CRITICAL", "days": 2}],
    "serviceLevelDays": 20,
    "longestExceptionDays": 10,
    "reviewOn": "2027-11-21",
    "validators": ["onnx"],
    "safeRollback": True,
}


async def one(ask: Ask, who: Principal, text: str, **given: Any) -> dict[str, Any]:
    """The change that a mutation shows, or why not."""
    (payload,) = (await ask(who, text, input=given)).values()
    found: dict[str, Any] = payload.get("change", payload)
    return found


async def test_the_whole_of_a_policy_goes_in_and_comes_out(ask: Ask, ada: Principal, ben: Principal) -> None:
    drafted = await one(ask, ada, PROPOSE, policy=FULL, summary="The law asks for it.")
    assert (drafted["status"], drafted["kind"], drafted["author"]) == ("DRAFT", "WORDING", {"handle": "ada"})
    assert (drafted["policy"], drafted["baseVersion"]) == ({"key": "recall", "status": "DRAFT"}, None)
    assert drafted["wording"]["schedule"][0]["starts_on"] == "2027-08-02"
    assert "safe_rollback" in drafted["changed"]
    submitted = await one(ask, ada, SUBMIT, change=drafted["id"])
    assert submitted["policy"]["status"] == "IN_REVIEW"
    done = await one(ask, ben, DECIDE, change=drafted["id"], approve=True, digestSeen=submitted["digest"])
    assert (done["status"], done["decidedBy"], done["publishedVersion"]) == (
        "PUBLISHED",
        {"handle": "ben"},
        {"number": 1},
    )
    (policy,) = (await ask(ada, VERSION))["policies"]["nodes"]
    assert policy == {
        "key": "recall",
        "bundle": None,
        "reviewOn": "2027-11-21",
        "status": "PUBLISHED",
        "currentVersion": {
            "title": "Recall is high enough",
            "registries": ["mlflow"],
            "modelTypes": ["llm"],
            "dataCategories": ["PERSONAL"],
            "modelTags": ["domain=health"],
            "tags": ["eu", "recall"],
            "principle": "accuracy",
            "citations": [
                {"framework": "EU AI Act", "reference": "Article 15", "title": "Accuracy", "url": "https://a.eu/15"}
            ],
            "schedule": [
                {
                    "enforcement": "BLOCKING",
                    "severity": None,
                    "tiers": ["HIGH"],
                    "stages": [],
                    "starts_on": "2027-08-02",
                }
            ],
            "serviceLevels": {"CRITICAL": 2},
            "serviceLevelDays": 20,
            "longestExceptionDays": 10,
            "reviewOn": "2027-11-21",
            "validators": ["onnx"],
            "safeRollback": True,
            "reads": ["metrics.recall"],
        },
    }


async def test_every_way_of_a_change_over_graphql(ask: Ask, ada: Principal, ben: Principal) -> None:
    drafted = await one(ask, ada, PROPOSE, policy=POLICY, summary="First.")
    own = await one(ask, ada, DECIDE, change=drafted["id"], approve=True, digestSeen=drafted["digest"])
    assert own["code"] == "WRONG_STATE"
    await one(ask, ada, SUBMIT, change=drafted["id"])
    own = await one(ask, ada, DECIDE, change=drafted["id"], approve=True, digestSeen=drafted["digest"])
    assert own["code"] == "SAME_PERSON"
    shadowed = await one(ask, ada, SHADOW, change=drafted["id"], on=True)
    assert shadowed["shadow"] is True
    revised = await one(ask, ada, REVISE, change=drafted["id"], policy={**POLICY, "tags": ["eu"]}, summary="Second.")
    assert (revised["status"], revised["shadow"], revised["summary"]) == ("DRAFT", False, "Second.")
    await one(ask, ada, SUBMIT, change=drafted["id"])
    stale = await one(ask, ben, DECIDE, change=drafted["id"], approve=True, digestSeen=drafted["digest"])
    assert (stale["code"], stale["field"]) == ("STALE", "digestSeen")
    done = await one(ask, ben, DECIDE, change=drafted["id"], approve=True, digestSeen=revised["digest"])
    assert done["publishedVersion"] == {"number": 1}

    second = await one(ask, ben, PROPOSE, policy={**POLICY, "title": "Other"}, summary="Shorter.")
    assert (second["changed"], second["baseVersion"]) == (["title", "tags"], {"number": 1})
    gone = await one(ask, ben, WITHDRAW, change=second["id"])
    assert gone["status"] == "WITHDRAWN"
    third = await one(ask, ben, PROPOSE, policy={**POLICY, "title": "Other"}, summary="Shorter.")
    await one(ask, ben, SUBMIT, change=third["id"])
    await one(ask, ada, DECIDE, change=third["id"], approve=True, digestSeen=third["digest"])

    asked = '{ policy(key: "recall") { id versions(last: 1) { nodes { id number } } } }'
    policy = (await ask(ada, asked))["policy"]
    [first] = policy["versions"]["nodes"]
    restored = await one(ask, ada, RESTORE, version=first["id"], summary="It was better.")
    assert (restored["kind"], restored["restores"]) == ("RESTORE", {"number": 1})
    for text, kind in ((DEPRECATE, "DEPRECATE"), (RETIRE, "RETIRE")):
        ending = await one(ask, ada, text, policy=policy["id"], summary="Replaced.")
        assert (ending["kind"], ending["wording"], ending["changed"]) == (kind, None, ["status"])
        await one(ask, ada, SUBMIT, change=ending["id"])
        ended = await one(ask, ben, DECIDE, change=ending["id"], approve=True, digestSeen=ending["digest"])
        assert ended["policy"]["status"] == f"{kind}D"


async def test_changes_are_listed_and_found(ask: Ask, ada: Principal, ben: Principal) -> None:
    await one(ask, ada, PROPOSE, policy=POLICY, summary="Patients first.")
    other = await one(ask, ben, PROPOSE, policy={**POLICY, "key": "other"}, summary="Because.")
    await one(ask, ben, SUBMIT, change=other["id"])
    await one(ask, ben, SHADOW, change=other["id"], on=True)
    listed = """query Listed($filter: PolicyChangeFilter) {
      policyChanges(first: 9, filter: $filter) { totalCount nodes { policy { key } } } }"""
    for condition, keys in [
        (None, ["other", "recall"]),
        ({"status": ["IN_REVIEW"]}, ["other"]),
        ({"kind": ["RETIRE"]}, []),
        ({"author": f"Person:{ada.person_id}"}, ["recall"]),
        ({"shadow": True}, ["other"]),
        ({"text": "PATIENTS"}, ["recall"]),
        ({"bundle": "starter"}, []),
    ]:
        found = (await ask(ada, listed, filter=condition))["policyChanges"]
        assert [node["policy"]["key"] for node in found["nodes"]] == keys, condition
        assert found["totalCount"] == len(keys)
    nested = '{ policy(key: "recall") { changes(first: 5) { nodes { summary } } } }'
    assert (await ask(ada, nested))["policy"]["changes"]["nodes"] == [{"summary": "Patients first."}]


async def test_policies_are_found_by_text_tag_citation_principle_and_review(
    ask: Ask, make: Make, ada: Principal, clock: SetClock
) -> None:
    today = clock.now().date()
    await make.policy(
        "a",
        by=ada,
        tags=("eu", "data"),
        principle="Fairness",
        citations=(Citation("GDPR", "Article 9", "Special data"),),
    )
    await make.policy(
        "b", by=ada, rationale="Harms Nobody.", review_on=today, citations=(Citation("EU AI Act", "Article 9"),)
    )
    await make.policy("c", by=ada, review_on=date(2026, 11, 20), tags=("data",))
    for condition, keys in [
        ({"text": "nobody"}, ["b"]),
        ({"tag": "data"}, ["a", "c"]),
        ({"tag": "dat"}, []),
        ({"citation": {"framework": "gdpr"}}, ["a"]),
        ({"citation": {"reference": "article 9"}}, ["a", "b"]),
        ({"citation": {"framework": "act", "reference": "9"}}, ["b"]),
        ({"citation": {"reference": "special"}}, ["a"]),
        ({"citation": {"framework": "gdpr", "reference": "10"}}, []),
        ({"citation": {}}, ["a", "b", "c"]),
        ({"principle": "fairness"}, ["a"]),
        ({"reviewOverdue": True}, ["c"]),
        ({"reviewOverdue": False}, ["a", "b"]),
        ({"bundle": "starter"}, []),
    ]:
        found = (await ask(ada, FOUND, filter=condition))["policies"]["nodes"]
        assert [node["key"] for node in found] == keys, condition


async def test_a_wording_that_is_over_is_not_searched(ask: Ask, make: Make, ada: Principal) -> None:
    await make.policy("a", by=ada, tags=("old",))
    await make.policy("a", by=ada, tags=("new",))
    assert (await ask(ada, FOUND, filter={"tag": "old"}))["policies"]["nodes"] == []


async def test_a_bundle_is_applied_over_graphql(ask: Ask, make: Make, ada: Principal, ben: Principal) -> None:
    asked = {"bundle": "starter", "summary": "Commit 1.", "policies": [POLICY, {**FULL, "key": "full"}]}
    planned = (await ask(ada, APPLY, input={**asked, "dryRun": True}, key="k"))["applyPolicies"]
    assert planned["dryRun"] is True
    assert [(entry["key"], entry["action"], entry["change"]) for entry in planned["plan"]] == [
        ("full", "ADD", None),
        ("recall", "ADD", None),
    ]
    assert await make.count("policy_changes") == await make.count("answered") == 0
    applied = (await ask(ada, APPLY, input=asked, key="k"))["applyPolicies"]
    for entry in applied["plan"]:
        change = entry["change"]
        assert (change["status"], change["bundle"], change["policy"]["key"]) == ("IN_REVIEW", "starter", entry["key"])
    assert (await ask(ada, APPLY, input=asked, key="k"))["applyPolicies"] == applied
    other = (await ask(ada, APPLY, input={**asked, "summary": "Commit 2."}, key="k"))["applyPolicies"]
    assert other["code"] == "KEY_REUSED"
    assert await make.count("policy_changes") == 2
    asked_of = '{ policyChanges(first: 9, filter: {bundle: "starter"}) { nodes { id digest } } }'
    for node in (await ask(ben, asked_of))["policyChanges"]["nodes"]:
        await one(ask, ben, DECIDE, change=node["id"], approve=True, digestSeen=node["digest"])
    found = (await ask(ada, FOUND, filter={"bundle": "starter"}))["policies"]["nodes"]
    assert found == [{"key": "recall"}, {"key": "full"}] or found == [{"key": "full"}, {"key": "recall"}]
    # The answer under the key stays; a plan made anew sees what has happened.
    again = (await ask(ada, APPLY, input=asked, key="k"))["applyPolicies"]
    assert [entry["action"] for entry in again["plan"]] == ["ADD", "ADD"]
    anew = (await ask(ada, APPLY, input=asked, key="k2"))["applyPolicies"]
    assert [(entry["action"], entry["changed"], entry["change"]) for entry in anew["plan"]] == [
        ("UNCHANGED", [], None)
    ] * 2
    refused = await one(ask, ada, PROPOSE, policy={**POLICY, "tags": ["x"]}, summary="By hand.")
    assert refused["code"] == "BUNDLE_OWNED" and "starter" in refused["why"]


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"rule": "metrics.recall >="}, "BAD_RULE", "rule"),
        ({"key": "No"}, "BAD_INPUT", "key"),
        ({"title": "a" * 301}, "BAD_INPUT", "title"),
        ({"tags": [""]}, "BAD_INPUT", "tags"),
        (
            {"serviceLevels": [{"severity": "LOW", "days": 1}, {"severity": "LOW", "days": 2}]},
            "BAD_INPUT",
            "serviceLevels",
        ),
        ({"citations": [{"framework": "x", "reference": "y", "url": "ftp://x"}]}, "BAD_INPUT", "citations.url"),
    ],
)
async def test_a_policy_that_is_not_fit_is_refused(
    ask: Ask, make: Make, ada: Principal, change: dict[str, Any], code: str, field: str
) -> None:
    refused = await one(ask, ada, PROPOSE, policy={**POLICY, **change}, summary="Why.")
    assert (refused["code"], refused["field"]) == (code, field)
    applied = await ask(ada, APPLY, input={"bundle": "b", "summary": "s", "policies": [{**POLICY, **change}]})
    assert applied["applyPolicies"]["code"] == code
    assert await make.count("policies") == 0


async def test_nobody_publishes_without_a_review_over_graphql(ask: Ask, ada: Principal) -> None:
    reply = await ask.reply(ada, 'mutation { publishPolicy(input: {key: "x"}) { __typename } }')
    assert "publishPolicy" in reply.text and "errors" in reply.json()


async def test_who_may_not_is_told_so_for_every_mutation(ask: Ask, make: Make) -> None:
    dev = await make.person("dev", Role.DEVELOPER)
    nothing = "PolicyChange:00000000-0000-0000-0000-000000000000"
    for text, given in [
        (PROPOSE, {"policy": POLICY, "summary": "x"}),
        (REVISE, {"change": nothing, "policy": POLICY, "summary": "x"}),
        (SUBMIT, {"change": nothing}),
        (DECIDE, {"change": nothing, "approve": True, "digestSeen": ""}),
        (WITHDRAW, {"change": nothing}),
        (RESTORE, {"version": nothing, "summary": "x"}),
        (DEPRECATE, {"policy": nothing, "summary": "x"}),
        (RETIRE, {"policy": nothing, "summary": "x"}),
        (SHADOW, {"change": nothing, "on": True}),
        (APPLY, {"bundle": "b", "summary": "x", "policies": [POLICY]}),
    ]:
        (payload,) = (await ask(dev, text, input=given)).values()
        assert payload["code"] == "FORBIDDEN", text
    assert await make.count("policy_changes") == 0
