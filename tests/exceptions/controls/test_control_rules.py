"""Who may say what of controls and criteria, and until when it counts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from hub.errors import Refused
from hub.exceptions.controls import rules
from hub.exceptions.tables import CompensatingControl, PolicyException

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ROBOT = uuid4()
ROW = PolicyException.model_construct(owner_id=ROBOT)
CONTROL = CompensatingControl.model_construct(attestor_id=ROBOT)


@pytest.mark.parametrize(
    "check",
    [
        lambda: rules.check_attestor(CONTROL, ROW, ROBOT, is_service=True),
        lambda: rules.check_confirmer(ROW, ROBOT, is_service=True),
        lambda: rules.check_reopener(ROW, ROBOT, decides=True, is_service=True),
    ],
)
def test_a_service_account_speaks_for_nobody_even_where_it_is_named(check: Callable[[], None]) -> None:
    with pytest.raises(Refused, match=r"a service account .* for nobody; a person does"):
        check()


@pytest.mark.parametrize(("starts", "due"), [(-5, 7), (0, 7), (20, 27)])
def test_an_attestation_counts_from_now_or_from_the_start(starts: int, due: int) -> None:
    assert rules.due(NOON, NOON + timedelta(days=starts), 7) == NOON + timedelta(days=due)


@pytest.mark.parametrize("address", ["", "https://a.example/1", "HTTP://a.example"])
def test_evidence_is_a_web_address_or_nothing(address: str) -> None:
    assert rules.link(f" {address} ", "evidenceUrl") == address
