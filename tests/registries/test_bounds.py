"""Values of any size and kind become bounded, storable ones."""

import hashlib
import tracemalloc

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.registries import bounds
from hub.registries.adapter import Card, Metric, Tag

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=50)
ANY_VALUE = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), ANY_TEXT, st.lists(st.integers(), max_size=2)
)


def storable(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


@given(value=ANY_VALUE, most=st.integers(1, 40))
def test_any_value_becomes_storable_text_within_the_bound(value: object, most: int) -> None:
    found = bounds.text(value, most)
    assert storable(found) and len(found) <= most
    if isinstance(value, str) and storable(value) and len(value) <= most:
        assert found is value


@given(key=ANY_VALUE, value=ANY_VALUE)
def test_any_pair_becomes_a_storable_tag_or_none(key: object, value: object) -> None:
    found = bounds.tag(key, value)
    if found is None:
        assert not isinstance(key, str) or not key
    else:
        assert storable(found.key) and storable(found.value)
        assert (found.full_sha256 is None) == (not isinstance(value, str) or found.value == value)


@given(value=ANY_VALUE)
def test_any_value_becomes_a_finite_number_or_says_what_stood_there(value: object) -> None:
    number, instead = bounds.number(value)
    assert (number is None) == (instead is not None)
    assert number is None or abs(number) < bounds.GREATEST


@pytest.mark.parametrize(
    ("value", "number", "text"),
    [
        (0.5, 0.5, None),
        (3, 3.0, None),
        ("0.25", 0.25, None),
        ("NaN", None, "NaN"),
        (float("nan"), None, "NaN"),
        ("-Infinity", None, "-Infinity"),
        (1.7976931348623157e308, None, "Infinity"),
        (-(10**310), None, "(int)"),
        ("1" * 399, None, "Infinity"),
        ("1" * 401, None, "1" * 80 + "… (401 characters)"),
        ("high", None, "high"),
        (None, None, "(NoneType)"),
        (True, None, "(bool)"),
    ],
)
def test_numbers(value: object, number: float | None, text: str | None) -> None:
    assert bounds.number(value) == (number, text)


@pytest.mark.parametrize(
    ("key", "name", "segment"),
    [
        ("recall", "recall", ""),
        ("recall/mean_radius.large", "recall", "mean_radius.large"),
        ("recall/segment.age.over_60", "recall", "age.over_60"),
        ("recall/segment.all", "recall", "all"),
        ("val/loss", "val/loss", ""),
        ("/x.y", "/x.y", ""),
        ("a/b/c.d", "a", "b/c.d"),
    ],
)
def test_a_metric_is_overall_or_in_a_segment_by_its_name(key: str, name: str, segment: str) -> None:
    assert bounds.metric(key, 1) == Metric(name, 1.0, segment)


def test_keys_that_are_cut_stay_distinct() -> None:
    one, other = bounds.tag("k" * 400 + "1", ""), bounds.tag("k" * 400 + "2", "")
    assert one is not None and other is not None
    assert len(one.key) == len(other.key) == 300
    assert one.key != other.key


def test_of_a_key_given_twice_the_last_stands_and_tags_are_in_order() -> None:
    assert bounds.tags([("b", "1"), ("a", "2"), ("b", "3"), (None, "4")]) == (Tag("a", "2"), Tag("b", "3"))
    assert len(bounds.tags((str(n), "") for n in range(2_000))) == 1_000


def test_a_value_of_10_megabytes_is_digested_without_a_copy() -> None:
    value = "é" * 10 * 1024 * 1024
    expected = hashlib.sha256(value.encode()).hexdigest()
    tracemalloc.start()
    found = bounds.tag("k", value)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found is not None and found.full_sha256 == expected
    assert peak < 2_000_000


@pytest.mark.parametrize(
    ("text", "document"),
    [
        ('{"a": [1, {"b": null}]}', {"a": [1, {"b": None}]}),
        ("[1]", {"value": [1]}),
        ('{"a\\u0000": "b\\u0000c"}', {"a": "bc"}),
        ("{", None),
        ("", None),
        (None, None),
        ("[" * 30 + "]" * 30, None),
        ('"' + "x" * 200_000 + '"', None),
        ('{"a": NaN}', None),
        ('{"a": "\\ud800"}', None),
    ],
)
def test_a_document_is_json_of_bounded_size_and_depth(text: object, document: object) -> None:
    assert bounds.document(text) == document


@given(st.recursive(st.one_of(st.none(), st.integers(-5, 5), ANY_TEXT), lambda inner: st.lists(inner, max_size=3)))
def test_any_document_can_be_stored(value: object) -> None:
    try:
        text = orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        return
    found = bounds.document(text)
    assert found is None or b"\\u0000" not in orjson.dumps(found)


def test_a_card_takes_its_sections_and_nothing_else() -> None:
    described = {"card.intended_use": "Second reader.", "card.factors": "  ", "card.secret": "x", "metrics": "y"}
    card = bounds.card(described)
    assert card == Card(intended_use="Second reader.")
    assert card.over(Card(intended_use="Model's.", metrics="Recall.")) == Card(
        intended_use="Second reader.", metrics="Recall."
    )
