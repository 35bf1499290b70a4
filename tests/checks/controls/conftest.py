"""An exception with a control to follow."""

import pytest

from hub.db import Db
from tests.checks.controls.controlled import Controlled
from tests.make import Make


@pytest.fixture
async def controlled(db: Db, make: Make) -> Controlled:
    return await Controlled(db, make).begin()
