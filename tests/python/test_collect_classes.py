"""``muxnet collect``: each model's answers go to the data's classes by name, or are refused."""

import json
import unicodedata

import numpy as np
import pytest
from muxnet import cli
from muxnet.base.errors import ConfigError
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.collect import collect
from muxnet.pool.input_sources import open_inputs
from muxnet.pool.labelled import labelled
from muxnet.pool.model_list import read_models
from muxnet.pool.shown_inputs import matching_rows, open_recorded
from PIL import Image

COLOURS = {"red": (220, 30, 25), "green": (20, 200, 40), "blue": (20, 30, 220)}


def data(labels, class_names=()):
    """Return vectors that say the place of their label among ``labels``, each once."""
    places = np.unique(np.asarray(labels, object).astype(str), return_inverse=True)[1]
    vectors = np.eye(places.max() + 1, dtype=np.float32)[places]
    return labelled("data", vectors, labels, class_names=class_names)


def by_place(classes, calls=None):
    """Return a model whose class is the place that a vector says, in this order."""

    def predict(vectors):
        if calls is not None:
            calls.append(len(vectors))
        return np.asarray(vectors)

    return ForeignModel("m", 1, predict, classes=tuple(classes))


def right(model, inputs, folder, **options):
    table = collect([model], inputs, folder / "o.safetensors", say=lambda _: None, **options)
    return table.accuracies()[0]


@pytest.mark.parametrize(
    ("labels", "names", "classes"),
    [
        ([1, 2, 3, 4], (), "1234"),  # no input is a 0
        (["café", "vert"], (), [unicodedata.normalize("NFD", "café"), "vert"]),
        ([0, 1, 2], (), ["00", "1.0", "2 "]),
        (["a", "b"], ("a", "b"), "ab"),
        ([str(k) for k in range(12)], (), sorted(map(str, range(12)))),
    ],
)
def test_names_are_compared_as_everywhere(tmp_path, labels, names, classes):
    assert right(by_place(classes), data(labels, names), tmp_path) == 1


def test_a_class_that_a_model_does_not_know_is_told_before_it_is_asked(tmp_path):
    calls = []
    with pytest.raises(
        ConfigError, match=r"those of m \(a, c; .* says others\), received none called 'b'"
    ):
        collect([by_place("ac", calls)], data(["a", "b"]), tmp_path / "o.safetensors")
    with pytest.raises(ConfigError, match=r"m, classes\] expected different ones, .*'01' twice"):
        collect([by_place(["1", "01"], calls)], data([1, 1]), tmp_path / "o.safetensors")
    assert not calls


def test_answers_stay_where_classes_are_named_anew(tmp_path):
    calls, inputs = [], data(["a", "b", "c"])
    with pytest.raises(ConfigError, match="over the 4 classes that it names, received 3"):
        collect([by_place("abcd", calls)], inputs, tmp_path / "o.safetensors")
    assert right(by_place("abc", calls), inputs, tmp_path, resume=True) == 1
    assert calls == [3]


def test_other_numbers_of_classes_are_told_with_the_first_answers(tmp_path, monkeypatch):
    monkeypatch.setattr("muxnet.pool.collect.MOST_INPUTS", 2)
    calls = []
    model = ForeignModel("m", 1, lambda x: calls.append(len(x)) or np.ones((len(x), 3)) / 3)
    with pytest.raises(ConfigError, match="over all 4 classes, or its classes by name"):
        collect([model], data(["a", "b", "c", "d"]), tmp_path / "o.safetensors")
    assert calls == [2]


def test_inputs_without_a_label_are_left_out_and_said(tmp_path):
    said = []
    inputs = data(["a", "b", None, "a"])
    table = collect([by_place("abz")], inputs, tmp_path / "o.safetensors", say=said.append)
    assert "data: 1 of 4 left out: no label" in said
    assert table.indices.tolist() == [0, 1, 3]


@pytest.mark.parametrize(
    ("labels", "classes", "count"),
    [
        ([-1, 1, 1], ["1", "-1"], 3),  # beside 1 alone it can be nothing else
        ([-1, 1, 1], (), 3),
        (["-1", "1", "01"], (), 3),
        ([-1, 0, 1], ["-1", "0", "1"], 3),
        ([-1, 0, 1], (), 2),
        ([-1, None, 1], ["-1", "1"], 2),
    ],
)
def test_minus_one_is_a_class_where_it_can_be_no_other(tmp_path, labels, classes, count):
    values = np.arange(len(labels), dtype=np.float32)[:, None]
    order = list(classes) or ["-1", "1"]
    if not classes and count == 2:
        order = ["0", "1"]

    def predict(vectors):
        said = [order.index(str(int(labels[int(x)]))) for x in np.asarray(vectors)[:, 0]]
        return np.eye(len(order), dtype=np.float32)[said]

    inputs = list(zip(values, labels, strict=True))
    table = collect(
        [ForeignModel("m", 1, predict, classes=tuple(classes))],
        inputs,
        tmp_path / "o.safetensors",
        say=lambda _: None,
    )
    assert len(table) == count
    assert table.accuracies() == [1]


def test_answers_that_no_label_says_are_told(tmp_path):
    said = []
    model = ForeignModel("m", 1, lambda x: np.eye(4)[np.full(len(x), 3)])
    collect([model], data([0, 1, 2] * 10), tmp_path / "o.safetensors", say=said.append)
    assert "answers that no label says: '3' (30 times)" in said


