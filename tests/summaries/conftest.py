"""One policy, one model, one owner: what most histories are about."""

import pytest

from hub.db import Db
from tests.make import Make
from tests.summaries.past import Past


@pytest.fixture
async def past(db: Db, make: Make) -> Past:
    """Tells of exceptions of a HIGH model without a team."""
    return Past(db, await make.policy(), await make.model(), await make.person("olga"))
