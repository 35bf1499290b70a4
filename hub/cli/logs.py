"""Libraries' own log lines, in the hub's form."""

import logging

_OWN = "Exception while processing entrypoint"
"""What the queue says of a failed job; the worker has said it before, with an error id."""


class _Bridge(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        from hub.telemetry import log

        text = record.getMessage()
        if not (record.name == "pgqueuer" and text.startswith((_OWN, "Retry requested"))):
            log.log(record.levelno, text, logger=record.name, exc_info=record.exc_info)


def bridge() -> None:
    """Pass on warnings and worse of every library."""
    root = logging.getLogger()
    if not any(isinstance(handler, _Bridge) for handler in root.handlers):
        root.addHandler(_Bridge(level=logging.WARNING))
