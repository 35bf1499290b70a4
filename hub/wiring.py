"""Registers every concept's reactions and jobs; whatever records events imports it first."""

import hub.approvals.asked.jobs
import hub.approvals.bypass.reactions
import hub.approvals.deadlines.jobs
import hub.approvals.matrix.reactions
import hub.approvals.reactions
import hub.checks.cards
import hub.checks.controls.jobs
import hub.checks.controls.reactions
import hub.checks.dossiers.reactions
import hub.checks.evidence.reactions
import hub.checks.jobs
import hub.checks.reactions
import hub.checks.replays.jobs
import hub.checks.replays.reactions
import hub.checks.revalidation.telling
import hub.checks.validators.jobs
import hub.checks.validators.reactions
import hub.deadlines.jobs
import hub.deployments.jobs
import hub.deployments.reactions
import hub.exceptions.backlog.reactions
import hub.exceptions.deadlines.reactions
import hub.exceptions.deadlines.telling
import hub.exceptions.reactions
import hub.exceptions.suggested.jobs
import hub.exceptions.suggested.reactions
import hub.models.orphans
import hub.policies.changes.reactions
import hub.policies.reactions
import hub.registries.jobs
import hub.summaries.digests.jobs
import hub.summaries.jobs
import hub.summaries.reactions  # noqa: F401
from hub.events.reactions import seal

seal()
