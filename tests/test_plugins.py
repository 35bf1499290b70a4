"""Plugins by entry point."""

from importlib.metadata import EntryPoint

import pytest

from hub import plugins
from hub.errors import Code, Refused


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [
        EntryPoint("whole", "json:dumps", plugins.CHANNELS),
        EntryPoint("broken", "no_such_module_anywhere:channel", plugins.CHANNELS),
        EntryPoint("half", "json:no_such_thing", plugins.CHANNELS),
        EntryPoint("whole", "json:loads", plugins.CHANNELS),
    ]
    monkeypatch.setattr(plugins, "entry_points", lambda group: [one for one in entries if one.group == group])


def test_the_mlflow_adapter_is_on() -> None:
    (mlflow,) = [plugin for plugin in plugins.found(plugins.REGISTRIES) if plugin.name == "mlflow"]
    assert (mlflow.value, mlflow.why) == ("integrations.mlflow:adapter", None)
    assert callable(mlflow.load())


def test_one_that_fails_to_import_is_off_with_the_reason(installed: None) -> None:
    found = {plugin.name: plugin for plugin in plugins.found(plugins.CHANNELS)}
    assert list(found) == ["broken", "half", "whole"]
    assert found["broken"].why == "ModuleNotFoundError: No module named 'no_such_module_anywhere'"
    assert found["half"].why == "AttributeError: module 'json' has no attribute 'no_such_thing'"
    assert found["whole"].why is None
    assert found["whole"].load()([1]) == "[1]"
    with pytest.raises(Refused) as refused:
        found["broken"].load()
    assert refused.value.code is Code.OFF
    assert refused.value.why.startswith("the plugin broken (no_such_module_anywhere:channel) is off: ModuleNotFound")


def test_one_that_is_not_installed_is_refused_with_those_that_are(installed: None) -> None:
    with pytest.raises(Refused) as refused:
        plugins.one(plugins.CHANNELS, "pager", field="kind")
    assert (refused.value.code, refused.value.field) == (Code.BAD_INPUT, "kind")
    assert refused.value.why == "no plugin 'pager' is installed for hub.channels; there are: broken, half, whole"
    with pytest.raises(Refused) as refused:
        plugins.one(plugins.REGISTRIES, "pager")
    assert refused.value.why.endswith("there are: none")
