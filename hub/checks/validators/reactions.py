"""What is validated when something changes: versions as they are registered or changed, and whatever a policy binds."""

from hub.checks.validators import actions
from hub.db import Tx
from hub.events.reactions import Happened, on


@on("version.registered", "version.changed", "version.returned")
async def validate_versions(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Versions that are new, or whose signature or data sets became known."""
    await actions.validate_versions(tx, {event.subject.id for event in happened})


@on("model.classified", "model.rebound")
async def validate_models(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """Models to which other policies apply."""
    await actions.validate_models(tx, {event.subject.id for event in happened})


@on("policy.published")
async def validate_bound(tx: Tx, happened: tuple[Happened, ...]) -> None:
    """All that a new wording applies to."""
    await actions.validate_policies(tx, {event.subject.id for event in happened})
