"""Images that Parquet files hold, in one file or in the shards of a data set of Hugging Face."""

import json

import numpy as np
import pytest
from muxnet import _core, cli
from muxnet.base.columns import read_columns
from muxnet.base.errors import ConfigError
from muxnet.base.parquet_columns import Contents
from muxnet.outcomes.table_files import read_outcomes
from muxnet.pool.input_sources import open_inputs

pyarrow = pytest.importorskip("pyarrow")
from pyarrow import parquet  # noqa: E402

SMALL = _core.ImageFormat(height=2, width=2)
GREY = _core.ImageFormat(channels=1, height=3, width=5)
NAMES = ("wolf", "unmet", "ant")


def image(red, size=(6, 8), kind="png"):
    pixels = np.zeros((1, 3, *size), np.uint8)
    pixels[0, 0] = red
    return _core.encode_image(pixels, kind)


def said_by_hugging_face(names, column="label"):
    features = {"image": {"_type": "Image"}, column: {"names": names, "_type": "ClassLabel"}}
    return {"huggingface": json.dumps({"info": {"features": features}})}


def write(path, contents, labels=None, *, column="image", names=None, paths=None):
    """Write a table as the library ``datasets`` does, two rows to a group."""
    paths = paths or [None] * len(contents)
    rows = [{"bytes": x, "path": p} for x, p in zip(contents, paths, strict=True)]
    kind = pyarrow.struct({"bytes": pyarrow.binary(), "path": pyarrow.string()})
    columns = {column: pyarrow.array(rows, kind)}
    if labels is not None:
        columns["label"] = labels
    table = pyarrow.table(columns)
    if names is not None:
        table = table.replace_schema_metadata(said_by_hugging_face(names))
    path.parent.mkdir(exist_ok=True, parents=True)
    parquet.write_table(table, path, row_group_size=2)
    return path


def opened(path, **options):
    return open_inputs(f"list:{path}", **{"say": lambda _: None, **options})


@pytest.fixture
def files(tmp_path):
    """Return five image files of other reds, one of them a JPEG, and their list."""
    (tmp_path / "files").mkdir()
    for i in range(5):
        content = image(20 + 50 * i, kind="jpeg" if i == 3 else "png")
        (tmp_path / "files" / f"{i}").write_bytes(content)
    (tmp_path / "l.csv").write_text("path,label\n" + "".join(f"files/{i},{i}\n" for i in range(5)))
    return tmp_path


@pytest.mark.parametrize("form", ["image", "img", "Image", "binary image", "binary image_bytes"])
def test_images_of_a_table_are_those_of_files(files, form):
    contents = [(files / "files" / f"{i}").read_bytes() for i in range(5)]
    path = files / "t.parquet"
    if form.startswith("binary"):
        columns = {form.split()[1]: contents, "label": range(5)}
        parquet.write_table(pyarrow.table(columns), path, row_group_size=2)
    else:
        write(path, contents, range(5), column=form, paths=["none such"] * 5)
    held, by_name = opened(path), opened(files / "l.csv")
    assert (held.kind, held.shape, len(held)) == ("images", (3, 6, 8), 5)
    for rows in ([4, 0, 3, 3], slice(None)):
        every = zip(*(x.read(rows, [SMALL, None, GREY]) for x in (held, by_name)), strict=True)
        for one, other in every:
            np.testing.assert_array_equal(one, other)
    assert held.read([2], [SMALL])[0][0, 0].tolist() == [[120, 120], [120, 120]]
    assert held.contents().tolist() == by_name.contents().tolist()
    assert held.identity() == by_name.identity()
    some, others = (x.subset([3, 1], "test") for x in (held, by_name))
    assert some.identity() == others.identity()
    assert (some.part, some.labels.tolist(), some.source_index.tolist()) == ("test", [3, 1], [3, 1])


def test_what_a_row_lacks_is_read_by_its_path_or_told(files):
    contents = [image(7), None, b"<html>", None, b""]
    paths = ["a.png", "files/1", "files/2", None, None]
    path = write(files / "t.parquet", contents, range(5), paths=paths)
    inputs = opened(path)
    assert inputs.read([1, 0], [SMALL])[0][:, 0, 0, 0].tolist() == [70, 7]
    with pytest.raises(OSError, match="3 images cannot be read") as error:
        inputs.read([0, 2], [SMALL])
    for row, received in ((3, "another kind of file"), (4, "an empty file"), (5, "an empty file")):
        assert f"{path}, row {row}]" in str(error.value)
        assert received in str(error.value).splitlines()[row - 2]
    with pytest.raises(OSError, match=r"row 3\]"):
        inputs.read([2], [None])
    readable = opened(path, skip_unreadable=True)
    assert (readable.source_index.tolist(), len(readable.unreadable)) == ([0, 1], 3)
    by_path = inputs.subset([1])
    (files / "files" / "1").unlink()
    with pytest.raises(OSError, match="files/1"):
        by_path.contents()


