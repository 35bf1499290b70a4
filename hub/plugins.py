"""Plugins by entry point: found without being imported, loaded when first needed, off with a reason when they fail."""

from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from hub.errors import Code, Refused

REGISTRIES = "hub.registries"
CHANNELS = "hub.channels"
CHECKS = "hub.checks"
LONGEST_WHY = 500


@dataclass(slots=True)
class Plugin:
    """One entry point: its name, and where its object is (`module:object`)."""

    name: str
    value: str
    _entry: EntryPoint = field(repr=False)
    _loaded: Any = field(default=None, repr=False)
    _why: str | None = field(default=None, repr=False)

    @property
    def why(self) -> str | None:
        """Why this plugin is off; None when it is on. The first look imports it."""
        if self._loaded is None and self._why is None:
            try:
                self._loaded = self._entry.load()
            # Whatever a foreign module raises while it is imported, the hub goes on without it.
            except (Exception, SystemExit) as fault:
                self._why = f"{type(fault).__name__}: {fault}"[:LONGEST_WHY]
        return self._why

    def load(self) -> Any:
        """The object that the entry point names. Refuses when its module cannot be imported."""
        if self.why is not None:
            raise Refused(Code.OFF, f"the plugin {self.name} ({self.value}) is off: {self.why}")
        return self._loaded


def found(group: str) -> list[Plugin]:
    """Every installed plugin of a group, by name; of two with one name the first by value."""
    by_name: dict[str, Plugin] = {}
    for entry in sorted(entry_points(group=group), key=lambda entry: (entry.name, entry.value)):
        by_name.setdefault(entry.name, Plugin(entry.name, entry.value, entry))
    return list(by_name.values())


def one(group: str, name: str, *, field: str | None = None) -> Plugin:
    """The plugin of this name. Refuses one that is not installed, and says which are."""
    plugins = {plugin.name: plugin for plugin in found(group)}
    if name not in plugins:
        there = ", ".join(plugins) or "none"
        raise Refused(
            Code.BAD_INPUT, f"no plugin {name[:80]!r} is installed for {group}; there are: {there}", field=field
        )
    return plugins[name]
