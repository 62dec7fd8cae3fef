"""Writes the seeds below ``tests/hostile``: ``whole-*``, which readers take, and files that lie.

Run it where a format has changed: ``.venv/bin/python tests/python/make_hostile_seeds.py``. What
libFuzzer has found beside them stays as it is.
"""

import gzip
import io
import json
import struct
import tarfile
import tempfile
from importlib import resources
from pathlib import Path

import numpy as np
from hostile_grpc import grpc_messages
from muxnet import _core
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from test_bitmap_files import FILES

ROOT = Path(__file__).parents[1] / "hostile"
RANDOM = np.random.default_rng(1)
EXABYTE = 2**60


def put(target: str, name: str, content: bytes | str) -> None:
    folder = ROOT / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def zipped(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def saved(thing) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        thing.save(Path(folder) / "file")
        return (Path(folder) / "file").read_bytes()


def core() -> None:
    put("json", "whole-values", '{"a": [1, -2.5e3, true, null, "\\u00e9\\n"], "b": {"c": []}}')

    def tensors(header, data=b""):
        text = json.dumps(header).encode()
        return struct.pack("<Q", len(text)) + text + data

    matrix = {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}
    number = {"dtype": "I64", "shape": [1], "data_offsets": [16, 24]}
    header = {"__metadata__": {"name": "x"}, "w": matrix, "b": number}
    put("safetensors", "whole-two", tensors(header, bytes(24)))
    lie = {"dtype": "F32", "shape": [2**31, 2**31], "data_offsets": [0, 2**62]}
    put("safetensors", "exabytes", tensors({"w": lie}))
    put("safetensors", "header-of-exabytes", struct.pack("<Q", EXABYTE) + b"{}")


def profiles() -> None:
    for file in (resources.files("muxnet.paper") / "profiles").iterdir():
        kind = json.loads(file.read_text()).get("format", "")
        if kind:
            target = "link_profile" if "link" in kind else "device_profile"
            put(target, f"whole-{file.name}", file.read_text())


def idx() -> None:
    images = struct.pack(">IIII", 0x803, 2, 3, 4) + bytes(range(24))
    labels = struct.pack(">II", 0x801, 3) + bytes([0, 9, 4])
    for target, content in (("idx_images", images), ("idx_labels", labels)):
        put(target, "whole-plain", content)
        put(target, "whole-gzip", zipped(content))
    put("idx_images", "exabytes", struct.pack(">IIII", 0x803, 2**31, 2**31 - 1, 2**31 - 1))
    put("idx_images", "bomb", zipped(struct.pack(">IIII", 0x803, 4096, 64, 64) + bytes(300_000)))


def archive(members: list[tuple[str, bytes]], link: str = "") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        if link:
            member = tarfile.TarInfo(link)
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(member)
    return zipped(packed.getvalue())


def cifar() -> None:
    names = "".join(f"class_{k}\n" for k in range(10)).encode()
    two = b"".join(bytes([k]) * 3073 for k in range(2))
    parts = [f"data_batch_{k}.bin" for k in range(1, 6)] + ["test_batch.bin"]
    ten = [("cifar-10-batches-bin/" + part, two) for part in parts]
    ten.append(("cifar-10-batches-bin/batches.meta.txt", names))
    put("cifar10", "whole-ten", archive(ten))
    put("cifar10", "whole-outside", archive([("../../" + name, part) for name, part in ten]))
    put("cifar10", "link", archive(ten[1:], link=ten[0][0]))
    put("cifar10", "bomb", archive([(ten[0][0], bytes(3072 * 100)), *ten[1:]]))
    fine = "".join(f"class_{k}\n" for k in range(100)).encode()
    files = {"train.bin": bytes(3074 * 3), "test.bin": bytes(3074), "fine_label_names.txt": fine}
    members = [("cifar-100-binary/" + name, content) for name, content in files.items()]
    put("cifar100", "whole-hundred", archive(members))


def images() -> None:
    colour = Image.fromarray(RANDOM.integers(0, 255, (9, 7, 3), dtype=np.uint8))
    deep = Image.fromarray(RANDOM.integers(0, 60000, (5, 5), dtype=np.uint16))
    turned = Image.Exif()
    turned[0x112] = 6
    palette = colour.quantize(8)
    kinds = {
        "plain.jpg": (colour, {"exif": turned}),
        "progressive.jpg": (colour, {"progressive": True, "subsampling": 2}),
        "cmyk.jpg": (colour.convert("CMYK"), {}),
        "plain.png": (colour, {}),
        "palette.png": (palette, {}),
        "alpha.png": (colour.convert("RGBA"), {}),
        "sixteen.png": (deep, {}),
        "plain.gif": (palette, {}),
        "plain.bmp": (colour, {}),
        "palette.bmp": (palette, {}),
        "lossy.webp": (colour, {}),
        "lossless.webp": (colour, {"lossless": True}),
        "moving.webp": (colour, {"save_all": True, "append_images": [colour.convert("L")]}),
        "plain.tiff": (colour, {}),
        "lzw.tiff": (colour, {"compression": "tiff_lzw"}),
        "plain.ppm": (colour, {}),
        "plain.pgm": (colour.convert("L"), {}),
    }
    for name, (picture, options) in kinds.items():
        file = io.BytesIO()
        picture.save(file, Image.registered_extensions()["." + name.split(".")[1]], **options)
        for target in ("image", "image_grey"):
            put(target, "whole-" + name, file.getvalue())
    for name in ("5-6-5", "four bits, packed", "eight bits, packed"):  # Pillow writes none
        for target in ("image", "image_grey"):
            put(target, f"whole-{name.replace(', ', '-').replace(' ', '-')}.bmp", FILES[name])
    put("image", "whole-text.ppm", b"P3 1 1 255 1 2 3\n")
    format_of = {"channels": 3, "height": 32, "width": 32, "fit": "crop", "resize": 36}
    format_of |= {"interpolation": "bicubic", "antialias": True, "upright": True, "padding": 0}
    put("image_format", "whole-keys", json.dumps(format_of))


def onnx() -> None:
    floats = TensorProto.FLOAT
    x = helper.make_tensor_value_info("x", floats, ["n", 3, 4, 4])
    y = helper.make_tensor_value_info("y", floats, ["n", 2])
    node = helper.make_node

    def model(nodes, weights=()):
        graph = helper.make_graph(nodes, "g", [x], [y], list(weights))
        opset = [helper.make_opsetid("", 13)]
        return helper.make_model(graph, opset_imports=opset).SerializeToString()

    matrix = numpy_helper.from_array(RANDOM.standard_normal((48, 2)).astype(np.float32), "w")
    flat = node("Flatten", ["x"], ["f"])
    scores = node("MatMul", ["f", "w"], ["s"])
    softmax = node("Softmax", ["s"], ["y"], axis=1)
    put("onnx", "whole-linear", model([flat, scores, softmax], [matrix]))
    branch = helper.make_graph([node("Identity", ["x"], ["b"])], "b", [], [y])
    either = node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)
    maps = node("ZipMap", ["s"], ["z"], domain="ai.onnx.ml", classlabels_int64s=[2, 5])
    put("onnx", "branches", model([either, maps]))
    add = [node("Add", ["x", "w"], ["y"])]
    lie = helper.make_tensor("w", floats, [1], [1.0])
    lie.dims[0] = EXABYTE
    put("onnx", "exabytes", model(add, [lie]))
    outside = numpy_helper.from_array(np.zeros(2, np.float32), "w")
    outside.ClearField("raw_data")
    outside.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "../../etc/passwd"), ("offset", "0"), ("length", "8")):
        entry = outside.external_data.add()
        entry.key, entry.value = key, value
    put("onnx", "outside", model(add, [outside]))


