"""What may be done to a policy change, by whom, and while it stands how."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from hub.errors import Code, Refused
from hub.events.canonical import digest_of
from hub.policies.rules import KEY
from hub.policies.tables import ChangeKind, ChangeStatus, Policy, PolicyChange, PolicyStatus

LONGEST_SUMMARY = 2_000
OPEN = (ChangeStatus.DRAFT, ChangeStatus.IN_REVIEW)
OVER = frozenset({PolicyStatus.DEPRECATED, PolicyStatus.RETIRED})
ENDS: Mapping[ChangeKind, PolicyStatus] = {
    ChangeKind.DEPRECATE: PolicyStatus.DEPRECATED,
    ChangeKind.RETIRE: PolicyStatus.RETIRED,
}
ENDED_FROM: Mapping[ChangeKind, frozenset[PolicyStatus]] = {
    ChangeKind.DEPRECATE: frozenset({PolicyStatus.PUBLISHED}),
    ChangeKind.RETIRE: frozenset({PolicyStatus.PUBLISHED, PolicyStatus.DEPRECATED}),
}


def digest(change: PolicyChange) -> str:
    """SHA-256 of all that a reviewer decides on: what is asked, of which wording, and why."""
    asked: dict[str, Any] = {
        "policy": change.policy_id,
        "kind": change.kind,
        "base": change.base_version_id,
        "restores": change.restores_id,
        "wording": change.wording,
        "bundle": change.bundle,
        "summary": change.summary,
    }
    return digest_of(asked)


def bundle_name(asked: str) -> str:
    """A bundle's name; refused when it is none."""
    if KEY.fullmatch(asked) is None:
        raise Refused(
            Code.BAD_INPUT,
            "bundle takes 1 to 100 lower-case letters, digits and hyphens, beginning with a letter or digit",
            field="bundle",
        )
    return asked


def check_by_hand(policy: Policy, bundle: str | None) -> None:
    """A bundle does not take over, unasked, what people keep by hand."""
    if bundle is not None and policy.bundle is None and policy.current_version_id is not None:
        raise Refused(
            Code.CONFLICT,
            f"{policy.key} is kept by hand; choose another key, or apply the bundle so that it takes the policy over",
            field="key",
        )


def check_going_on(policy: Policy) -> None:
    """Another wording is proposed of what goes on only."""
    if policy.status in OVER:
        raise Refused(
            Code.WRONG_STATE,
            f"{policy.key} is {policy.status}; propose to restore one of its versions, or take another key",
            field="key",
        )


def check_end(policy: Policy, kind: ChangeKind) -> None:
    """Only what is in force can end."""
    if policy.status not in ENDED_FROM[kind]:
        allowed = " or ".join(sorted(ENDED_FROM[kind]))
        raise Refused(
            Code.WRONG_STATE,
            f"{policy.key} is {policy.status}; {kind} is for policies that are {allowed}",
            field="policy",
        )


def check_only_one(change: PolicyChange, others: Collection[PolicyChange]) -> None:
    """One open change of a policy from each author, of each kind."""
    if any(one.author_id == change.author_id and one.kind is change.kind for one in others):
        raise Refused(
            Code.CONFLICT, "you have such a change of this policy open; revise it, or withdraw it first", field="key"
        )


def check_author(change: PolicyChange, person_id: UUID) -> None:
    """A change is its author's until it is decided."""
    if change.author_id != person_id:
        raise Refused(
            Code.FORBIDDEN, "this change is somebody else's; open one of your own, or decide this one", field="change"
        )


def check_open(change: PolicyChange) -> None:
    """What was closed stays so."""
    if change.status is ChangeStatus.STALE:
        raise Refused(
            Code.STALE,
            "another change of the policy was published since this was written; write it anew",
            field="change",
        )
    if change.status not in OPEN:
        raise Refused(Code.WRONG_STATE, f"this change is {change.status}; open another one", field="change")


def check_revisable(change: PolicyChange, key: str, policy: Policy) -> None:
    """Only another text of the same policy, under the same key."""
    check_open(change)
    if change.kind is not ChangeKind.WORDING:
        raise Refused(
            Code.WRONG_STATE,
            f"a {change.kind} has no text of its own; withdraw it, and propose a wording",
            field="change",
        )
    if key != policy.key:
        raise Refused(Code.BAD_INPUT, f"this change is of {policy.key}; propose {key} by itself", field="key")


def check_decidable(change: PolicyChange, digest_seen: str | None, current_version_id: UUID | None) -> None:
    """What is decided is what was seen, once, and over the wording that it was written against."""
    check_open(change)
    if digest_seen is not None and digest_seen != change.digest:
        raise Refused(Code.STALE, "the change was revised since you looked at it; look at it again", field="digestSeen")
    if change.status is not ChangeStatus.IN_REVIEW:
        raise Refused(
            Code.WRONG_STATE, "this change is a DRAFT; its author submits it when it is ready", field="change"
        )
    if change.base_version_id != current_version_id:
        raise Refused(Code.STALE, "the policy has another wording in force since this was written", field="change")


def check_decider(decider: UUID, author_id: UUID, *, is_service: bool, namesakes: Collection[UUID]) -> None:
    """Nobody decides on their own change, under whatever name; nor does a machine."""
    if is_service:
        raise _own("a service account decides nothing")
    if decider == author_id:
        raise _own("you wrote this change")
    if decider in namesakes:
        raise _own("its author is known by a name of yours")


def check_shadow(change: PolicyChange) -> None:
    """Only a wording that is still to be decided can run beside the one in force."""
    check_open(change)
    if change.wording is None:
        raise Refused(Code.WRONG_STATE, f"a {change.kind} has no wording that could run in shadow", field="change")


def _own(why: str) -> Refused:
    return Refused(Code.SAME_PERSON, f"{why}; ask another approver or policy owner to decide", field="change")
