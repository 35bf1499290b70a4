"""Bundles of policies put beside a running hub: what would change, what is open, who may decide; no command."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hub.cli.remote import Remote
    from hub.policies.bundles.plan import Step
    from hub.policies.bundles.reading import Bundle

PAGE = 100
SAYS = """
title rule rationale remediation severity enforcement decisionPoints tiers stages registries modelTypes dataCategories
modelTags tags principle citations schedule serviceLevels serviceLevelDays longestExceptionDays reviewOn validators
safeRollback
"""
APPLY = """
mutation Apply($input: ApplyPoliciesInput!) {
  applyPolicies(input: $input) {
    __typename
    ... on PoliciesApplied { plan { key action changed change { id } } }
    ... on Refusal { code why field }
  }
}
"""
CATALOG = f"""
query Catalog($first: Int!, $after: String) {{
  policies(first: $first, after: $after) {{
    nodes {{ key title status severity enforcement bundle reviewOn owner {{ handle }}
      currentVersion {{ number digest {SAYS} }} }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}
"""
ONE = f"""
query One($key: String!) {{
  policy(key: $key) {{ id key status bundle createdAt owner {{ handle }}
    currentVersion {{ number digest publishedAt publishedBy {{ handle }} {SAYS} }}
    changes(first: 20) {{ nodes {{ id kind status summary createdAt author {{ handle }} }} }} }}
}}
"""
OPEN = """
query Open($first: Int!, $after: String, $filter: PolicyChangeFilter) {
  policyChanges(first: $first, after: $after, filter: $filter) {
    nodes { id kind status summary changed bundle shadow createdAt author { handle } policy { key } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
CHANGE = f"""
query Change($id: ID!) {{
  node(id: $id) {{ ... on PolicyChange {{
    id kind status summary changed digest bundle wording author {{ handle }} policy {{ key title }}
    baseVersion {{ number {SAYS} }} }} }}
}}
"""
DECIDE = """
mutation Decide($input: DecidePolicyChangeInput!) {
  decidePolicyChange(input: $input) {
    __typename
    ... on PolicyChanged { change { id status policy { key } publishedVersion { number } } }
    ... on Refusal { code why field }
  }
}
"""
DECIDERS = """
query Deciders {
  viewer { handle }
  owners: people(first: 50, filter: {role: POLICY_OWNER, active: true}) { nodes { handle } }
  approvers: people(first: 50, filter: {role: MODEL_APPROVER, active: true}) { nodes { handle } }
}
"""


@dataclass(frozen=True, slots=True)
class Catalog:
    """The policies that a hub has, by key, each with the wording in force as data."""

    policies: Mapping[str, Mapping[str, Any]]

    def wording(self, key: str) -> dict[str, Any]:
        """What a policy says now; nothing when there is none."""
        found = self.policies.get(key)
        return said(found["currentVersion"], key) if found is not None else {}


def catalog(hub: "Remote") -> Catalog:
    """Every policy, page by page."""
    return Catalog({one["key"]: one for one in _pages(hub, CATALOG, "policies")})


def planned(hub: "Remote", bundle: "Bundle", *, summary: str, dry_run: bool, take_over: bool) -> list[dict[str, Any]]:
    """What the hub would do, or has done, about each policy of a bundle. Refuses in the hub's own words."""
    asked = {
        "bundle": bundle.name,
        "policies": [given(policy.wording) for policy in bundle.policies],
        "summary": summary,
        "dryRun": dry_run,
        "takeOver": take_over,
    }
    return list(hub.change(APPLY, input=asked)["plan"])


def steps(plan: Sequence[Mapping[str, Any]], bundle: "Bundle", before: Catalog) -> list["Step"]:
    """The hub's plan with the wordings before and after."""
    from hub.policies.bundles.plan import Step
    from hub.policies.written import written

    after = {policy.wording.key: written(policy.wording) for policy in bundle.policies}
    return [
        Step(
            one["key"],
            one["action"],
            one["changed"],
            _standing(before, one["key"]),
            {**after.get(one["key"], {}), "bundle": bundle.name, "status": "PUBLISHED"},
            one["change"]["id"] if one["change"] is not None else None,
        )
        for one in plan
    ]


def _standing(before: Catalog, key: str) -> dict[str, Any]:
    found = before.policies.get(key, {})
    return {**before.wording(key), "bundle": found.get("bundle"), "status": found.get("status")}


def open_changes(hub: "Remote", *, every: bool) -> list[dict[str, Any]]:
    """Changes that wait, newest first; all there were when asked for."""
    return _pages(hub, OPEN, "policyChanges", filter=None if every else {"status": ["DRAFT", "IN_REVIEW"]})


def deciders(hub: "Remote") -> tuple[str, list[str]]:
    """Who asks, and who else may decide a change."""
    found = hub.ask(DECIDERS)
    me = (found["viewer"] or {}).get("handle", "")
    handles = {one["handle"] for group in ("owners", "approvers") for one in found[group]["nodes"]}
    return me, sorted(handles - {me})


def given(wording: Any) -> dict[str, Any]:
    """A wording as the hub's input takes it."""
    from hub.policies.written import written

    data = {_camel(name): value for name, value in written(wording).items()}
    data["schedule"] = [{_camel(name): value for name, value in step.items()} for step in data["schedule"]]
    data["serviceLevels"] = [
        {"severity": severity, "days": days} for severity, days in sorted(data["serviceLevels"].items())
    ]
    return data


def said(version: Mapping[str, Any] | None, key: str) -> dict[str, Any]:
    """A version of the graph as a wording's data."""
    from hub.policies.written import NAMES

    if version is None:
        return {}
    return {name: key if name == "key" else version[_camel(name)] for name in NAMES}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _pages(hub: "Remote", query: str, name: str, **variables: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        page = hub.ask(query, first=PAGE, after=after, **variables)[name]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]
