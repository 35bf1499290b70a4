"""The process in which one validator runs: python -m hub.checks.validators.child NAME, a document on standard input.

Standard output gets the finding as JSON and nothing else: what the validator prints goes to standard error.
"""

import json
import os
import signal
import sys
from dataclasses import asdict
from importlib.metadata import entry_points

MOST_MEMORY_BYTES = 4 * 1024**3
GRACE_S = 5.0
"""Seconds after the time-out at which the process ends by itself: its parent may be gone."""


def main(name: str) -> None:
    """Validate the document, and print what was found."""
    answer = _keep_output()
    (entry,) = [entry for entry in entry_points(group="hub.checks") if entry.name == name][:1]
    validator = entry.load()
    limit(validator.timeout_s)
    found = validator.validate(json.loads(sys.stdin.buffer.read()))
    # A NaN is no JSON; the parent would only find that out later.
    written = json.dumps(asdict(found), allow_nan=False).encode()
    with os.fdopen(answer, "wb") as out:
        out.write(written)


def limit(timeout_s: float) -> None:
    """Bound memory and time, where the system can."""
    if sys.platform == "win32":
        return
    import resource

    seconds = int(timeout_s + GRACE_S) + 1
    # Several threads use up more than a second of processor time in a second.
    _lower(resource.RLIMIT_CPU, seconds * (os.cpu_count() or 1))
    _lower(resource.RLIMIT_AS, MOST_MEMORY_BYTES)
    _lower(resource.RLIMIT_CORE, 0)
    signal.setitimer(signal.ITIMER_REAL, timeout_s + GRACE_S)


def _lower(kind: int, most: int) -> None:
    import resource

    _, hard = resource.getrlimit(kind)
    allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (allowed, allowed))


def _keep_output() -> int:
    """A file for the answer alone; from here on standard output is standard error."""
    answer = os.dup(1)
    os.dup2(2, 1)
    return answer


if __name__ == "__main__":
    main(sys.argv[1])
