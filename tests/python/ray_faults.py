"""What is lost when replicas of ``muxnet serve --ray`` are killed or replaced; prints a table.

``python ray_faults.py``: eight clients ask without a pause; the large model has two replicas.
"""

import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import ray_world
from ray_cluster import Cluster, Load, replicas_of

CLIENTS = 8


def routers() -> list[int]:
    """Return the processes of routers."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(b"ray::ServeReplica:router:router"):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def tell(what: str, load: Load) -> None:
    failed = {status: n for status, n in Counter(load.status).items() if status != 200}
    told = ", ".join(f"{n} with {status}" for status, n in failed.items()) or "none"
    print(f"| {what} | {len(load.status)} | {told} | {load.wrong} | {max(load.seconds):.1f} s |")


def kill(processes: list[int]) -> None:
    for process in processes:
        os.kill(process, signal.SIGKILL)


def under_load(what: str, port: int, step: Callable[[], None], seconds: float = 12) -> None:
    with Load(port, CLIENTS) as load:
        time.sleep(3)
        step()
        time.sleep(seconds)
    tell(what, load)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        with redirect_stdout(sys.stderr):
            cluster = Cluster(Path(folder))
            second = ray_world.write_router(Path(folder) / "second", seconds=0)
        model, port = cluster.router.parent, cluster.port
        print("| killed or replaced | requests | failed | wrong | longest wait |")
        print("|---|---|---|---|---|")
        with cluster.serve(cluster.router, "--ray", "--replicas", "large=2") as ready:
            under_load("nothing", port, lambda: None)
            first = "one replica of the large model, `kill -9`"
            under_load(first, port, lambda: kill(replicas_of(model, "large")[:1]))
            under_load("both at once", port, lambda: kill(replicas_of(model, "large")))
            under_load("the only router, `kill -9`", port, lambda: kill(routers()))
            load = Load(port, CLIENTS).start()
            time.sleep(3)
            with cluster.serve(second, "--ray", ready["ray"], joins=True):
                time.sleep(12)
                load.stop()
            tell("another router by `muxnet serve --ray ADDRESS`", load)
        with cluster.serve(second, "--ray", "--replicas", "router=2"):
            under_load("one router of two, `kill -9`", port, lambda: kill(routers()[:1]))


if __name__ == "__main__":
    main()
