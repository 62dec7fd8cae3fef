"""What is measured: each work is one thing that ours and a peer both do, again and again."""

import dataclasses

from muxnet.config import SMALL_ZOO

FULL_ZOO = ("alexnet", "mobilenet_v2", "mnasnet1_0", "resnet50", "resnet152", "resnext101_32x8d")
PEERS = {
    "train": ("torch", "torch_compile"),
    "infer": ("onnxruntime", "openvino", "torch"),
    "route": ("mobilenet_v2",),
    "load": ("training_step",),
}


@dataclasses.dataclass(frozen=True)
class Work:
    """One line of the benchmark's table, without its figures."""

    kind: str  # train, infer, route or load
    name: str
    networks: tuple[str, ...]
    batch: int
    image_shape: tuple[int, int, int]  # channels, height, width
    classes: int
    precision: str = "fp32"  # or bf16: of both sides, as mixed precision


def works(
    kind: str,
    networks: tuple[str, ...] = (),
    batches: tuple[int, ...] = (),
    precisions: tuple[str, ...] = ("fp32",),
) -> list[Work]:
    """Return what ``muxnet bench KIND`` measures, or the same of other networks and batches."""
    if kind in ("train", "infer"):
        usual = _training if kind == "train" else _inference
        return [
            dataclasses.replace(work, precision=precision)
            for precision in precisions
            for work in usual(networks, batches)
        ]
    if kind == "load":
        return [_work("load", "loader, a batch", SMALL_ZOO, size) for size in batches or (128,)]
    return [_work("route", "multiplexer decision", ("mobilenet_v2",), 1)]


def _inference(networks: tuple[str, ...], batches: tuple[int, ...]) -> list[Work]:
    return [
        _work("infer", network, (network,), batch)
        for network in networks or FULL_ZOO
        for batch in batches or (1, 32)
    ]


def _training(networks: tuple[str, ...], batches: tuple[int, ...]) -> list[Work]:
    if networks:
        return [
            _work("train", name, (name,), size) for name in networks for size in batches or (16,)
        ]
    small = [_work("train", "six small models", SMALL_ZOO, size) for size in batches or (128,)]
    full = [
        _work("train", name, (name,), size)
        for name in ("mobilenet_v2", "resnet50")
        for size in batches or (16,)
    ]
    return small + full


def _work(kind: str, name: str, networks: tuple[str, ...], batch: int) -> Work:
    small = networks[0].endswith("_small")
    return Work(
        kind=kind,
        name=name,
        networks=networks,
        batch=batch,
        image_shape=(3, 32, 32) if small else (3, 224, 224),
        classes=10 if small else 1000,
    )
