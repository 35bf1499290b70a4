"""Canonical JSON: one content, one text, one digest."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.events.canonical import canonical, canonical_json, digest_of, digest_of_text, plain
from hub.people.tables import Role


def test_keys_are_sorted_and_space_is_left_out() -> None:
    assert canonical({"b": 1, "a": [True, None, "x"]}) == b'{"a":[true,null,"x"],"b":1}'


def test_the_order_of_writing_does_not_change_the_digest() -> None:
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    assert digest_of({"a": 1}) == "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"


def test_integers_from_two_to_the_fifty_third_go_as_text() -> None:
    assert canonical([2**53 - 1, 2**53, -(2**53)]) == b'[9007199254740991,"9007199254740992","-9007199254740992"]'


def test_instants_are_utc_with_six_decimals() -> None:
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert canonical(noon) == b'"2026-11-21T12:00:00.000000Z"'
    assert canonical(noon.astimezone(timezone(timedelta(hours=5)))) == canonical(noon)


def test_ids_and_words_go_as_text() -> None:
    assert canonical([UUID(int=1), Role.ADMIN]) == b'["00000000-0000-0000-0000-000000000001","ADMIN"]'


def test_numbers_that_are_none_and_nul_are_made_harmless() -> None:
    assert canonical([float("nan"), float("inf"), "a\x00b"]) == '["nan","inf","a\ufffdb"]'.encode()


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([0.0, -0.0, 1e-6, 1e16, 1e21, 1234567890123456.0, "1.0,", "2e5", "\ue000", "\x1f\x7f\u2028"])
    | st.text().map(lambda text: text.replace("\x00", ""))
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
)


@settings(max_examples=500, deadline=None)
@given(VALUES)
def test_the_fast_way_writes_the_same_bytes(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(plain(value))


@pytest.mark.parametrize(
    "values",
    [
        {"a": 1.0}, {"a": -0.0}, {"a": [2.5, 3.0]}, {"a": 1e16}, {"a": 1e21}, {"a": 1e-7}, {"a": 5e-324}, {"a": 0.1},
        {"a": 2**53}, {"a": -(2**60)}, {"a": 123456789012345.5}, {"a": 10**30}, {"\ue000": 1, "\U0001f600": 2},
        {"a": "1.0,"}, {"a": "1e+5"}, {"a": ",1234567890123456789"}, {"a": "\u2028\x7f\x1f"}, {"é": 1, "z": 2},
    ],
)  # fmt: skip
def test_what_is_written_otherwise_is_seen(values: dict[str, object]) -> None:
    assert canonical_json(values) == rfc8785.dumps(plain(values))


@pytest.mark.parametrize("value", [b"bytes", object(), {1, 2}])
def test_what_has_no_form_is_not_guessed_at(value: object) -> None:
    with pytest.raises(TypeError, match="no canonical form"):
        canonical(value)


def test_a_text_has_the_digest_of_its_bytes() -> None:
    assert digest_of_text("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
