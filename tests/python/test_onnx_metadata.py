"""Names of classes in an ONNX file's metadata: read in the forms that exporters write."""

import json

import pytest
from muxnet import cli
from muxnet.base.compiled import _core
from muxnet.pool.onnx_models import NAMES_CHARACTERS, open_onnx

onnx = pytest.importorskip("onnx")
from invented_onnx import entry, large_pictures, network, np  # noqa: E402

OWN = list("3210")  # of the four columns, which the data has in the other order


def write(path, names):
    """Write the network that is always right, with such names in its metadata."""
    model = network("large")
    for key, value in (("task", "classify"), ("names", names)):
        model.metadata_props.add(key=key, value=value)
    onnx.save(model, path)


def test_answers_go_to_the_classes_that_the_metadata_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("large.onnx", str(dict(enumerate(OWN))))
    (tmp_path / "models.json").write_text(json.dumps([entry("large")]))
    images, columns, _ = large_pictures(60, 1)
    np.savez("inputs.npz", images=images, labels=np.array(OWN)[columns])
    collect = ["collect", "--models", "models.json", "--data", "inputs.npz", "--out"]
    assert cli.main([*collect, "o.safetensors"]) == 0
    table = _core.OutcomeTable.load("o.safetensors")
    assert table.class_names == list("0123")
    assert table.accuracies() == [1]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("""{0: 'a', 1: "b's", 2: 'c', 3: 'd\\xe9', }""", ("a", "b's", "c", "dé")),
        ("{1: 'b', 0: 'a', 3: 'd', 2: 'c'}", tuple("abcd")),
        ('{"0": "a", "1": "b", "2": "c", "3": "d"}', tuple("abcd")),
        ("['a', 'b', 'c', 'd']", tuple("abcd")),
        ('["a", "b", "c", "\\ud83d\\ude00"]', ("a", "b", "c", "\U0001f600")),
        ("{0: '0', 1: '1', 2: '2', 3: '3'}", ()),  # in order, as without names
        ("{0: 'a', 1: 'b'}", ()),  # the output has four
        ("{0: 'a', 1: 'b', 2: 'c', 4: 'd'}", ()),
        ("{0: 'a', 1: 'b', 2: 'c', 3: 'a'}", ()),
        ("{0: 'a', 1: 'b', 2: 'c', 3: '\\ud800'}", ()),
        ("{0: 'a', 1: 'b', 2: 'c', 3: ''}", ()),
        ("['a', 'b', 'c', 4]", ()),
        ("a, b, c, d", ()),
        ("__import__('os').getcwd()", ()),
        ("", ()),
        ("1+" * 100_000 + "1", ()),
        ("{0: 'a'" + " " * 100_000, ()),
        ("['a', 'b', 'c', 'd'" + " " * NAMES_CHARACTERS + "]", ()),
    ],
    ids=range(18),
)
def test_what_names_the_outputs_classes_is_read(tmp_path, names, expected):
    write(tmp_path / "a.onnx", names)
    assert open_onnx(tmp_path / "a.onnx")[1].classes == expected