def test_the_only_column_of_classes_is_that_of_labels(tmp_path):
    classes = {"names": list(NAMES), "_type": "ClassLabel"}
    features = {"labels": classes, "rank": {"dtype": "int64", "_type": "Value"}}
    columns = {"image": [image(1), image(2)], "rank": [7, 8], "labels": [2, 0]}

    def of(features, **more):
        said = {"huggingface": json.dumps({"info": {"features": features}})}
        table = pyarrow.table({**columns, **more}).replace_schema_metadata(said)
        parquet.write_table(table, tmp_path / "t.parquet")
        told = []
        return opened(tmp_path / "t.parquet", say=told.append), told

    inputs, told = of(features)
    assert (inputs.labels.tolist(), inputs.class_names) == ([2, 0], list(NAMES))
    assert told == [f"{tmp_path / 't.parquet'}: labels are those of its column labels"]
    inputs, told = of(features, label=[1, 1])  # of that name, whatever else is there
    assert (inputs.labels.tolist(), told) == ([1, 1], [])
    inputs, told = of({**features, "coarse": classes}, coarse=[0, 0])
    assert inputs.labels.tolist() == [-1, -1]
    assert "expected a column label or class, received image, rank, labels" in told[0]


def test_names_of_classes_are_those_of_labels(tmp_path):
    contents = [image(i) for i in range(4)]
    path = write(tmp_path / "t.parquet", contents, [2, -1, 0, 2], names=NAMES)
    inputs = opened(path)
    assert (inputs.labels.tolist(), inputs.class_names) == ([2, -1, 0, 2], list(NAMES))
    assert opened(path, known=["-1", "1"]).labels.tolist() == [2, -1, 0, 2]
    write(path, contents, [2, None, 0, 2], names=NAMES)
    assert opened(path).labels.tolist() == [2, -1, 0, 2]
    write(path, contents, [2, 1, 0, 3], names=NAMES)
    with pytest.raises(ConfigError, match=r"t.parquet, labels\] expected classes of 0 to 2"):
        opened(path)
    for names in (["a", "b", "a"], ["a", 1, "b"], "abc", {"0": "a"}):
        write(path, contents, [0, 1, 2, 2], names=names)
        with pytest.raises(ConfigError, match=r"t.parquet, label\] expected names of classes"):
            opened(path)
    write(path, contents, [0, 1, 2, 2], names=[])
    assert opened(path).class_names == ["0", "1", "2"]


def test_what_names_no_numbers_is_no_name_of_a_class(tmp_path):
    said = []
    path = write(tmp_path / "t.parquet", [image(1), image(2)], ["y", "x"], names=NAMES)
    assert opened(path, say=said.append).class_names == ["x", "y"]
    for content in (b"no JSON", b"\xff", b"[" * 10_000):
        table = parquet.read_table(write(path, [image(1), image(2)], [1, 0]))
        parquet.write_table(table.replace_schema_metadata({"huggingface": content}), path)
        inputs = opened(path, say=said.append)
        assert (inputs.class_names, inputs.labels.tolist()) == (["0", "1"], [1, 0])
    assert ["without names of classes" in text for text in said] == [True] * 3


def test_a_file_without_groups_has_no_rows(tmp_path):
    kind = pyarrow.struct({"bytes": pyarrow.binary(), "path": pyarrow.string()})
    schema = pyarrow.schema([("image", kind), ("label", pyarrow.int64())])
    parquet.ParquetWriter(tmp_path / "t.parquet", schema).close()
    columns = read_columns(tmp_path / "t.parquet")
    assert {name: len(column) for name, column in columns.items()} == {
        "image:bytes": 0,
        "image:path": 0,
        "label": 0,
    }
    assert list(columns["image:bytes"]) == []


@pytest.fixture
def unpacked(monkeypatch):
    """Return the groups that are read, as they are."""
    found, whole = [], Contents.group

    def group(column, number):
        found.append((column.path.name, number))
        return whole(column, number)

    monkeypatch.setattr(Contents, "group", group)
    return found


