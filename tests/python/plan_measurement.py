"""Holds ``muxnet plan`` against ``muxnet serve``; prints a line for each load.

``python plan_measurement.py [WORKERS] [SECONDS]``: two models that sleep for as long as their
batches are said to take, so that the figures are of queues, batches and protocol, and stand on a
machine with other work too. WORKERS is 1, a replica that hosts both, or 2: as a function runs one
batch at a time, each model then has a worker of its own.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from muxnet import cli
from muxnet.bench.http_load import closed_loop, due_times, open_loop
from muxnet.bench.server_process import start_server
from muxnet.outcomes.table_files import read_outcomes
from muxnet.plan.arrivals import Arrivals
from muxnet.plan.batches import BatchLatency
from muxnet.plan.routes import routes_of
from muxnet.plan.sizing import Fleet, Options
from muxnet.plan.stations import Station
from muxnet.pool.router_folder import load_router

TIMES = {"small": (4, 1), "large": (20, 5)}  # ms of a batch, and of each of its inputs
ACCURACIES = (0.75, 0.95)
LOADS = (0.3, 0.6)  # of the capacity
NEVER = 1e9  # ms
PROGRAM = """import time
import numpy as np


def shares(rows, fixed, each):
    time.sleep((fixed + each * len(rows)) / 1000)
    rows = np.abs(rows) + 1e-9
    return rows / rows.sum(axis=1, keepdims=True)


def small(rows):
    return shares(rows[:, :3], {small[0]}, {small[1]})


def large(rows):
    return shares(rows[:, 3:], {large[0]}, {large[1]})
"""


def write_inputs(path: Path, seed: int, rows: int = 1500) -> np.ndarray:
    """Write vectors that hold what either model answers, and labels."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, rows)
    vectors = np.empty((rows, 6), np.float32)
    for model, accuracy in enumerate(ACCURACIES):
        right = random.random(rows) < accuracy
        said = np.where(right, labels, (labels + random.integers(1, 3, rows)) % 3)
        sure = np.where(right, 0.75, 0.5) + 0.24 * random.random(rows)
        own = vectors[:, 3 * model : 3 * model + 3]
        own[:] = (1 - sure[:, None]) / 2
        np.put_along_axis(own, said[:, None], sure[:, None].astype(np.float32), axis=1)
    np.savez(path, features=vectors, labels=labels)
    return vectors


def make_router(folder: Path) -> np.ndarray:
    """Leave a router and the outcomes of inputs that it has not seen; return those inputs."""
    text = PROGRAM
    for name, (fixed, each) in TIMES.items():
        text = text.replace(f"{{{name}[0]}}", str(fixed)).replace(f"{{{name}[1]}}", str(each))
    (folder / "sleepers.py").write_text(text)
    entries = [
        {"name": name, "callable": f"sleepers:{name}", "cost": fixed + each}
        for name, (fixed, each) in TIMES.items()
    ]
    models = folder / "models.json"
    models.write_text(json.dumps(entries))
    for seed, part in enumerate(("held_out", "test")):
        inputs = write_inputs(folder / f"{part}.npz", seed)
        table = str(folder / f"{part}.safetensors")
        data = ["--data", str(folder / f"{part}.npz"), "--out", table]
        assert cli.main(["collect", "--models", str(models), *data]) == 0
    wanted = ["--models", str(models), "--out", str(folder / "router")]
    assert cli.main(["fit", str(folder / "held_out.safetensors"), *wanted]) == 0
    return inputs


def request(row: np.ndarray) -> bytes:
    """Return a request of one input."""
    content = row.tobytes()
    tensor = {"name": "features", "shape": [1, len(row)], "datatype": "FP32"}
    tensor["parameters"] = {"binary_data_size": len(content)}
    parameters = {"binary_data_output": True}
    head = json.dumps({"inputs": [tensor], "parameters": parameters}).encode()
    lines = (
        "POST /v2/models/router/infer HTTP/1.1",
        "Host: localhost",
        f"Content-Length: {len(head) + len(content)}",
        f"Inference-Header-Content-Length: {len(head)}",
        "Content-Type: application/octet-stream",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + head + content


def slept(milliseconds: float, turns: int = 15) -> float:
    """Return what a sleep of so long takes here."""
    times = []
    for _ in range(turns):
        start = time.perf_counter()
        time.sleep(milliseconds / 1000)
        times.append(1000 * (time.perf_counter() - start))
    return float(np.median(times))


def stations_of(workers: int) -> list[Station]:
    """Return a replica that hosts both models, or one of each; their batches are measured here."""
    sizes = [1 << power for power in range(6)]
    found = {
        name: BatchLatency.measured([(n, slept(fixed + each * n)) for n in sizes], name)
        for name, (fixed, each) in TIMES.items()
    }
    hosted = [found] if workers == 1 else [{name: ms} for name, ms in found.items()]
    return [
        Station(" and ".join(own), own, 1.0, {name: ms.paying(32) for name, ms in own.items()})
        for own in hosted
    ]


def main(workers: int, seconds: float) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        inputs, stations = make_router(folder), stations_of(workers)
        routes = routes_of(
            load_router(folder / "router"), read_outcomes(folder / "test.safetensors")["all"]
        )

        def planned(rate, overhead):
            options = Options(NEVER, overhead_ms=overhead)
            return Fleet(stations, routes, Arrivals(rate), options).trial((1,) * len(stations))

        order = np.random.default_rng(0).permutation(len(inputs))
        requests = [request(inputs[i]) for i in order]
        with start_server(folder / "router", "--workers", str(workers)) as (_, ready):
            port = ready["http_port"]
            alone = closed_loop(port, requests, seconds / 5, 1).quantile_ms(0.5)
            overhead = max(0.0, alone - planned(0.5, 0.0).p50)
            tally = closed_loop(port, requests, seconds / 5, 64)
            capacity = tally.answered / tally.seconds
            print(f"{capacity:.0f} requests a second; overhead {overhead:.2f} ms")
            for load in LOADS:
                served = open_loop(port, requests, due_times(seconds, load * capacity))
                found = planned(load * capacity, overhead)
                print(f"{load} x, {served.answered} answered, {served.failed} failed")
                for title, quantile, ms in (("p50", 0.5, found.p50), ("p99", 0.99, found.p99)):
                    own = served.quantile_ms(quantile)
                    print(f"  {title}: served {own:.1f} ms, plan {ms:.1f} ({ms / own - 1:+.0%})")


if __name__ == "__main__":
    given = dict(enumerate(sys.argv[1:]))
    main(int(given.get(0, 1)), float(given.get(1, 60)))
