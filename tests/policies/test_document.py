"""What a rule may look at is written down for those who write rules."""

import re
from pathlib import Path

from hub.policies.cel import compile_rule
from hub.policies.document import EACH, FIELDS, VARIABLES

PAGE = (Path(__file__).parents[2] / "docs" / "policies.md").read_text()
ROWS = [line for line in PAGE.splitlines() if line.startswith("| `")]


def test_every_variable_and_field_is_described() -> None:
    named = set(re.findall(r"`(\w+)`", "\n".join(ROWS)))
    fields = {field for known in (FIELDS, EACH) for of in known.values() for field in of}
    assert {*VARIABLES, *fields} - named - set(re.findall(r"`(\w+)`", PAGE)) == set()


def test_every_row_has_an_example_that_compiles() -> None:
    for row in ROWS:
        if row.count(" | ") >= 2:
            example = re.search(r"`([^`]+)` \|$", row)
            assert example is not None, row
            compile_rule(example.group(1).replace(r"\|", "|"))


def test_every_field_may_be_asked_for() -> None:
    for variable, fields in FIELDS.items():
        for field in fields:
            compile_rule(f"has({variable}.{field})")
    for field in EACH["evidence"]:
        compile_rule(f"has(evidence.load.{field})")
    for field in EACH["datasets"]:
        compile_rule(f"datasets.all(d, has(d.{field}))")
