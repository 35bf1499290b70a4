"""PostgreSQL inside the hub's own data folder: laid out, started, watched and stopped together with the hub.

A data folder holds `postgres/` (the data), `postgres.log`, `socket/` (the only door, open to its owner alone), `format`
(the folder's layout) and `hub.lock` (who uses it now). `postgres` and `socket` may be links, see place.py.
"""

from hub.embedded.server import Embedded

__all__ = ["Embedded"]