def table(rows: int, split: str) -> _core.OutcomeTable:
    labels = RANDOM.integers(0, 3, rows).astype(np.int32)
    probabilities = np.empty((rows, 3, 3), np.float32)
    for model, accuracy in enumerate((0.6, 0.75, 0.9)):
        answers = np.where(RANDOM.random(rows) < accuracy, labels, (labels + 1) % 3)
        sure = RANDOM.uniform(0.4, 0.95, rows)
        probabilities[:, model] = ((1 - sure) / 2)[:, None]
        probabilities[np.arange(rows), model, answers] = sure
    scores = np.clip(RANDOM.random((rows, 3)), 0.01, 0.99).astype(np.float32)
    features = RANDOM.standard_normal((rows, 4)).astype(np.float32)
    return _core.OutcomeTable(
        ["a", "b", "c"],
        probabilities,
        {"macs": [1.0, 10.0, 100.0]},
        labels=labels,
        scores=scores,
        multiplexer_costs={"macs": 0.5},
        features=features,
        split=split,
        source="seed",
        indices=np.arange(rows),
    )


def routing() -> None:
    put("outcomes", "whole-distributions", saved(table(20, "held_out")))
    predictions = RANDOM.integers(0, 3, (12, 3)).astype(np.int32)
    answers = _core.OutcomeTable(
        ["a", "b", "c"],
        costs={"macs": [1.0, 10.0, 100.0]},
        predictions=predictions,
        classes=3,
        labels=predictions[:, 2].copy(),
    )
    put("outcomes", "whole-answers", saved(answers))
    tables = {split: table(60, split) for split in ("held_out", "calibration")}
    for name in (entry.name for entry in _core.policies()):
        if name in ("oracle", "offload"):  # not saved; of two models
            continue
        policy = _core.make_policy(name, _core.PolicyOptions(bins=3))
        policy.fit(tables[policy.fitting_part])
        content = saved(policy).decode()
        put("policy", f"whole-{name}.json", content)
        lines = _core.record_decisions(policy, tables["held_out"], [0, 1])
        put("records", f"whole-{name}", "\n".join([json.dumps(json.loads(content)), *lines]) + "\n")


