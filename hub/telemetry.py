"""What the hub tells about itself: JSON log lines, one operation id from request to job, and figures for Prometheus."""

import logging
import re
import sys
from collections.abc import MutableMapping
from contextvars import ContextVar
from functools import cache
from os import urandom
from typing import Any

import structlog
from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest

OPERATION: ContextVar[str] = ContextVar("operation", default="")
LONGEST_VALUE = 500
LOOKS_SECRET = re.compile(r"(hub_[A-Za-z0-9]{4})[A-Za-z0-9_]+|(://[^:/@\s]+):[^@\s]+@|(Bearer\s+)\S+", re.IGNORECASE)

OPERATIONS = Counter("hub_graphql_operations_total", "GraphQL operations by kind and outcome.", ["kind", "outcome"])
SECONDS = Histogram(
    "hub_graphql_seconds",
    "Seconds that GraphQL operations took.",
    ["kind"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
FAILURES = Counter("hub_failures_total", "Unexpected errors, each with an id in the log.", ["kind"])
JOBS = Counter("hub_jobs_total", "Jobs by lane and outcome.", ["lane", "outcome"])
QUEUE = Gauge("hub_queue_depth", "Jobs that wait, by lane.", ["lane"])
SYNCED = Counter("hub_synced_versions_total", "Model versions seen by syncs.", ["registry"])

log = structlog.get_logger("hub")


def new_operation(given: str | None = None) -> str:
    """Begin an operation in this context: the id that came with it, or a new one."""
    made = given if given is not None and re.fullmatch(r"[A-Za-z0-9._-]{8,64}", given) else urandom(16).hex()
    OPERATION.set(made)
    return made


def start_logging(*, json: bool, level: str) -> None:
    """Send log lines to standard error; JSON for machines, aligned text for people."""
    shown: Any = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _operation,
            structlog.processors.format_exc_info,
            _bounded,
            shown,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _operation(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    operation = OPERATION.get()
    return {**event, "operation": operation} if operation else event


def _bounded(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """No value longer than a line should be, and no secret, whoever put it there; stacks keep their end."""
    return {key: _clean(key, value) for key, value in event.items()}


def _clean(key: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    value = LOOKS_SECRET.sub(lambda m: f"{m[1] or m[2] or m[3]}…", value)
    most = LONGEST_VALUE
    if len(value) <= most:
        return value
    return "…" + value[-3 * most :] if key == "exception" else value[:most] + "…"


@cache
def _figures(kind: str, outcome: str) -> tuple[Counter, Histogram]:
    # Finding a figure by its labels costs more than counting.
    return OPERATIONS.labels(kind, outcome), SECONDS.labels(kind)


class Telemetry:
    """Counts and logs what the door answers."""

    def done(self, kind: str, name: str | None, seconds: float, cost: int, errors: int) -> None:
        counted, timed = _figures(kind, "error" if errors else "ok")
        counted.inc()
        timed.observe(seconds)
        log.debug("graphql", kind=kind, name=name, ms=round(seconds * 1000, 2), cost=cost, errors=errors)

    def failed(self, error: BaseException) -> str:
        """Log an unexpected error; returns the id under which it is found."""
        number = urandom(6).hex()
        FAILURES.labels(type(error).__name__).inc()
        log.error("failed", error_id=number, exc_info=error)
        return number


def exposition() -> bytes:
    """The figures in Prometheus' text format."""
    return generate_latest(REGISTRY)