def test_a_group_is_unpacked_once_for_rows_in_any_order(tmp_path, unpacked):
    shards(tmp_path / "set", {f"train-0000{i}-of-00003": 20 * i for i in range(3)})
    whole = write(tmp_path / "t.parquet", [image(100 + i) for i in range(8)])
    for path, reds in ((tmp_path / "set", [0, 1, 20, 21, 40, 41]), (whole, range(100, 108))):
        inputs = opened(path, split="all")
        order = np.random.default_rng(0).permutation(len(reds))
        unpacked.clear()
        assert inputs.read(order, [SMALL])[0][:, 0, 0, 0].tolist() == [reds[i] for i in order]
        assert len(unpacked) == len(set(unpacked)) == len(reds) // 2
        assert inputs.read(order, [None])[0][:, 0, 0, 0].tolist() == [reds[i] for i in order]


def test_bytes_that_are_gone_through_are_read_by_groups(tmp_path, unpacked):
    values = [b"a", None, b"b", b"a", None, None, b""]
    table = pyarrow.table({"label": pyarrow.array(values, pyarrow.binary())})
    parquet.write_table(table, tmp_path / "t.parquet", row_group_size=2)
    column = read_columns(tmp_path / "t.parquet")["label"]
    together = list(zip(column, column, column, strict=True))
    assert together == [(value,) * 3 for value in values]
    assert [column[i] for i in range(7)] == column[:] == values
    unpacked.clear()
    assert list(column) == values
    assert len(unpacked) <= 4


def shards(folder, reds, *, names=NAMES, labels=(0, 2)):
    """Write shards of a data set by the beginning of their names, and their reds."""
    for name, red in reds.items():
        content = [image(red), image(red + 1)]
        write(folder / f"{name}.parquet", content, list(labels), names=names)
    return folder


TRAIN = {f"train-0000{i}-of-00003-0a{i}b": 100 + 10 * i for i in (2, 0, 1)}
WHOLE = {**TRAIN, "validation-00000-of-00001": 200, "test-00000-of-00001-ffff": 220}


@pytest.mark.parametrize("inner", ["data", "."])
def test_parts_of_a_folder(tmp_path, inner):
    shards(tmp_path / "x" / inner, WHOLE)
    (tmp_path / "x" / "README.md").touch()
    reds = {"": [220, 221], "held_out": [200, 201], "train": [100, 101, 110, 111, 120, 121]}
    reds["all"] = [*reds["train"], *reds["held_out"], *reds[""]]
    for split, expected in reds.items():
        inputs = opened(tmp_path / "x", split=split)
        assert inputs.read(slice(None), [SMALL])[0][:, 0, 0, 0].tolist() == expected
        assert inputs.labels.tolist() == [0, 2] * (len(expected) // 2)
        assert (inputs.name, inputs.class_names) == ("x", list(NAMES))


def test_one_part_alone_is_divided(tmp_path):
    said = []
    folder = shards(tmp_path, TRAIN)
    (tmp_path / "more.csv").touch()
    test = opened(folder, split="test", say=said.append)
    assert (len(test), test.part) == (2, "test")
    assert said[0] == f"left out: {folder / 'more.csv'}: no part in .parquet"
    shards(tmp_path / "o", {f"data-0000{i}-of-00002": i for i in range(2)})
    assert len(opened(tmp_path / "o")) == 4


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (
            ["train-00000-of-00003", "test"],
            r"train\] expected 3 files, received 1 without 00001-of",
        ),
        (["train-00001-of-99999"], "received 1 without 00000-of-99999, 00002-of-99999, .*, ...$"),
        (["train-00000-of-00001-a", "train-00000-of-00001-b"], "each file of a part once"),
        (["train-00000-of-00001", "train-00000-of-00002"], "each file of a part once"),
        (["train-00002-of-00002"], "each file of a part once"),
        (["train", "train-1"], "train-1.parquet alone, or NUMBER-of-COUNT"),
        (["val", "dev-00000-of-00001"], "one part like dev-00000-of-00001.parquet, received val"),
        (["0000", "0001"], "of parts, NAME or NAME-...: train, .*, received 0001.parquet"),
        (["some-1", "some-2"], "of parts, NAME or NAME-...: train, .* beside some-2.parquet"),
        ([], "expected files .parquet, received none"),
    ],
)
def test_folders_that_are_not_whole_or_not_known(tmp_path, names, told):
    shards(tmp_path, dict.fromkeys(names, 0))
    with pytest.raises(ConfigError, match=told):
        opened(tmp_path)


