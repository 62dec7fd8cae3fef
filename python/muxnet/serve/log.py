"""The server's log: lines of JSON."""

import json
import logging
import sys
import time

LOG = logging.getLogger("muxnet.serve")


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = {
            "time": round(time.time(), 3),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            fields["trace"] = self.formatException(record.exc_info)
        return json.dumps(fields)


def configure_logging() -> None:
    """Write the log as JSON lines to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name in ("muxnet.serve", "opentelemetry"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.INFO if name == "muxnet.serve" else logging.WARNING)


def event(text: str, **fields: object) -> None:
    """Log something that happened, with its values."""
    LOG.info(text, extra={"fields": fields})
