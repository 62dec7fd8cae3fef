"""Networks as ONNX files give the same answers in ONNX Runtime."""

import sys

import numpy as np
import pytest
from muxnet import _core, export_onnx
from muxnet.base.errors import MissingPackageError
from muxnet.pool.onnx_export import WRITERS, averages

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

SMALL = [entry.name for entry in _core.networks() if entry.name.endswith("_small")]


def run(path, images) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"images": images}), strict=True))


def stirred(model):
    """Return ``model`` with statistics and biases that a forgotten one would show in."""
    random = np.random.default_rng(3)
    for name, values in model.state().items():
        if name.endswith("running_mean") or (values.ndim == 1 and name.endswith("bias")):
            values[...] = random.normal(0, 0.1, values.shape)
        elif name.endswith("running_var"):
            values[...] = random.uniform(0.5, 2, values.shape)
    model.load_state(model.state())
    return model


@pytest.mark.parametrize("name", SMALL)
def test_onnx_runtime_gives_our_outputs(name, tmp_path) -> None:
    options = _core.NetworkOptions(channels=3, height=32, width=32, classes=10)
    model = stirred(_core.make_model(name, options, projection_dim=8, seed=2))
    images = np.random.default_rng(1).standard_normal((3, 3, 32, 32), dtype=np.float32)
    export_onnx(model, tmp_path / "m.onnx")
    answers = run(tmp_path / "m.onnx", images)
    assert set(answers) == {"embedding", "logits", "projected"}
    predictor = _core.Predictor(model)
    for output, values in answers.items():
        ours = predictor.output(images, output)
        np.testing.assert_allclose(values, ours, rtol=1e-3, atol=1e-4 * np.abs(ours).max())


@pytest.mark.parametrize(("side", "resolution", "offload"), [(28, 14, False), (32, 20, True)])
def test_multiplexers_are_exported_too(side, resolution, offload, tmp_path) -> None:
    options = _core.MultiplexerOptions()
    options.channels, options.height, options.width = 1, side, side
    options.resolution, options.offload, options.classes = resolution, offload, 5
    model = stirred(_core.make_multiplexer(options, seed=4))
    images = np.random.default_rng(1).standard_normal((2, 1, side, side), dtype=np.float32)
    export_onnx(model, tmp_path / "m.onnx")
    answers = run(tmp_path / "m.onnx", images)
    assert set(answers) == {"meta", "scores", "logits"} | ({"offload"} if offload else set())
    predictor = _core.Predictor(model)
    for output, values in answers.items():
        ours = predictor.output(images, output)
        np.testing.assert_allclose(values, ours, rtol=1e-3, atol=1e-5)


def test_only_the_outputs_asked_for_are_in_the_file(tmp_path) -> None:
    import onnx

    options = _core.NetworkOptions(channels=1, height=28, width=28, classes=10)
    model = _core.make_model("alexnet_small", options, projection_dim=8)
    export_onnx(model, tmp_path / "m.onnx", outputs=["embedding"])
    graph = onnx.load(tmp_path / "m.onnx").graph
    assert [output.name for output in graph.output] == ["embedding"]
    assert not any("projection" in tensor.name for tensor in graph.initializer)
    with pytest.raises(ValueError, match=r"alexnet_small.*logits.*nothing"):
        export_onnx(model, tmp_path / "n.onnx", outputs=["nothing"])
    assert not (tmp_path / "n.onnx").exists()


def test_every_operator_can_be_written() -> None:
    assert set(WRITERS) == {entry.name for entry in _core.operators()}


def test_unequal_pieces_are_averaged_as_by_adaptive_pooling() -> None:
    expected = [[1 / 2, 1 / 2, 0, 0, 0], [0, 1 / 3, 1 / 3, 1 / 3, 0], [0, 0, 0, 1 / 2, 1 / 2]]
    np.testing.assert_allclose(averages(5, 3), expected)


def test_a_missing_package_is_named(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    options = _core.NetworkOptions(channels=1, height=28, width=28, classes=10)
    model = _core.make_model("alexnet_small", options)
    with pytest.raises(MissingPackageError, match=r"onnx.*pip install 'muxnet\[onnx\]'"):
        export_onnx(model, tmp_path / "m.onnx")
