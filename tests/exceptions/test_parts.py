"""Exceptions as files say them: what is written is read as it was, whatever people wrote."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Refused
from hub.exceptions.exchange import documents, parts, sheets
from hub.spreadsheet import bare, cell
from tests.exceptions.test_exchange import control, node

WORDS = st.text("ab |\\¶␍\n\r'=;,\"\u2028", min_size=1, max_size=12).map(str.strip).filter(bool)
"""What might be taken for something else."""


@given(WORDS, st.none() | st.integers(1, 365), st.none() | WORDS)
def test_a_line_is_read_as_it_was_written(words: str, every: int | None, policy: str | None) -> None:
    line = parts.written(words, (("every", every), ("policy", policy)))
    tied = [("every", every and str(every)), ("policy", policy)]
    assert parts.read(line) == (words, [(word, value) for word, value in tied if value is not None])
    assert parts.lines(f"{line}\r\n\n  {line}") == [line, line]


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        (r"Kept in C:\new\¶s", ("Kept in C:\\new\ns", [])),
        (r"On \\server\share | every 14d", (r"On \\server\share", [("every", "14d")])),
        (r"a \| b | by olaf|policy  fairness", ("a | b", [("by", "olaf"), ("policy", "fairness")])),
        ("Read twice. |", ("Read twice.", [("", "")])),
    ],
)
def test_a_line_is_read_as_people_write_it(line: str, meant: tuple[str, list[tuple[str, str]]]) -> None:
    assert parts.read(line) == meant


@given(st.text("'=+ a\t", max_size=6))
def test_a_cell_is_read_as_it_was_written(text: str) -> None:
    assert bare(cell(text)) == text


@given(st.lists(WORDS, min_size=1, max_size=3), WORDS)
def test_a_sheet_and_json_say_the_same(controls: list[str], justification: str) -> None:
    nodes = [node(controls={"nodes": [control(one) for one in controls]}, justification=justification)]
    (by_sheet,) = sheets.read(sheets.written(nodes, requests=True).decode())
    (whole,) = sheets.read(sheets.written(nodes).decode())
    (by_json,) = documents.read(orjson.dumps(nodes).decode())
    (request,) = documents.read(orjson.dumps(documents.requests(nodes)).decode())
    assert by_sheet.cells == by_json.cells == request.cells
    assert {name: whole.cells[name] for name in sheets.REQUEST} == request.cells
    assert [parts.read(one)[0] for one in request.several("controls")] == controls
    assert documents.requests(documents.requests(nodes)) == documents.requests(nodes)


def test_ties_are_written_by_the_names_that_people_know() -> None:
    tied = control("Read.", attestEveryDays=14, attestor={"handle": "rita"}, policy={"key": "fairness"})
    asked = sheets.asked(node(controls={"nodes": [tied, control("Counted.")]}))
    assert asked["controls"] == "Read. | every 14 | by rita | policy fairness\nCounted."
    assert asked["criteria"] == "Recall is 0.9. | due 2026-12-20T00:00:00+00:00"


def test_what_began_when_it_was_asked_for_begins_anew_elsewhere() -> None:
    now, later = node(), node(startsAt="2026-11-05T10:00:00+00:00")
    assert [one["startsAt"] for one in documents.requests([now, later])] == [None, "2026-11-05T10:00:00+00:00"]
    (line,) = sheets.read(sheets.written([now]).decode())
    assert (line.cells["starts"], line.cells["covers_from"]) == ("", now["startsAt"])


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (7, "the entry is not an object"),
        (node(policy="recall"), "policy is not an object"),
        (node(model={"name": 7}), "model.name is not a text"),
        (node(reviewEveryDays=True), "reviewEveryDays is not a whole number"),
        (node(controls={"nodes": {}}), "controls.nodes is not a list"),
        (node(controls={"nodes": [control("")]}), "one of the controls says nothing"),
        (node(criteria={"nodes": [None]}), "one of the criteria says nothing"),
    ],
)
def test_an_entry_that_is_none_is_told_and_leaves_the_others(entry: Any, why: str) -> None:
    wrong, well = documents.read(orjson.dumps([entry, node()]).decode())
    assert wrong.wrong.startswith(why)
    assert (well.number, well.wrong, well.lacks) == (2, "", ())


def test_an_entry_lacks_what_a_line_would() -> None:
    (line,) = documents.read('[{"policy": {"key": null}, "model": {"name": "scans"}, "owner": null}]')
    assert line.lacks == ("policy", "justification", "owner", "expires")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[\n{]", "line 2 is no line of a JSON file"),
        ('{"plan-of-action-and-milestones": {}}', "the file holds no list"),
        (orjson.dumps([{}] * 1_001).decode(), "1001 lines; at most 1000 are taken at once"),
    ],
)
def test_json_that_cannot_be_meant_is_refused_as_a_whole(text: str, why: str) -> None:
    assert documents.is_json(text)
    with pytest.raises(Refused, match=why):
        documents.read(text)
