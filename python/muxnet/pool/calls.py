"""Calling anybody's function: sync or async, with a batch or with one input at a time."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import inspect
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from muxnet.base.errors import error_text
from muxnet.base.masked import require_unmasked

# Inputs as their data has them: images f32 (n, c, h, w), vectors f32 (n, d), or a list of texts or
# of any objects.
Inputs: TypeAlias = "NDArray[np.float32] | Sequence[object]"
Function: TypeAlias = Callable[..., object]
Predict: TypeAlias = Callable[..., object]  # from a batch of inputs to answers


def as_answers(value: object, where: str = "answers") -> NDArray[np.float32]:
    """Return what a function gave as f32: arrays, PyTorch tensors on any device, lists of either.

    Raises:
        ValueError, TypeError: no numbers, masked ones, or rows of different lengths.

    """
    require_unmasked(where, value)
    torch = sys.modules.get("torch")
    if torch is not None:
        if isinstance(value, torch.Tensor):
            value = value.detach().cpu().float().numpy()
        elif isinstance(value, (list, tuple)) and any(
            isinstance(v, (torch.Tensor, list, tuple)) for v in value
        ):
            value = [as_answers(row, where) for row in value]
    return np.ascontiguousarray(value, dtype=np.float32)


@contextlib.contextmanager
def exits_told(*passing: type[BaseException]) -> Iterator[None]:
    """Raise as an error what would end this process, as ``sys.exit`` in anybody's function.

    Raises:
        RuntimeError: anything but an error, Ctrl-C and ``passing`` was raised.

    """
    through: tuple[type[BaseException], ...] = (Exception, KeyboardInterrupt, *passing)
    try:
        yield
    except through:
        raise
    except BaseException as error:
        raise RuntimeError(f"it raised {type(error).__name__}: {error}") from error


class Calls:
    """A function behind one call, from a batch of inputs to what it answers to them.

    Args:
        function: from a batch, or from one input where ``one`` is given; a coroutine function
            too, which is given ``at_once`` inputs of a batch at a time where it takes one.
        one: it takes one input at a time and gives one row.
        at_once: inputs that an async function of one input works on at the same time.
        timeout_s: the longest that a call may take; 0: as long as it likes.

    Raises:
        TimeoutError: a call took longer. A function that is not async goes on in its thread.

    """

    def __init__(
        self,
        function: Function,
        *,
        one: bool = False,
        at_once: int = 1,
        timeout_s: float = 0.0,
    ) -> None:
        self.function = function
        self._one = one
        self._at_once = at_once
        self._timeout = timeout_s
        call = getattr(type(function), "__call__", None)  # noqa: B004  # that of the class
        self._is_async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._starting = threading.Lock()

    def __call__(self, inputs: Inputs) -> object:
        """Return the answers to a batch."""
        if self._is_async:
            work = self._each(inputs) if self._one else self._within(self._await(inputs))
            return asyncio.run_coroutine_threadsafe(work, self._running_loop()).result()
        if not self._one:
            return self._in_time(inputs)
        return [self._in_time(one) for one in inputs]

    def _in_time(self, given: object) -> object:
        if not self._timeout:
            return self.function(given)
        found: concurrent.futures.Future[object] = concurrent.futures.Future()

        def work() -> None:
            try:
                found.set_result(self.function(given))
            except BaseException as error:
                found.set_exception(error)

        # A thread of its own, which does not keep the process from its end where it hangs.
        threading.Thread(target=work, name="muxnet call", daemon=True).start()
        try:
            return found.result(self._timeout)
        except concurrent.futures.TimeoutError as error:
            if found.done():
                raise  # the function's own
            raise self._late() from error

    async def _each(self, inputs: Inputs) -> list[object]:
        room = asyncio.Semaphore(self._at_once)

        async def answer(one: object) -> object:
            async with room:
                return await self._within(self._await(one))

        tasks = [asyncio.ensure_future(answer(one)) for one in inputs]
        try:
            return list(await asyncio.gather(*tasks))
        finally:
            for task in tasks:
                task.cancel()

    async def _await(self, given: object) -> object:
        # An exit would end the loop of all calls.
        with exits_told(GeneratorExit, asyncio.CancelledError):
            made = self.function(given)
            return await made if inspect.isawaitable(made) else made

    async def _within(self, work: Coroutine[None, None, object]) -> object:
        if not self._timeout:
            return await work
        task = asyncio.ensure_future(work)
        done, _ = await asyncio.wait({task}, timeout=self._timeout)
        if not done:
            task.cancel()
            raise self._late()
        return task.result()

    def _late(self) -> TimeoutError:
        expected = f"an answer within {self._timeout:g} s"
        return TimeoutError(error_text("timeout_s", expected, "none yet"))

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        """Return one loop for all calls: what a function keeps open belongs to its loop."""
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, daemon=True).start()
            return self._loop