def test_files_of_a_folder_have_the_same_classes(tmp_path):
    shards(tmp_path, {"train": 1, "other": 7})
    said = []
    assert len(opened(tmp_path, split="all", say=said.append)) == 2
    assert said == [f"left out: {tmp_path / 'other.parquet'}: no part in .parquet"]
    shards(tmp_path, {"test": 2}, names=NAMES[::-1])
    with pytest.raises(ConfigError, match="same names of classes in each file"):
        opened(tmp_path)
    shards(tmp_path, {"train": 1}, names=None, labels=("b", "c"))
    shards(tmp_path, {"test": 2}, names=None, labels=("a", "c"))
    inputs = opened(tmp_path, split="all")
    assert (inputs.class_names, inputs.labels.tolist()) == (["a", "b", "c"], [1, 2, 0, 2])
    write(tmp_path / "test.parquet", [image(1)])  # whose labels nobody tells
    assert opened(tmp_path, split="all").labels.tolist() == [0, 1, -1]


def test_a_table_that_became_another_one_is_refused(tmp_path):
    path = write(tmp_path / "t.parquet", [image(1), image(2)])
    inputs = opened(path)
    write(path, [image(1), image(2), image(3)])
    with pytest.raises(ConfigError, match="opened at first, received another one by now"):
        inputs.read([0], [SMALL])
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ConfigError, match="expected a Parquet file"):
        opened(path)


def test_collect_orders_answers_by_the_names_of_classes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shards(tmp_path / "set", {"train": 3, "test": 90})
    (tmp_path / "sure.py").write_text(
        "import numpy as np\n\n\ndef predict(images):\n"
        "    at = [0 if round(255 * x.max()) % 2 else 1 for x in images]\n"
        "    return np.eye(3, dtype=np.float32)[at]\n"
    )
    model = {"name": "a", "callable": "sure:predict", "cost": 1}
    model["classes"] = ["ant", "wolf", "unmet"]
    (tmp_path / "m.json").write_text(json.dumps([model]))
    asked = ["collect", "--models", "m.json", "--data", "list:set", "--split", "all"]
    assert cli.main(asked) == 0
    table = _core.OutcomeTable.load(tmp_path / "outcomes.safetensors")
    assert list(table.class_names) == list(NAMES)
    assert table.predictions[:, 0].tolist() == [2, 0, 0, 2]  # of reds 3, 4, 90, 91
    assert list(table.labels) == [0, 2, 0, 2]


def test_objects_are_columns_as_in_json(tmp_path):
    rows = [{"label": "x", "a": {"prediction": "x", "score": 0.5, "more": {"b": 1}}}]
    rows += [{"label": "y", "a": {"prediction": "x", "score": None, "more": None}}]
    lines = tmp_path / "t.jsonl"
    lines.write_text("\n".join(map(json.dumps, rows)))
    path = tmp_path / "t.parquet"
    parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    columns = read_columns(path)
    assert list(columns) == ["label", "a:prediction", "a:score", "a:more:b"]
    assert list(columns["a:prediction"]) == ["x", "x"]
    one, other = (read_outcomes(x, {"a": 1.0})["all"] for x in (path, lines))
    assert one.predictions.tolist() == other.predictions.tolist()
    twice = pyarrow.table({"image": [{"path": "a"}], "image:path": ["b"]})
    parquet.write_table(twice, path)
    with pytest.raises(ConfigError, match="different names, received image:path twice"):
        opened(path)
    parquet.write_table(pyarrow.table({"path": [None, None], "n": ["a", None]}), path)
    assert [list(x) for x in read_columns(path).values()] == [[None, None], ["a", None]]


def test_paths_in_objects_and_texts_in_folders(files):
    (files / "l.jsonl").write_text(json.dumps({"image": {"path": "files/1"}, "label": "a"}))
    assert opened(files / "l.jsonl").read([0], [SMALL])[0][0, 0, 0, 0] == 70
    for part in ("train", "test"):
        path = files / "texts" / f"{part}-00000-of-00001.parquet"
        path.parent.mkdir(exist_ok=True)
        parquet.write_table(pyarrow.table({"text": [part], "label": [0]}), path)
    found = {part: open_inputs(f"text:{files / 'texts'}", split=part) for part in ("test", "all")}
    read = {part: inputs.read(slice(None), [None]) for part, inputs in found.items()}
    assert read == {"test": [["test"]], "all": [["train", "test"]]}
