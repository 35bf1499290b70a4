"""YAML as people mean it: what is read, and what is refused by line and column."""

from datetime import UTC, date, datetime

import pytest

from hub.errors import Code, Refused
from hub.policies.bundles import yaml_text
from hub.policies.bundles.yaml_text import Place


def refused(text: str) -> str:
    with pytest.raises(Refused) as caught:
        yaml_text.load(text, name="a.yaml")
    assert caught.value.code is Code.BAD_INPUT
    return caught.value.why


def test_plain_data_is_read_as_it_is_meant() -> None:
    text = "a: 1\nb: -2.5\nc: true\nd: ~\ne: [x, \"no\", '010']\nf: {g: 2027-03-31}\n"
    text += "h: 2027-03-31T12:00:00Z\ni: |\n  x\n  y\n"
    assert yaml_text.load(text, name="a.yaml") == {
        "a": 1,
        "b": -2.5,
        "c": True,
        "d": None,
        "e": ["x", "no", "010"],
        "f": {"g": date(2027, 3, 31)},
        "h": datetime(2027, 3, 31, 12, tzinfo=UTC),
        "i": "x\ny\n",
    }


@pytest.mark.parametrize("word", ["yes", "No", "ON", "off"])
def test_a_word_that_some_readers_take_for_true_or_false_is_refused(word: str) -> None:
    said = "true" if word in ("yes", "ON") else "false"
    assert refused(f"a: 1\nb: {word}\n") == (
        f'a.yaml:2:4: {word} is {said} to some readers of YAML; write {said}, or "{word}"'
    )


@pytest.mark.parametrize("word", ["010", "0x1F", "0b11", "1_000", "12:30:45", "1e3", ".inf", ".nan", "1.", "9" * 41])
def test_a_number_that_readers_disagree_on_is_refused(word: str) -> None:
    why = refused(f"[x, {word}]")
    assert why.startswith(f"a.yaml:1:5: {word} is read as different numbers")


def test_an_endless_number_is_no_number() -> None:
    assert refused("a: 1" + "0" * 39 + ".0e999").startswith("a.yaml:1:4: 1000000")


def test_a_day_that_is_none_is_refused() -> None:
    assert refused("a: 2027-02-30").startswith("a.yaml:1:4: 2027-02-30 is no day; write one as 2027-03-31")


def test_a_key_twice_is_refused_with_both_lines() -> None:
    assert refused("title: a\nx: 1\ntitle: b\n") == "a.yaml:3:1: title is written twice, first in line 1; keep one"


def test_an_alias_bomb_is_refused_at_its_first_anchor() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{now}: &{now} [{', '.join([f'*{before}'] * 9)}]\n" for before, now in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert refused(bomb).startswith("a.yaml:1:4: &a is an anchor; leave it out")
    assert refused("a: *b\n").startswith("a.yaml:1:4: *b is an alias; write the value out")
    assert refused("a: 1\n<<: {b: 2}\n").startswith("a.yaml:2:1: a key must be a plain word")


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system [ls]", "!!str x", "!own x", "! x"])
def test_a_tag_is_refused(tag: str) -> None:
    assert "is a tag; leave it out" in refused(f"a: {tag}")


def test_what_is_too_much_is_refused() -> None:
    assert refused("a: " + "x" * 1_000_000) == "a.yaml:1:1: more than 1000000 bytes; at most that many are read"
    assert refused("ä" * 500_001).startswith("a.yaml:1:1: more than 1000000 bytes")
    assert refused("[" * 31 + "]" * 31) == "a.yaml:1:31: values stand more than 30 deep; at most that many are read"
    assert yaml_text.load("[" * 30 + "]" * 30, name="a.yaml")
    assert refused("- 1\n" * 100_000).startswith("a.yaml:100000:3: more than 100000 values")
    assert len(yaml_text.load("- 1\n" * 99_999, name="a.yaml")) == 99_999
    assert refused("[" * 400_000).startswith("a.yaml:1:31: values stand more than 30 deep")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: x\x00y", "a.yaml:1:5: NUL is no text; leave it out"),
        ("a: 1\nb: \x1b[2J", "a.yaml:2:4: the control character U+001B is no text; leave it out"),
        ('a: "\\0"', "a.yaml:1:4: an escape gives a character that is no text; leave it out"),
        ("a:\n\t- b", "a.yaml:2:1: a tab stands where YAML takes spaces; indent with spaces"),
        ("a: ]", "a.yaml:1:4: this is no YAML"),
        ("a: b: c", "a.yaml:1:5: this is no YAML: mapping values are not allowed"),
        ("", "a.yaml:1:1: the file is empty"),
        ("# nothing", "a.yaml:1:1: the file is empty"),
        ("a: 1\n---\nb: 2\n", "a.yaml:2:1: a second document begins here"),
        ("? [a]\n: 1\n", "a.yaml:1:3: a key must be a plain word"),
    ],
)
def test_what_is_no_yaml_is_refused_by_its_place(text: str, told: str) -> None:
    assert refused(text).startswith(told)


def test_bytes_that_are_no_text_are_refused_by_their_place() -> None:
    with pytest.raises(Refused, match=r"^b\.yaml:2:4: byte 0xff is not UTF-8; save the file as UTF-8 text$"):
        yaml_text.decoded(b"a: 1\nb: \xff", name="b.yaml")
    with pytest.raises(Refused, match="more than 1000000 bytes"):
        yaml_text.decoded(b"x" * 1_000_001, name="b.yaml")
    assert yaml_text.decoded(b"\xef\xbb\xbfa: 1", name="b.yaml") == "a: 1"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("r: |\n  a\n  b\n", Place(3, 4)),
        ("x: 1\nr: |-\n\n      a\n      b\n", Place(4, 8)),
        ("r: 'ab'\n", Place(2, 6)),
        ("r: ab\n", Place(2, 5)),
        ("r: >\n  a\n  b\n", Place(1, 4)),
        ('r: "a\\tb"\n', Place(1, 4)),
        ("r: |2\n   a\n", Place(1, 4)),
    ],
)
def test_a_place_within_a_text_is_told_where_its_lines_are_kept(text: str, place: Place) -> None:
    assert yaml_text.tree(text, name="a.yaml").within(("r",), 2, 2) == place


def test_every_value_and_key_has_its_place() -> None:
    tree = yaml_text.tree("a:\n  - b: 1\n    c:\n", name="a.yaml")
    assert tree.at(("a", 0, "b")) == Place(2, 8)
    assert tree.at(("a", 0, "c")) == Place(3, 5)
    assert tree.at(("a", 0, "nothing", "there")) == Place(2, 5)
    assert tree.refused_key(("a", 0, "b"), "no").why == "a.yaml:2:5: no"
