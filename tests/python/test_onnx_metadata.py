"""Names of classes in an ONNX file's metadata: read in the forms that exporters write."""

import json

import pytest
from muxnet import cli
from muxnet.base.compiled import _core
from muxnet.pool.class_files import CHARACTERS, namings_of
from muxnet.pool.onnx_models import open_onnx

onnx = pytest.importorskip("onnx")
from invented_onnx import entry, large_pictures, network, np  # noqa: E402

OWN = list("3210")  # of the four columns, which the data has in the other order


def write(path, names, key="names"):
    """Write the network that is always right, with such names in its metadata."""
    model = network("large")
    for name, value in (("task", "classify"), (key, names)):
        model.metadata_props.add(key=name, value=value)
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
        ("('a', 'b', 'c', 'd')", tuple("abcd")),
        ('["a", "b", "c", "\\ud83d\\ude00"]', ("a", "b", "c", "\U0001f600")),
        ("{0: '0', 1: '1', 2: '2', 3: '3'}", ()),  # in order, as without names
        ("{0: 'a', 1: 'b'}", ()),  # the output has four
        ("{0: 'a', 1: 'b', 2: 'c', 4: 'd'}", ()),
        ("{0: 'a', 1: 'b', 2: 'c', 3: 'a'}", ()),
        ("{0: 'a', 1: 'b', 2: 'c', 3: '\\ud800'}", ()),
        ("{0: 'a', 1: 'b', 2: 'c', 3: ''}", ()),
        ("['a', 'b', 'c', 4]", ()),
        ("a, b, c, d", tuple("abcd")),
        ("a\nb\r\nc, or so\nd\n", ("a", "b", "c, or so", "d")),
        ("a, b, c", ()),
        ("a, b, c, ", ()),
        ('["a", "b", c, "d"]', ()),
        ("__import__('os').getcwd()", ()),
        ("", ()),
        ("1+" * 100_000 + "1", ()),
        ("{0: 'a'" + " " * 100_000, ()),
        ("['a', 'b', 'c', 'd'" + " " * CHARACTERS + "]", ()),
    ],
    ids=range(23),
)
def test_what_names_the_outputs_classes_is_read(tmp_path, names, expected):
    write(tmp_path / "a.onnx", names)
    assert open_onnx(tmp_path / "a.onnx")[1].classes == expected


@pytest.mark.parametrize("text", ["0 a\n1 b\n2 c\n3 d", "00: a, 01: b, 02: c, 03: d"])
def test_names_behind_numbers_are_those_of_files(tmp_path, text):
    write(tmp_path / "a.onnx", text)
    lines, numbers, names = namings_of(open_onnx(tmp_path / "a.onnx")[1].classes)
    assert names == tuple("abcd")
    assert [int(number) for number in numbers] == [0, 1, 2, 3]
    assert lines[0] in text


@pytest.mark.parametrize(
    "text", ['{"b": 1, "a": 0, "d": 3, "c": 2}', "{'a': 0, 'b': 1, 'c': 2, 'd': 3}"]
)
def test_numbers_by_name_are_read(tmp_path, text):
    write(tmp_path / "a.onnx", text, "label2id")
    assert open_onnx(tmp_path / "a.onnx")[1].classes == tuple("abcd")


@pytest.mark.parametrize("key", ["id2label", "labels", "classes", "class_names", "Names"])
def test_other_keys_name_classes_too(tmp_path, key):
    for names in (json.dumps(dict(enumerate("dcba"))), '["d", "c", "b", "a"]', "d,c,b,a"):
        write(tmp_path / "a.onnx", names, key)
        assert open_onnx(tmp_path / "a.onnx")[1].classes == tuple("dcba")


@pytest.mark.parametrize(
    ("key", "text", "told"),
    [
        ("labels", "of ImageNet", "not names of 4 classes: 'of ImageNet'"),
        ("names", '["a", "b", c, "d"]', "not names of 4 classes"),
        ("names", "['a', 'b', 'c']", "not names of 4 classes: 3"),
    ],
)
def test_what_cannot_be_read_is_said_once(tmp_path, caplog, key, text, told):
    write(tmp_path / f"{tmp_path.name}.onnx", text, key)
    for _ in range(2):
        assert open_onnx(tmp_path / f"{tmp_path.name}.onnx")[1].classes == ()
    assert [record.message.count(told) for record in caplog.records] == [1]


def test_of_two_keys_that_name_others_the_first_counts_and_is_said(tmp_path, caplog):
    path = tmp_path / "twice.onnx"
    write(path, "a,b,c,d")
    model = onnx.load(path)
    model.metadata_props.add(key="labels", value="d,c,b,a")
    onnx.save(model, path)
    assert open_onnx(path)[1].classes == tuple("abcd")
    assert "labels of its metadata names other classes than names" in caplog.text
    model.metadata_props[-1].value = "0 a\n1 b\n2 c\n3 d"
    model.metadata_props.add(key="classes", value="4")
    caplog.clear()
    onnx.save(model, tmp_path / "counted.onnx")
    open_onnx(tmp_path / "counted.onnx")
    assert "of its metadata" not in caplog.text
