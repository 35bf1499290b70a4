"""The case that every test about dossiers begins with."""

import pytest

from hub.db import Db
from tests.checks.dossiers.case import Case
from tests.make import Make


@pytest.fixture
async def case(db: Db, make: Make) -> Case:
    return await Case(db, make).begin()
