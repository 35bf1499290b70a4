"""An emergency for each test."""

import pytest

from hub.db import Db
from tests.approvals.bypass.emergencies import Emergency
from tests.make import Make


@pytest.fixture
async def fire(db: Db, make: Make) -> Emergency:
    return await Emergency(db, make).begin()
