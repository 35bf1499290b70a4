"""Every table of the hub, so that the metadata is whole: for migrations and for tests."""

from sqlalchemy import MetaData
from sqlmodel import SQLModel

import hub.approvals.tables
import hub.calendars.tables
import hub.checks.tables
import hub.deadlines.tables
import hub.deployments.tables
import hub.events.tables
import hub.exceptions.tables
import hub.lineage.tables
import hub.models.tables
import hub.people.tables
import hub.policies.tables
import hub.registries.tables
import hub.summaries.digests.tables
import hub.summaries.tables  # noqa: F401


def metadata() -> MetaData:
    """The metadata of every table."""
    return SQLModel.metadata
