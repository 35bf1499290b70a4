"""No thing outlives its test."""

import pytest

from tests.approvals.desk import things


@pytest.fixture(autouse=True)
def _none_left() -> None:
    things.clear()
