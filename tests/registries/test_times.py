"""Every vendor's way of writing an instant gives the same one."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.registries.times import instant

THEN = datetime(2026, 11, 2, 8, 30, 15, 250_000, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        1793608215250,
        "1793608215250",
        1793608215.25,
        "1793608215.25",
        1793608215250000,
        1793608215250000000,
        1793608215250.0,
        "2026-11-02T08:30:15.25Z",
        "2026-11-02T08:30:15.250000000Z",
        "2026-11-02T09:30:15.250+01:00",
        "2026-11-02 08:30:15.250",
        "20261102T083015.25",
        " 2026-11-02T08:30:15.250Z ",
        THEN,
        THEN.replace(tzinfo=None),
        THEN.astimezone(timezone(timedelta(hours=-5))),
    ],
)
def test_every_way_of_writing_an_instant(written: object) -> None:
    found = instant(written)
    assert found == THEN
    assert found is not None and found.tzinfo is UTC


def test_whole_seconds() -> None:
    assert instant(1793608215) == instant("1793608215") == THEN.replace(microsecond=0)


@pytest.mark.parametrize(
    "written",
    [
        *(None, "", "yesterday", 0, "0", -5, 0.0, True, float("nan"), float("inf"), 10**30, "9" * 40, "x" * 10_000),
        *([], {}, "1969-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "²"),
    ],
)
def test_what_is_no_time_is_none(written: object) -> None:
    assert instant(written) is None


@given(st.one_of(st.integers(), st.floats(), st.text(max_size=30), st.datetimes()))
def test_nothing_raises(written: object) -> None:
    found = instant(written)
    assert found is None or found.tzinfo is UTC
