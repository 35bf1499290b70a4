"""Tables line up by what a terminal shows."""

from hub.cli.gate.inert import columns
from hub.cli.printing import aligned


def test_columns_line_up_where_letters_are_wide_or_show_nothing() -> None:
    rows = [("審査", 1), ("e\u0301te\u0301", 2), ("plain", None)]
    lines = aligned(("NAME", "N"), rows)
    assert [line.split()[-1] for line in lines] == ["N", "1", "2", "-"]
    assert {columns(line) for line in lines} == {len("plain  N")}


def test_heads_are_in_capitals_and_nothing_is_a_dash() -> None:
    assert aligned(("what", "it says"), [("note", ""), ("owner", None), ("tags", []), ("count", 0)]) == [
        "WHAT   IT SAYS",
        "note   -",
        "owner  -",
        "tags   -",
        "count  0",
    ]
