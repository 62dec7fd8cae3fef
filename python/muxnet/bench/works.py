"""What is measured: each work is one thing that ours and a peer both do, again and again."""

import dataclasses

from muxnet.base.compiled import _core
from muxnet.outcomes.study_results import DEFAULT
from muxnet.training.config import SMALL_ZOO

FULL_ZOO = ("alexnet", "mobilenet_v2", "mnasnet1_0", "resnet50", "resnet152", "resnext101_32x8d")
MODELS = 6  # of invented outcomes
OURS = "fp32"  # not another's: ours in float, beside another precision
PEERS = {
    "train": ("torch", "torch_compile"),
    "infer": ("onnxruntime", "openvino", "torch", OURS),
    "route": ("mobilenet_v2",),
    "load": ("training_step",),
    "replay": ("numpy",),
    "hop": ("tritonclient",),
}


@dataclasses.dataclass(frozen=True)
class Work:
    """One line of the benchmark's table, without its numbers."""

    kind: str  # train, infer, route, load, replay, decide, fit or hop
    name: str
    networks: tuple[str, ...]  # or policies
    batch: int  # or recorded inputs
    image_shape: tuple[int, int, int]  # channels, height, width
    classes: int
    precision: str = "fp32"  # or bf16, as mixed precision, or int8: of both sides
    alone: bool = False  # no peer does it
    most_rounds: int = 1000
    table: str = ""  # recorded answers to draw inputs from
    endpoint: str = ""  # of a hop: the model's address
    through: str = ""  # of a hop: the address of the same model behind a server of ours


def works(
    kind: str,
    networks: tuple[str, ...] = (),
    batches: tuple[int, ...] = (),
    precisions: tuple[str, ...] = ("fp32",),
    table: str = "",
) -> list[Work]:
    """Return what ``muxnet bench KIND`` measures, or the same of other networks and batches.

    Of replay, networks are policies and a batch is the inputs of a table; ``table`` holds recorded
    answers to draw them from.
    """
    if kind == "replay":
        return [work for size in batches or (50_000,) for work in _replaying(networks, size, table)]
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


def hops(
    endpoints: tuple[str, ...], through: tuple[str, ...] = (), batches: tuple[int, ...] = ()
) -> list[Work]:
    """Return the requests that ``muxnet bench hop`` measures.

    Our client asks each endpoint; then the peer's asks the address in its place in ``through``.
    """
    straight = [
        Work("hop", endpoint, (), batch, (0, 0, 0), 0, endpoint=endpoint)
        for endpoint in endpoints
        for batch in batches or (1,)
    ]
    behind = [
        dataclasses.replace(work, name=place, through=place)
        for endpoint, place in zip(endpoints, through, strict=False)
        for work in straight
        if work.endpoint == endpoint
    ]
    return straight + behind


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


def _replaying(policies: tuple[str, ...], inputs: int, table: str) -> list[Work]:
    # What invented outcomes have: scores and labels.
    able = (entry.name for entry in _core.policies() if set(entry.needs) <= {"scores", "label"})
    some = policies or tuple(able)
    replayed = Work("replay", "", some, inputs, (MODELS, 1, 1), 10, alone=True, table=table)
    single = dataclasses.replace(replayed, networks=(DEFAULT,))
    return [
        dataclasses.replace(replayed, name="cascade, replay", networks=("cascade",), alone=False),
        dataclasses.replace(replayed, name=f"{len(some)} policies, replay"),
        dataclasses.replace(single, kind="decide", name=f"{DEFAULT}, 1,000 decisions"),
        dataclasses.replace(single, kind="fit", name=f"{DEFAULT}, fit", most_rounds=3),
    ]


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
