"""What the clock asks at each tick, put together from the concepts."""

import importlib
import importlib.util
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.ticking import Ask

CONCEPTS = (
    "hub.registries.jobs",
    "hub.checks.jobs",
    "hub.exceptions.attachments.uploads.jobs",
    "hub.deployments.jobs",
    "hub.approvals.deadlines.jobs",
    "hub.deadlines.jobs",
    "hub.summaries.jobs",
    "hub.summaries.digests.jobs",
)
"""Modules with a `due(db, at)`."""


def duties() -> "dict[str, Ask]":
    """Who is asked at each tick, by name."""
    found: dict[str, Ask] = {}
    for name in CONCEPTS:
        if importlib.util.find_spec(name) is not None:
            found[name] = importlib.import_module(name).due
    return found