def test_a_table_without_unreadable_images_matches_its_folder(pictures, tmp_path):
    pictures(COLOURS)
    bad = tmp_path / "images" / "blue" / "bad.jpg"
    bad.write_bytes(b"")
    inputs = open_inputs("images:images", skip_unreadable=True, say=lambda _: None)
    model = ForeignModel("m", 1, lambda x: np.ones((len(x), 3)) / 3)
    table = collect([model], inputs, tmp_path / "o.safetensors", say=lambda _: None)
    for missing in (False, True):
        bad.unlink(missing_ok=True) if missing else None
        found = open_recorded("images:images", table)
        assert [file.split("/")[-2] for file in found.files] == ["blue", "green", "red"]
    Image.new("RGB", (9, 9)).save(bad)
    with pytest.raises(ConfigError, match="expected the inputs images#"):
        open_recorded("images:images", table)


def test_files_that_are_missing_are_named_all_at_once(tmp_path):
    gone = [tmp_path / "1.png", tmp_path / "2.png"]
    inputs = labelled("gone", gone, [0, 1])
    with pytest.raises(OSError, match=r"2 images cannot be read(.|\n)*1\.png(.|\n)*2\.png"):
        inputs.identity()


def test_rows_match_by_places_where_these_are_known(tmp_path):
    vectors = np.zeros((20, 3, 2, 2), np.uint8)
    shuffled = labelled("s", vectors, [0, 1] * 10).subset([7, 2, 11, 4])
    model = ForeignModel("m", 1, lambda x: np.ones((len(x), 2)) / 2)
    table = collect([model], shuffled, tmp_path / "o.safetensors", say=lambda _: None)
    assert matching_rows(table, shuffled) == [0, 1, 2, 3]
    assert matching_rows(table.subset([2, 0]), shuffled) == [2, 0]


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """Write a folder of pictures for each colour, by these names."""
    monkeypatch.chdir(tmp_path)

    def write(names):
        for name, colour in zip(names, COLOURS.values(), strict=True):
            (tmp_path / "images" / name).mkdir(parents=True)
            Image.new("RGB", (9, 9), colour).save(tmp_path / "images" / name / "1.png")

    return write


def test_numbered_folders_count_as_numbers(pictures):
    pictures(["2", "10", "9"])
    said = []
    inputs = open_inputs("images:images", say=said.append)
    assert list(inputs.class_names) == ["2", "9", "10"]
    assert (
        "in this order: 2, 9, 10, ...; a network that has them as texts (10, 2, 9, ...)" in said[0]
    )


@pytest.mark.parametrize(
    ("folders", "labels", "found"),
    [
        (["red", "green", "blue"], {"classlabels_strings": ["red", "green", "blue"]}, 1),
        (["2", "10", "9"], {"classlabels_strings": ["2", "10", "9"]}, 1),
        (["2", "0", "1"], {"classlabels_int64s": [2, 0, 1]}, 1),
        (["red", "green", "blue"], {"classlabels_strings": ["x", "y", "z"]}, None),
    ],
)
def test_an_onnx_files_own_names_of_its_classes_count(pictures, capsys, folders, labels, found):
    onnx = pytest.importorskip("onnx")
    from onnx_graphs import F32, model, node, value, weight

    pictures(folders)
    nodes = [
        node("GlobalAveragePool", ["images"], "means"),
        node("Flatten", ["means"], "flat"),
        node("MatMul", ["flat", "w"], "sure"),
        node("Softmax", ["sure"], "scores"),
        node("ZipMap", ["scores"], "maps", domain="ai.onnx.ml", **labels),
    ]
    made = model(
        nodes,
        [weight("w", 20 * np.eye(3))],
        source=value("images", F32, ["n", 3, 8, 8]),
        outputs=[value("maps", F32, ["n", 3])],
        ml=True,
    )
    key = onnx.TensorProto.INT64 if "classlabels_int64s" in labels else onnx.TensorProto.STRING
    inner = onnx.helper.make_map_type_proto(key, onnx.helper.make_tensor_type_proto(F32, []))
    kind = onnx.helper.make_sequence_type_proto(inner)
    made.graph.output[0].CopyFrom(onnx.helper.make_value_info("maps", kind))
    onnx.save(made, "m.onnx")
    entries = [{"name": "m", "onnx": "m.onnx", "cost": 1}]
    with open("models.json", "w") as file:
        json.dump(entries, file)
    status = cli.main(["collect", "--models", "models.json", "--data", "images:images"])
    told = capsys.readouterr()
    if found is None:
        assert status == 1
        assert (
            "those of m (x, y, z; classes in its entry says others), received none called 'blue'"
            in told.err
        )
    else:
        assert "m: 100.00 % right" in told.out


@pytest.mark.parametrize(
    "kind", [{"callable": "missing:predict"}, {"endpoint": "http://localhost:1/v2/models/m"}]
)
def test_the_file_of_an_input_names_classes_where_nothing_else_does(tmp_path, kind):
    shown = {"input_size": [3, 8, 8], "mean": [0.5], "std": [0.5]}

    def classes(names, **entry):
        (tmp_path / "c.json").write_text(json.dumps({**shown, "label_names": names}))
        entry = {"name": "m", "cost": 1, "input": "c.json", **kind, **entry}
        (tmp_path / "models.json").write_text(json.dumps([entry]))
        return read_models(tmp_path / "models.json", opened=())[0].classes

    assert classes(["b", "a"]) == ("b", "a")
    assert classes(["b", "a"], classes=["x", "y"]) == ("x", "y")
    assert classes(None) == ()
    with pytest.raises(ConfigError, match=r"input\.config\] expected at least two different names"):
        classes(["a", "a"])
