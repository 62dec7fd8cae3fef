"""Throughput of ``muxnet serve`` and of ``muxnet serve --ray``; prints a table.

``python ray_measurement.py [SECONDS]``: a router of two ONNX models, of which half the images need
the dear one, on the cores of this machine: the server alone, and on Ray with one and two replicas
of the dear model, for a dear model of about 2 and of about 20 ms an image. CPU ms are those of all
processes of the server, which others on the machine hardly change.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import ray_world
from muxnet import cli
from muxnet.bench.http_load import closed_loop
from muxnet.bench.server_process import start_server
from onnx import TensorProto, helper, numpy_helper
from ray_world import CLASSES, INFER, SIDE

CHANNELS = 32
WAYS = {
    "muxnet serve, one worker": ("--workers", "1"),
    "muxnet serve": (),
    "Ray, 1 replica of the dear model": ("--ray", "--replicas", "large=1"),
    "Ray, 2 replicas of the dear model": ("--ray", "--replicas", "large=2"),
    "the same, the small one with the router": (
        *("--ray", "--replicas", "large=2"),
        *("--with-router", "small"),
    ),
}


def write_model(path: Path, *, unsure: bool, convolutions: int) -> None:
    """Write a model as of ``ray_world``: right, unless it is unsure of hard images."""
    columns = np.zeros((SIDE * SIDE, CLASSES), np.float32)
    for k in range(CLASSES):
        columns[k::SIDE, k] = 60 / SIDE
    mark = np.zeros((SIDE * SIDE, 1), np.float32)
    mark[SIDE - 1] = -1.1  # the pixel of hard images, of which it is wrong
    values = {"columns": columns, "mark": mark, "one": np.ones(1, np.float32)}
    nodes = [
        helper.make_node("Flatten", ["images"], ["flat"]),
        helper.make_node("MatMul", ["flat", "columns"], ["right"]),
        helper.make_node("MatMul", ["flat", "mark"], ["hard"]),
        helper.make_node("Add", ["hard", "one"], ["easy"]),
        helper.make_node("Mul", ["right", "easy"] if unsure else ["right", "one"], ["told"]),
        helper.make_node("Expand", ["images", "wide"], ["work0"]),
    ]
    values["wide"] = np.array([1, CHANNELS, SIDE, SIDE], np.int64)
    # Each channel is the mean of all: what grows small would end in denormal numbers, which take
    # ten times as long.
    values["weight"] = np.zeros((CHANNELS, CHANNELS, 3, 3), np.float32)
    values["weight"][:, :, 1, 1] = 1 / CHANNELS
    for i in range(convolutions):
        names = [f"work{i}", "weight"], [f"work{i + 1}"]
        nodes.append(helper.make_node("Conv", *names, pads=[1, 1, 1, 1]))
    values["none"] = np.zeros(1, np.float32)
    nodes += [
        helper.make_node(
            "ReduceMean", [f"work{convolutions}"], ["mean"], axes=[1, 2, 3], keepdims=0
        ),
        helper.make_node("Mul", ["mean", "none"], ["nothing"]),
        helper.make_node("Unsqueeze", ["nothing", "last"], ["column"]),
        helper.make_node("Add", ["told", "column"], ["logits"]),
    ]
    values["last"] = np.array([1], np.int64)
    graph = helper.make_graph(
        nodes,
        "model",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 1, SIDE, SIDE])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", CLASSES])],
        [numpy_helper.from_array(value, name) for name, value in values.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)


def milliseconds(path: Path) -> float:
    """Return what an image takes on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options)
    image = {"images": np.zeros((1, 1, SIDE, SIDE), np.float32)}
    times = []
    for _ in range(20):
        began = time.thread_time()
        session.run(None, image)
        times.append(1000 * (time.thread_time() - began))
    return float(np.median(times))


def write_router(folder: Path, wanted_ms: float) -> tuple[Path, float]:
    """Lay a router whose dear model takes about ``wanted_ms``; return what it takes."""
    folder.mkdir()
    write_model(folder / "small.onnx", unsure=True, convolutions=0)
    large, count = folder / "large.onnx", 8
    for _ in range(3):
        write_model(large, unsure=False, convolutions=count)
        count = max(1, round(count * wanted_ms / milliseconds(large)))
    write_model(large, unsure=False, convolutions=count)
    shown = {"size": [SIDE, SIDE], "colour": "grey"}
    entries = [
        {"name": name, "onnx": f"{name}.onnx", "output": "logits", "cost": cost, "input": shown}
        for name, cost in (("small", 1.0), ("large", 10.0))
    ]
    (folder / "models.json").write_text(json.dumps(entries))
    images = ray_world.make_images(240)
    np.savez(folder / "inputs.npz", images=images, labels=ray_world.labels_of(images))
    models, table = ["--models", str(folder / "models.json")], str(folder / "outcomes.safetensors")
    data = ["--data", str(folder / "inputs.npz"), "--out", table]
    assert cli.main(["collect", *models, *data]) == 0
    assert cli.main(["fit", table, *models, "--out", str(folder / "router")]) == 0
    return folder / "router", milliseconds(large)


def cpu_seconds(root: int) -> float:
    """Return what a process and all below it have taken."""
    ticks, parents = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            parents[int(path.parent.name)] = int(fields[1])
            ticks[int(path.parent.name)] = int(fields[11]) + int(fields[12])
    below = {root}
    for _ in range(8):  # levels
        below |= {process for process, parent in parents.items() if parent in below}
    return sum(ticks.get(process, 0) for process in below) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def served(router: Path, options: tuple[str, ...]):
    """Yield the port of a server, and its process."""
    if "--ray" not in options:
        with start_server(router, *options) as (process, ready):
            yield ready["http_port"], process.pid
        return
    port = ray_world.free_port()
    command = [sys.executable, "-m", "muxnet", "serve", str(router), "--port", str(port), *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            for line in process.stderr:
                if '"event":"ready"' in line.replace(": ", ":"):
                    break
            yield port, process.pid
        finally:
            process.terminate()
            process.stderr.read()


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    images = ray_world.make_images(64, 9)
    requests = []
    for image in images:
        body = ray_world.body_of(image[None])
        head = f"POST {INFER} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        requests.append(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    print("| dear model | server | CPU ms an image | images/s | p50 ms | p99 ms | failed |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for wanted in (2.0, 20.0):
            with contextlib.redirect_stdout(sys.stderr):
                router, took = write_router(Path(folder) / f"{wanted:g}", wanted)
            for name, options in WAYS.items():
                with served(router, options) as (port, process):
                    closed_loop(port, requests, 2.0, 16)
                    before = cpu_seconds(process)
                    found = closed_loop(port, requests, seconds, 16)
                    cpu_ms = 1000 * (cpu_seconds(process) - before) / max(found.answered, 1)
                rate = f"{cpu_ms:.1f} | {found.in_time / found.seconds:.0f}"
                late = f"{found.quantile_ms(0.5):.1f} | {found.quantile_ms(0.99):.1f}"
                print(f"| {took:.1f} ms | {name} | {rate} | {late} | {found.failed} |", flush=True)


if __name__ == "__main__":
    main()
