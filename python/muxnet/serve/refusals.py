"""What is refused before it becomes work: counted by its reason, and told in the log, seldom."""

import logging
import time
from collections import Counter

LOG = logging.getLogger("muxnet.serve")
TOLD_EVERY_SECONDS = 10.0


class Refusals:
    """Counts refusals; of each reason the log has one line at once, then one for all that follow.

    So nobody outside can fill a disk with lines of the log.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._untold: Counter[str] = Counter()
        self._next: dict[str, float] = {}
        self._clients: dict[str, str] = {}

    def add(self, reason: str, client: str = "") -> None:
        """Count one, of the peer ``client``."""
        self.counts[reason] += 1
        self._untold[reason] += 1
        self._clients[reason] = client
        now = time.monotonic()
        if now >= self._next.get(reason, 0.0):
            self._tell(reason, now)

    def tell(self) -> None:
        """Tell what came since the last line, where its time has come."""
        now = time.monotonic()
        for reason, count in self._untold.items():
            if count and now >= self._next[reason]:
                self._tell(reason, now)

    def _tell(self, reason: str, now: float) -> None:
        fields = {"reason": reason, "count": self._untold[reason]}
        if self._clients[reason]:
            fields["client"] = self._clients[reason]
        LOG.warning("refused", extra={"fields": fields})
        self._untold[reason] = 0
        self._next[reason] = now + TOLD_EVERY_SECONDS
