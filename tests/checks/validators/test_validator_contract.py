"""What every validator must do, held against each one that is installed."""

import ast
import importlib.util
import json
from dataclasses import asdict
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, get_args

import pytest

from hub.checks.tables import EvidenceKind, Verdict
from hub.checks.validators.port import LONGEST_TIMEOUT_S, Conclusion, Finding, Kind, Validator

PLUGINS = sorted(entry_points(group="hub.checks"), key=lambda plugin: plugin.name)
PORT = "hub.checks.validators.port"
UNKNOWN: dict[str, Any] = {
    "model": {"name": "m", "registry": "r", "tier": "HIGH"},
    "version": {
        "name": "1",
        "digest": "d",
        "artifact_uri": None,
        "code_commit": None,
        "params": {},
        "signature": None,
    },
    "datasets": [],
}
SHAPES = [
    UNKNOWN,
    {**UNKNOWN, "version": {**UNKNOWN["version"], "signature": {"inputs": [{"name": "age", "type": "long"}]}}},
    {**UNKNOWN, "version": {**UNKNOWN["version"], "signature": {"inputs": [{"type": "tensor"}], "outputs": "?"}}},
    {
        **UNKNOWN,
        "datasets": [
            {
                "name": "d",
                "namespace": "n",
                "digest": "",
                "role": "TRAINING",
                "source_kind": None,
                "columns": None,
                "profile": None,
            }
        ],
    },
]


@pytest.fixture(params=PLUGINS, ids=lambda plugin: plugin.name)
def plugin(request: pytest.FixtureRequest) -> EntryPoint:
    found: EntryPoint = request.param
    return found


def test_there_are_plugins() -> None:
    assert "signature" in [plugin.name for plugin in PLUGINS]


def test_the_port_speaks_the_words_of_evidence() -> None:
    assert set(get_args(Kind)) == set(EvidenceKind)
    assert set(get_args(Conclusion)) == set(Verdict)


def test_the_port_and_the_process_import_nothing_else_of_the_hub() -> None:
    for module in (PORT, "hub.checks.validators.child", "hub.checks.validators", "hub.checks"):
        assert [name for name in _imports(module) if name.startswith("hub")] == []


def test_a_plugin_imports_only_the_port_from_the_hub(plugin: EntryPoint) -> None:
    assert [name for name in _imports(plugin.module) if name.startswith("hub") and name != PORT] == []


def test_a_plugin_says_what_it_is(plugin: EntryPoint) -> None:
    validator: Validator = plugin.load()
    assert isinstance(validator, Validator)
    assert validator.name == plugin.name
    assert 0 < validator.timeout_s <= LONGEST_TIMEOUT_S
    assert 0 < len(validator.title) <= 300
    assert validator.kind in set(EvidenceKind)


@pytest.mark.parametrize("document", SHAPES, ids=["nothing", "columns", "tensors", "unknown data"])
def test_a_finding_is_json_with_finite_figures(plugin: EntryPoint, document: dict[str, Any]) -> None:
    before = json.dumps(document, sort_keys=True)
    found = plugin.load().validate(document)
    assert isinstance(found, Finding)
    assert found.verdict in set(Verdict)
    assert json.loads(json.dumps(asdict(found), allow_nan=False)) == asdict(found)
    assert found.verdict != "NONE" or found.figures
    assert json.dumps(document, sort_keys=True) == before


def _imports(module: str) -> list[str]:
    spec = importlib.util.find_spec(module)
    assert spec is not None and spec.origin is not None
    names = []
    for node in ast.walk(ast.parse(Path(spec.origin).read_text())):
        if isinstance(node, ast.Import):
            names += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
    return names
