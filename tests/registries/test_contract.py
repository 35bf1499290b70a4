"""What every registry plugin must do, held against each one that is installed."""

import ast
import importlib.util
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest
from hostile import Answer, Hostile, html, says

from hub.errors import Dead, Retry
from hub.registries.adapter import Adapter, AdapterConfig, Bearer, Factory

PLUGINS = sorted(entry_points(group="hub.registries"), key=lambda plugin: plugin.name)
SECRET = "s3cr3t-t0ken"
PORT = ("hub.errors", "hub.registries.adapter", "hub.registries.bounds", "hub.registries.times", "hub.registries.wire")


@pytest.fixture(params=PLUGINS, ids=lambda plugin: plugin.name)
def plugin(request: pytest.FixtureRequest) -> EntryPoint:
    found: EntryPoint = request.param
    return found


async def no_pause(seconds: float) -> None:
    """Stands in for sleeping."""


def opened(plugin: EntryPoint, address: str) -> Adapter:
    factory: Factory = plugin.load()
    return factory(AdapterConfig(key="lab", base_url=address, credentials=Bearer(SECRET), sleep=no_pause))


def modules_of(plugin: EntryPoint) -> list[Path]:
    found = importlib.util.find_spec(plugin.module)
    assert found is not None and found.origin is not None
    origin = Path(found.origin)
    return sorted(origin.parent.glob("*.py")) if origin.name == "__init__.py" else [origin]


def imported(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names):
            return [name.name for name in names]
        case ast.ImportFrom(module, names) if module in ("hub", "hub.registries", "integrations"):
            return [f"{module}.{name.name}" for name in names]
        case ast.ImportFrom(module):
            return [module or ""]
    return []


def test_there_are_plugins() -> None:
    assert "mlflow" in [plugin.name for plugin in PLUGINS]


def test_a_plugin_imports_only_the_port_from_the_hub(plugin: EntryPoint) -> None:
    for module in modules_of(plugin):
        for node in ast.walk(ast.parse(module.read_text())):
            for name in imported(node):
                assert not name.startswith("hub") or name in PORT, f"{module.name} imports {name}"
                assert not name.startswith("integrations") or name.startswith(plugin.module), f"{module.name}: {name}"


async def test_a_plugin_names_its_kind_and_scope(plugin: EntryPoint) -> None:
    one, other = opened(plugin, "http://one.example"), opened(plugin, "http://two.example")
    assert one.kind == plugin.name
    assert one.scope != other.scope
    assert SECRET not in one.scope + repr(one)


async def test_an_address_that_is_none_is_dead_before_any_call(plugin: EntryPoint) -> None:
    with pytest.raises(Dead):
        opened(plugin, "file:///etc/passwd")


@pytest.mark.parametrize("answer", [says({}, 401), says({}, 403), html(), says(b"[" * 200_000)])
async def test_what_a_person_must_mend_is_dead_and_tells_no_secret(
    plugin: EntryPoint, hostile: Hostile, answer: Answer
) -> None:
    hostile.otherwise = answer
    async with opened(plugin, hostile.url) as registry:
        probe = await registry.probe()
        for sweep in (registry.models(), registry.versions()):
            with pytest.raises(Dead) as dead:
                async for _ in sweep:
                    pass
            assert SECRET not in dead.value.why
    assert (probe.reachable, probe.authenticated) == (True, False)
    assert probe.why and SECRET not in probe.why


@pytest.mark.parametrize("answer", [says({}, 500), says({}, 429), says(b"{")])
async def test_what_may_pass_is_for_a_later_try(plugin: EntryPoint, hostile: Hostile, answer: Answer) -> None:
    hostile.otherwise = answer
    async with opened(plugin, hostile.url) as registry:
        for sweep in (registry.models(), registry.versions()):
            with pytest.raises(Retry):
                async for _ in sweep:
                    pass


async def test_nothing_answers_at_the_address(plugin: EntryPoint) -> None:
    async with opened(plugin, "http://127.0.0.1:1") as registry:
        probe = await registry.probe()
        with pytest.raises(Retry):
            async for _ in registry.models():
                pass
    assert (probe.reachable, probe.authenticated) == (False, False)


async def test_no_versions_need_no_details(plugin: EntryPoint, hostile: Hostile) -> None:
    async with opened(plugin, hostile.url) as registry:
        assert [page async for page in registry.details([])] == []
    assert hostile.asked == []