def multiplexers() -> None:
    options = _core.MultiplexerOptions()
    options.body = _core.MultiplexerBody.perceptron
    options.channels, options.height, options.width = 5, 1, 1
    options.models, options.meta_dim = 2, 4
    kept = _core.SavedMultiplexer(
        _core.Multiplexer(_core.make_multiplexer(options), costs=[1.0, 2.0], kind="features"),
        network=options,
        models=["a", "b"],
        classes=3,
        cost_kind="macs",
        learnt_from="seed",
    )
    with tempfile.TemporaryDirectory() as folder:
        _core.save_multiplexer(kept, folder)
        files = (_core.MULTIPLEXER_FILE, _core.MULTIPLEXER_WEIGHTS_FILE)
        parts = [(Path(folder) / name).read_bytes() for name in files]
    put("multiplexer", "whole-features", b"\0".join(parts))


def deployments() -> None:
    policy = _core.make_policy("cascade", _core.PolicyOptions(bins=3))
    held_out = table(40, "held_out")
    policy.fit(held_out)
    images = _core.ImageFormat(channels=1, height=4, width=4)
    models = [
        _core.HostedModel.endpoint(
            name,
            _core.RemoteModelOptions(
                server=_core.ConnectionOptions("http://127.0.0.1:1"),
                endpoint=_core.EndpointOptions(model=name),
            ),
            cost=cost,
            image_shape=images.shape,
            classes=policy.classes,
            normalization=_core.Normalization([0.0], [1.0]),
        )
        for name, cost in zip(policy.models, policy.prices, strict=True)
    ]
    served = _core.Served(
        models,
        policy=policy,
        class_names=[str(k) for k in range(policy.classes)],
        formats=[images],
        shown=[0] * (1 + len(models)),
        cost_kind=policy.cost_kind,
    )
    with tempfile.TemporaryDirectory() as name:
        _core.save_deployment(served, None, Path(name))
        said = json.loads((Path(name) / _core.DEPLOYMENT_FILE).read_text())
    said["files"] = {}  # those of the reader, which writes them anew
    parts = [json.dumps(said).encode(), saved(policy)]
    put("deployment", "whole-endpoints", b"\0".join(parts))
    network = {"name": "resnet50", "channels": 1 << 60, "height": 1, "width": 1, "classes": 2}
    said["models"][0]["network"] = {**network, "weights": "policy.json"}
    put("deployment", "huge-network", b"\0".join([json.dumps(said).encode(), parts[1]]))
    said["models"][0]["network"] = {**network, "channels": 3, "weights": "../../etc/passwd"}
    put("deployment", "outside", b"\0".join([json.dumps(said).encode(), parts[1]]))


