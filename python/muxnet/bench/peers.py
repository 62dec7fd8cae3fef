"""The other side of every work: the same networks in PyTorch, ONNX Runtime and OpenVINO."""

import dataclasses
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType

import numpy as np

from muxnet.base.errors import MissingPackageError, UserError
from muxnet.base.machine import set_threads
from muxnet.bench import hops, ours, replaying
from muxnet.bench.quantized_onnx import quantize_onnx
from muxnet.bench.works import OURS, Work

Once = Callable[[], object]


def make(peer: str, work: Work, threads: int) -> Once:
    """Return a call that does ``work`` once by ``peer``.

    Raises:
        MissingPackageError: the peer is not installed.

    """
    if work.kind == "train":
        return _torch_training(work, threads, compiled=peer == "torch_compile")
    if peer == "tritonclient":
        return hops.plain_call(work, work.endpoint)
    if peer == "numpy":
        return replaying.numpy_cascade(work)
    if peer == "mobilenet_v2":
        set_threads(threads)
        return ours.inference(work)
    if work.precision == "int8" and peer == "torch":
        raise UserError("[bench] expected onnxruntime or openvino in int8, received torch")
    if peer not in INFERENCE:
        raise UserError(f"[bench] expected a peer that can {work.kind}, received {peer}")
    return INFERENCE[peer](work, threads)


def _torch(threads: int) -> ModuleType:
    try:
        import torch
    except ModuleNotFoundError as error:
        raise MissingPackageError("bench", "torch", "bench") from error
    torch.set_num_threads(threads)
    module: ModuleType = torch
    return module


def mixed(torch: ModuleType, work: Work) -> AbstractContextManager[None]:
    """Return PyTorch's context for the precision of ``work``."""
    context: AbstractContextManager[None]
    context = torch.autocast("cpu", torch.bfloat16, enabled=work.precision == "bf16")
    return context


def _torch_training(work: Work, threads: int, *, compiled: bool) -> Once:
    """All models see the batch, one after the other: forward, backward, one SGD step each."""
    torch = _torch(threads)
    from muxnet.torch.graph import to_torch

    random = np.random.default_rng(1)
    # The memory format that PyTorch's convolutions are fastest in on a CPU.
    layout = torch.channels_last
    images = torch.from_numpy(
        random.standard_normal((work.batch, *work.image_shape), dtype=np.float32)
    ).to(memory_format=layout)
    labels = torch.from_numpy(np.arange(work.batch) % work.classes)
    in_layout = torch.nn.utils.convert_conv2d_weight_memory_format
    pool = [in_layout(to_torch(model), layout).train() for model in ours.models(work)]
    optimizers = [
        torch.optim.SGD(
            module.parameters(), lr=1e-4, momentum=0.9, nesterov=True, weight_decay=5e-4
        )
        for module in pool
    ]
    forwards = [torch.compile(module) if compiled else module for module in pool]

    def step() -> None:
        for forward, optimizer in zip(forwards, optimizers, strict=True):
            optimizer.zero_grad(set_to_none=True)
            with mixed(torch, work):
                loss = torch.nn.functional.cross_entropy(forward(images)["logits"], labels)
            loss.backward()
            optimizer.step()

    return step


def _ours_in_float(work: Work, threads: int) -> Once:
    set_threads(threads)
    return ours.inference(dataclasses.replace(work, precision="fp32"))


def _torch_inference(work: Work, threads: int) -> Once:
    torch = _torch(threads)
    from muxnet.torch.graph import to_torch

    layout = torch.channels_last
    in_layout = torch.nn.utils.convert_conv2d_weight_memory_format
    module = in_layout(to_torch(ours.models(work)[0]), layout).eval()
    images = torch.from_numpy(ours.normalised(work)).to(memory_format=layout)

    def once() -> None:
        with torch.inference_mode(), mixed(torch, work):
            module(images)

    return once


def _exported(work: Work, folder: str) -> Path:
    from muxnet.pool.onnx_export import export_onnx

    path = Path(folder) / "network.onnx"
    export_onnx(ours.models(work)[0], path, outputs=["logits"])
    return quantize_onnx(path, ours.normalised(work)) if work.precision == "int8" else path


def _onnxruntime(work: Work, threads: int) -> Once:
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise MissingPackageError("bench", "onnxruntime", "bench") from error
    if work.precision == "bf16":
        raise UserError("[bench] expected fp32 or int8 of onnxruntime on a CPU, received bf16")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    with tempfile.TemporaryDirectory() as folder:
        session = onnxruntime.InferenceSession(
            _exported(work, folder), options, providers=["CPUExecutionProvider"]
        )
    images = ours.normalised(work)
    return lambda: session.run(["logits"], {"images": images})


def _openvino(work: Work, threads: int) -> Once:
    try:
        import openvino
    except ModuleNotFoundError as error:
        raise MissingPackageError("bench", "openvino", "bench") from error
    core = openvino.Core()
    with tempfile.TemporaryDirectory() as folder:
        network = core.read_model(_exported(work, folder))
    network.reshape([work.batch, *work.image_shape])
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": threads,
        # It would take bf16 by itself where the CPU has it.
        "INFERENCE_PRECISION_HINT": "bf16" if work.precision == "bf16" else "f32",
    }
    request = core.compile_model(network, "CPU", settings).create_infer_request()
    images = ours.normalised(work)
    return lambda: request.infer({"images": images})


INFERENCE: dict[str, Callable[[Work, int], Once]] = {
    "onnxruntime": _onnxruntime,
    "openvino": _openvino,
    "torch": _torch_inference,
    OURS: _ours_in_float,
}
