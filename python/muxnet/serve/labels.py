"""Accuracy in service, by labels that come back."""

import dataclasses
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MOST_LABELS = 10_000  # of one request
REMEMBERED = 100_000  # inputs


@dataclasses.dataclass
class Tally:
    """Labels that came back for answers of one version."""

    labelled: int = 0
    right: int = 0


class Labels:
    """Knows what the router's last inputs were answered, and counts who was right.

    Inputs have rising numbers; of each, one label counts.
    """

    def __init__(self, room: int = REMEMBERED) -> None:
        self._inputs = np.full(room, -1, np.int64)
        self._answers = np.zeros(room, np.int32)
        self._versions = np.zeros(room, np.int64)
        self.by_version: dict[int, Tally] = defaultdict(Tally)

    def remember(self, first_input: int, answers: Sequence[int], version: int) -> None:
        """Keep the answers to inputs ``first_input`` and the following."""
        inputs = first_input + np.arange(len(answers), dtype=np.int64)
        places = inputs % len(self._inputs)
        self._inputs[places] = inputs
        self._answers[places] = answers
        self._versions[places] = version

    def learn(self, inputs: NDArray[np.int64], labels: NDArray[np.int64]) -> int:
        """Count the labels of inputs; return of how many the answers were still known."""
        known = 0
        for number, label in zip(inputs.tolist(), labels.tolist(), strict=True):
            place = number % len(self._inputs)
            if self._inputs[place] != number:
                continue
            self._inputs[place] = -1
            tally = self.by_version[int(self._versions[place])]
            tally.labelled += 1
            tally.right += int(self._answers[place] == label)
            known += 1
        return known

    def status(self, version: int) -> Tally:
        """Return the counts of one version."""
        return self.by_version.get(version, Tally())
