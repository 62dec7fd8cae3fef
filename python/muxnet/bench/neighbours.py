"""Other work on the same machine, as users' machines have it."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator

# Ends with the process that wanted it, however that ends.
COUNTING = """
import os
parent = os.getppid()
while os.getppid() == parent:
    for _ in range(1_000_000):
        pass
"""


@contextlib.contextmanager
def busy_neighbours(count: int) -> Iterator[None]:
    """Keep ``count`` processes counting beside what the block does."""
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            process = subprocess.Popen([sys.executable, "-I", "-S", "-c", COUNTING])
            stack.callback(process.wait)
            stack.callback(process.kill)
        yield


def beside_text(count: int) -> str:
    """Say what ran beside, where anything did, to be put behind a sentence."""
    return f", beside {count} busy process{'' if count == 1 else 'es'}" if count else ""
