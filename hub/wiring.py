"""Registers every concept's reactions and jobs; whatever records events imports it first."""

import hub.checks.jobs
import hub.checks.reactions
import hub.policies.reactions
import hub.registries.jobs  # noqa: F401
from hub.events.reactions import seal

seal()
