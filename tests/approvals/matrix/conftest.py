"""What tests of the matrix may ask for beside the rest: those who propose and sign."""

import pytest

from hub.db import Db
from tests.approvals.matrix.desk import Desk
from tests.make import Make


@pytest.fixture
async def desk(db: Db, make: Make) -> Desk:
    return await Desk(db, make).begin()
