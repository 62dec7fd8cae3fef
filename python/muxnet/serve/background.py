"""What the server does beside requests, again and again, none of it without a watcher."""

import asyncio
import dataclasses
import functools
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Step = Callable[[], Awaitable[None]]
Result = TypeVar("Result")

LONGEST_PAUSE = 10.0  # seconds between two tries of a step that fails
OVERDUE_SECONDS = 60.0  # a step that takes longer is told
THREADS = 8  # more than there are tasks: one that hangs holds up no other

LOG = logging.getLogger("muxnet.serve")


@dataclasses.dataclass
class Task:
    """A step that is done every so many seconds, and how it goes."""

    name: str
    seconds: float
    step: Step
    failures: int = 0
    failing: str = ""  # why the last step failed
    overdue: bool = False  # a step does not end
    wake: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)

    @property
    def trouble(self) -> str:
        """Return what is wrong; empty: nothing."""
        return f"{self.name} does not end" if self.overdue else self.failing


class Background:
    """Runs tasks on the event loop for as long as the server runs.

    A step that fails, whatever it raises, is logged, counted, and tried again after a pause that
    doubles up to ``LONGEST_PAUSE``; one that does not end is logged and shown.
    """

    def __init__(self) -> None:
        self.tasks: dict[str, Task] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._threads = ThreadPoolExecutor(THREADS, "muxnet-background")
        self._calls = 0
        self._stopping = False

    def every(self, seconds: float, name: str, step: Step) -> None:
        """Begin to do ``step`` every so many seconds."""
        self.tasks[name] = task = Task(name, seconds, step)
        self._start(task)

    def wake(self, name: str) -> None:
        """Let a task do its next step now."""
        self.tasks[name].wake.set()

    async def in_thread(self, function: Callable[..., Result], *arguments: object) -> Result:
        """Return what ``function`` returns on a thread that requests have no need of.

        Raises:
            RuntimeError: it wanted to end the process.

        """
        self._calls += 1
        call = asyncio.get_running_loop().run_in_executor(
            self._threads, functools.partial(_tamed, function), *arguments
        )
        call.add_done_callback(self._called)
        return await asyncio.shield(call)

    @property
    def busy(self) -> bool:
        """Whether a thread has not come back."""
        return self._calls > 0

    async def stop(self) -> None:
        """Begin no further step."""
        self._stopping = True
        for running in self._running.values():
            running.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _called(self, call: asyncio.Future[Result]) -> None:
        self._calls -= 1
        if not call.cancelled():
            call.exception()  # whoever waited has it; nobody else has to

    def _start(self, task: Task) -> None:
        running = asyncio.get_running_loop().create_task(self._run(task), name=task.name)
        running.add_done_callback(lambda ended: self._ended(task, ended))
        self._running[task.name] = running

    def _ended(self, task: Task, ended: asyncio.Task[None]) -> None:
        """Start a task again that was ended from outside."""
        if self._stopping:
            return
        cause = None if ended.cancelled() else ended.exception()
        self._failed(task, cause or RuntimeError("ended from outside"))
        self._start(task)

    async def _run(self, task: Task) -> None:
        pause = task.seconds
        while True:
            task.wake.clear()
            if await self._try(task):
                pause = task.seconds
            else:
                pause = max(task.seconds, min(2 * pause, LONGEST_PAUSE))
            try:
                await asyncio.wait_for(task.wake.wait(), pause)
            except TimeoutError:
                continue

    async def _try(self, task: Task) -> bool:
        """Do a step; return whether it went well."""
        loop = asyncio.get_running_loop()
        watch = loop.call_later(OVERDUE_SECONDS, self._overdue, task, time.time())
        try:
            await task.step()
        except Exception as error:
            self._failed(task, error)
            return False
        finally:
            watch.cancel()
            task.overdue = False
        if task.failing:
            task.failing = ""
            LOG.info("background task works again", extra={"fields": {"task": task.name}})
        return True

    def _failed(self, task: Task, error: BaseException) -> None:
        task.failures += 1
        task.failing = f"{type(error).__name__}: {error}"
        fields = {"task": task.name, "failures": task.failures, "reason": task.failing}
        LOG.error("background task failed", extra={"fields": fields}, exc_info=error)

    def _overdue(self, task: Task, began: float) -> None:
        task.overdue = True
        fields = {"task": task.name, "seconds": round(time.time() - began)}
        LOG.error("background task does not end", extra={"fields": fields})


def _tamed(function: Callable[..., Result], *arguments: object) -> Result:
    """Call what may be anybody's code: it must not end the process by ``sys.exit``."""
    try:
        return function(*arguments)
    except Exception:
        raise
    except BaseException as error:
        raise RuntimeError(f"{type(error).__name__}: {error}") from error
