"""Models asked on a Ray cluster: one worker a core, which opens them once."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from muxnet.base.cluster import Cluster
from muxnet.base.errors import UserError, error_text
from muxnet.base.fingerprint import Known, require_same
from muxnet.base.machine import set_threads
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.collect import Answers, Failure, Found, Piece, Shown, answer, shown
from muxnet.pool.inputs import Inputs
from muxnet.pool.model_identity import identities
from muxnet.pool.model_list import Fields, open_models

ATTEMPTS = 3  # at a piece, or at opening the models, before it is given up


class _Worker:
    """The models in a process of the cluster, on one thread."""

    def open(self, entries: Sequence[Fields], where: str, known: Mapping[str, Known]) -> None:
        set_threads(1)
        models = open_models(entries, where, threads=1)
        mine = {name: identity.known for name, identity in identities(models).items()}
        require_same(known, mine, where, "the models of the machine that asks")
        self._models = {model.name: model for model in models}

    def answer(self, names: Sequence[str], batch: Shown) -> tuple[Answers, Failure | None]:
        models: list[ForeignModel] = [self._models[name] for name in names]
        answers, failure = answer(models, batch)
        # An exception of anybody's need not bear the way back.
        return answers, failure and dataclasses.replace(failure, cause=None)


class _Call(Protocol):
    def remote(self, *arguments: object) -> object:
        """Begin the call and return its future."""


class _Remote(Protocol):
    """A worker on the cluster, as this process sees it."""

    open: _Call
    answer: _Call


class RayAsk:
    """Answers pieces on a cluster; a worker that dies costs the piece it was on, run again.

    Args:
        cluster: where to run.
        entries: the models, from ``describe_models``.
        where: the file that lists them, for error texts.
        models: the same, as this process opened them.

    """

    def __init__(
        self,
        cluster: Cluster,
        entries: Sequence[Fields],
        where: str,
        models: Sequence[ForeignModel],
    ) -> None:
        self._ray = cluster.ray
        self._cores = cluster.cores
        known = {name: identity.known for name, identity in identities(models).items()}
        self._opening = (list(entries), where, known)
        self._asked = {model.name: model for model in models}
        self._remote = self._ray.remote(num_cpus=1)(_Worker)
        self._jobs: dict[object, tuple[_Remote, Piece | None]] = {}  # no piece: opening its models
        self._idle: list[_Remote] = []

    def __call__(self, inputs: Inputs, pieces: Sequence[Piece]) -> Iterator[Found]:
        """Give the pieces back as they are answered.

        Raises:
            UserError: models that do not open on the cluster, a piece that kills its workers.

        """
        waiting = collections.deque(pieces)
        left = len(pieces)
        deaths: collections.Counter[Piece | None] = collections.Counter()
        for _ in range(min(self._cores, left)):
            self._hire()
        while left:
            while waiting and self._idle:
                self._give(inputs, waiting.popleft(), self._idle.pop())
            (future,), _ = self._ray.wait(list(self._jobs), num_returns=1)
            worker, piece = self._jobs.pop(future)
            try:
                found = self._ray.get(future)
            except self._ray.exceptions.RayTaskError as error:
                raise UserError(f"[--ray] on a worker: {error.cause}") from error
            except self._ray.exceptions.RayError as error:
                deaths[piece] += 1
                self._bury(worker, piece, deaths[piece], error)
                if piece is not None:
                    waiting.appendleft(piece)
                continue
            deaths[None] = 0
            self._idle.append(worker)
            if piece is not None:
                left -= 1
                yield piece, *found

    def _hire(self) -> None:
        worker = self._remote.remote()
        self._jobs[worker.open.remote(*self._opening)] = (worker, None)

    def _give(self, inputs: Inputs, piece: Piece, worker: _Remote) -> None:
        batch = shown(inputs, piece, [self._asked[name] for name in piece.names])
        self._jobs[worker.answer.remote(piece.names, batch)] = (worker, piece)

    def _bury(self, worker: _Remote, piece: Piece | None, deaths: int, error: Exception) -> None:
        """Put another worker in the place of one that died, or whose answer is lost."""
        if deaths >= ATTEMPTS:
            work = "open the models"
            if piece is not None:
                work = f"answer inputs {piece.start} to {piece.end - 1}"
            received = f"{type(error).__name__}, {deaths} times"
            raise UserError(error_text("--ray", f"a worker that lives to {work}", received))
        self._ray.kill(worker)
        self._hire()
