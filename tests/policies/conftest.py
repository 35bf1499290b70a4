"""What tests of policies may ask for beside the rest: two people who write policies, and their desk."""

import pytest

from hub.db import Db
from hub.people.access import Principal
from hub.people.tables import Role
from tests.make import Make
from tests.policies.desk import Desk


@pytest.fixture
def desk(db: Db, make: Make) -> Desk:
    return Desk(db, make)


@pytest.fixture
async def ada(make: Make) -> Principal:
    return await make.person("ada", Role.POLICY_OWNER)


@pytest.fixture
async def ben(make: Make) -> Principal:
    return await make.person("ben", Role.POLICY_OWNER)
