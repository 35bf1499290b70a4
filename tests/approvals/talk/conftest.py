"""A request that is discussed."""

import pytest

from hub.db import Db
from tests.approvals.talk.talking import Talk
from tests.make import Make


@pytest.fixture
def talk(db: Db, make: Make) -> Talk:
    return Talk(db, make)
