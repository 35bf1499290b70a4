"""The house's own rules, held by a machine: where SQL may stand, who commits, how long a file may be."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*(ROOT / "hub").rglob("*.py"), *(ROOT / "integrations").rglob("*.py")])
LONGEST = 400

SQL = re.compile(r"\b(SELECT\s+[\w(*]|INSERT\s+INTO\b|UPDATE\s+\w+\s+SET\b|DELETE\s+FROM\b|TRUNCATE\s+\w)")
SQL_MAY_STAND = re.compile(
    r"^hub/((\w+/)+store\.py|graph/\w+\.py|(\w+/)+graph\.py|models/visible\.py|trail\.py|db\.py|statements\.py|migrate\.py"
    r"|embedded/\w+\.py|worker\.py|queue_line\.py|app\.py|sockets\.py)$"
)
"""Stores and the read engine with the types that feed it; the rest asks the server about itself, not about rows."""

TRANSACTIONS = re.compile(r"\.(commit|begin|begin_nested|rollback|transaction)\(")
MAY_COMMIT = {"hub/db.py", "hub/migrate.py"}

NAMES_OF_NOTHING = {"utils", "helpers", "manager", "service", "base", "common", "misc", "util"}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """String constants that are no docstrings, with f-strings joined."""
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.lineno, node.value


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_sql_stands_in_stores_and_the_read_engine_only(path: Path) -> None:
    if SQL_MAY_STAND.match(name(path)):
        return
    tree = ast.parse(path.read_text())
    assert [(line, text[:60]) for line, text in texts(tree) if SQL.search(text)] == []


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_only_db_opens_and_commits_transactions(path: Path) -> None:
    if name(path) in MAY_COMMIT:
        return
    lines = path.read_text().splitlines()
    assert [(at, line.strip()) for at, line in enumerate(lines, 1) if TRANSACTIONS.search(line)] == []


@pytest.mark.parametrize(
    "path", sorted([*SOURCES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "bench").rglob("*.py")]), ids=name
)
def test_no_file_is_longer_than_a_reader_bears(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_file_is_named_after_nothing(path: Path) -> None:
    assert path.stem not in NAMES_OF_NOTHING


def test_the_rule_about_sql_sees_sql() -> None:
    tree = ast.parse('"""SELECT 1 in a docstring."""\nx = "select it"\ny = f"SELECT {x} FROM t"\nz = "DELETE FROM t"\n')
    assert [line for line, text in texts(tree) if SQL.search(text)] == [4]
    assert TRANSACTIONS.search("async with session.begin():")


def test_what_is_public_has_a_docstring() -> None:
    wanting = []
    for path in SOURCES:
        tree = ast.parse(path.read_text())
        if ast.get_docstring(tree) is None and tree.body:
            wanting.append(name(path))
    assert wanting == []