def rest(body: dict, tail: bytes = b"", *, length: int | None = None) -> bytes:
    """Return a body after how much of it is JSON; 0: an answer without binary tensors."""
    text = json.dumps(body).encode()
    return struct.pack("<H", len(text) if length is None else length) + text + tail


def rest_messages() -> None:
    images = {"name": "images", "datatype": "UINT8", "shape": [1, 4], "data": [[1, 2], [3, 250]]}
    whole = {
        "id": "one",
        "parameters": {"decide_only": True, "max_cost": 7, "accuracy": 0.5},
        "inputs": [{**images, "x": {"deep": [[{}]]}}],
        "outputs": [{"name": "classes", "parameters": {"binary_data": False}}],
    }
    put("rest_request", "whole-json", rest(whole))
    size = {"parameters": {"binary_data_size": 8}}
    binary = {"name": "images", "datatype": "FP32", "shape": [1, 2], **size}
    put("rest_request", "whole-binary", rest({"inputs": [binary]}, bytes(8)))
    encoded = {"name": "images", "datatype": "BYTES", "shape": [1], "data": ["aGVsbG8="]}
    put("rest_request", "whole-bytes", rest({"inputs": [encoded]}))
    lie = {**binary, "shape": [2**62, 2**62], "parameters": {"binary_data_size": EXABYTE}}
    put("rest_request", "exabytes", rest({"inputs": [lie]}, bytes(8)))
    output = {"name": "y", "datatype": "FP32", "shape": [1, 3]}
    numbers = [0.25, 0.5, 0.25]
    answer = {"id": "7", "model_name": "m"}
    text = {**answer, "outputs": [{**output, "data": numbers}]}
    put("rest_answer", "whole-json", rest(text, length=0))
    sized = {**answer, "outputs": [{**output, "parameters": {"binary_data_size": 12}}]}
    put("rest_answer", "whole-binary", rest(sized, struct.pack("<3f", *numbers)))
    rows = {"name": "labels", "datatype": "INT64", "shape": [2, 1], "data": [1, 0]}
    put("rest_answer", "whole-rows", rest({"outputs": [rows]}, length=0))
    takes = [{"name": "x", "datatype": "FP32", "shape": [-1, 3, 8, 8]}]
    gives = [{"name": "y", "datatype": "FP32", "shape": [-1, 3]}]
    told = {"name": "m", "versions": ["1"], "platform": "p", "inputs": takes, "outputs": gives}
    put("rest_metadata", "whole-tensors", rest(told, length=0))


def http() -> None:
    head = b"POST /v2/models/a%20b/infer?x=y HTTP/1.1\r\nHost: localhost\r\n"
    sized = head + b"Content-Length: 4\r\n\r\n1234"
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nA: b\r\n\r\n"
    put("http", "whole-sized", sized)
    put("http", "whole-chunked", chunked)
    put("http", "whole-pipelined", sized + chunked + b"GET / HTTP/1.0\r\n\r\n")
    put(
        "http",
        "both-lengths",
        head + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    )
    put("http", "exabytes", head + b"Content-Length: 9223372036854775807\r\n\r\n")
    put("http", "huge-chunk", head + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc")
    put("packed_body", "whole-gzip", gzip.compress(b"1234", mtime=0))
    put("packed_body", "bomb", gzip.compress(bytes(1 << 20), mtime=0))


if __name__ == "__main__":
    files = (core, profiles, idx, cifar, images, onnx, routing, multiplexers, deployments)
    for write in (*files, http, rest_messages):
        write()
    grpc_messages(put)
