"""The people around an exception."""

import pytest

from hub.db import Db
from tests.exceptions.living import Life
from tests.make import Make


@pytest.fixture
async def life(db: Db, make: Make) -> Life:
    return await Life(db, make).begin()
