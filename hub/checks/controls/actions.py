"""Following policies with what hangs on them: so that the decision that finds a control red is bound by it."""

from collections.abc import Collection, Sequence
from itertools import groupby
from uuid import UUID

from hub.checks.asking import Told
from hub.checks.controls import rules, store
from hub.checks.controls.rules import Hanging, Kind
from hub.checks.findings import Finding
from hub.db import Tx
from hub.exceptions import store as exceptions
from hub.exceptions.tables import PolicyException
from hub.exceptions.telling import tell_all

CRITERIA = ("exception.criterion_reopened", "exception.criterion_met")
SUGGESTIONS = ("exception.resolution_unsuggested", "exception.resolution_suggested")


async def follow(tx: Tx, told: Collection[Told], version_ids: Collection[UUID]) -> None:
    """Bring what hangs on policies up to what they say just now, before anybody asks what is covered.

    No statement where nothing came to pass or passes no more, one where nothing hangs on it. `version_ids` are all that
    this transaction asks about: the exceptions of their models are locked at once.
    """
    crossed = [one.finding for one in rules.crossed(told)]
    if crossed:
        policies = {one.policy_id for one in crossed}
        held = await store.hold_of_versions(tx, version_ids, policies)
        await look(tx, held, policies, crossed)


async def look(
    tx: Tx,
    exception_ids: Collection[UUID],
    policy_ids: Collection[UUID] | None = None,
    told: Collection[Finding] = (),
) -> list[Hanging]:
    """Bring what hangs on these policies, or on any, up to what they say; whoever calls holds the exceptions."""
    if not exception_ids:
        return []
    seen = await store.hanging(tx, exception_ids, policy_ids, told)
    turned = [one for one in seen if one.turned]
    restated = [one for one in seen if one.restated]
    if not turned and not restated:
        return seen
    controls = [one for one in turned if one.kind is Kind.CONTROL]
    criteria = [one for one in turned if one.kind is Kind.CRITERION]
    suggested = [one for one in turned if one.kind is Kind.EXCEPTION]
    changed = {one.exception_id for one in turned}
    before = {id: _is_suspended(tx, row) for id, row in (await exceptions.these(tx, changed)).items()}
    await store.turn(tx, [*controls, *restated])
    await store.meet(tx, criteria)
    await store.suggest(tx, suggested)
    now = await exceptions.these(tx, changed)
    await _tell_controls(tx, controls, before, now)
    for met, kind in enumerate(CRITERIA):
        found = [one for one in criteria if one.confirmed is bool(met)]
        await tell_all(tx, kind, [(now[one.exception_id], {"criterion": one.id, "why": one.why()}) for one in found])
    for passes, kind in enumerate(SUGGESTIONS):
        found = [one for one in suggested if one.confirmed is bool(passes)]
        await tell_all(tx, kind, [(now[one.exception_id], {"why": one.why()}) for one in found])
    return seen


async def _tell_controls(
    tx: Tx, controls: Sequence[Hanging], before: dict[UUID, bool], now: dict[UUID, PolicyException]
) -> None:
    """Of each exception that is suspended or resumed, by one of its controls; of the others, that they turned."""
    moved: dict[str, list[Hanging]] = {"exception.suspended": [], "exception.resumed": []}
    beside: list[Hanging] = []
    for id, group in groupby(controls, key=lambda one: one.exception_id):
        of, suspended = list(group), _is_suspended(tx, now[id])
        if suspended is not before[id]:
            # The one that did it: what turned the other way at the same time did not.
            first = next(one for one in of if one.confirmed is not suspended)
            moved["exception.suspended" if suspended else "exception.resumed"].append(first)
            of.remove(first)
        beside += of
    for kind, found in moved.items():
        await tell_all(tx, kind, [(now[one.exception_id], _said(one)) for one in found])
    turned = [(now[one.exception_id], {**_said(one), "holds": one.confirmed}) for one in beside]
    await tell_all(tx, "exception.control_turned", turned)


def _said(one: Hanging) -> dict[str, object]:
    return {"control": one.id, "why": one.why()}


def _is_suspended(tx: Tx, row: PolicyException) -> bool:
    return row.suspended_from is not None and row.suspended_from <= tx.at
