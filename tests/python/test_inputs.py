"""Labelled inputs of every kind: where they come from, what is read, what is left out."""

import json
from pathlib import Path

import muxnet
import numpy as np
import pytest
from muxnet import _core, cli
from muxnet.base.errors import ConfigError, UserError
from muxnet.pool.input_sources import open_inputs
from muxnet.pool.inputs import ArrayInputs, FileInputs
from muxnet.pool.labelled import inputs_of, labelled
from muxnet.pool.pixels import values_of
from PIL import Image

RED, BLUE = (220, 30, 25), (20, 30, 220)
SMALL = _core.ImageFormat(height=4, width=4)


def write(path: Path, colour: tuple[int, int, int] = RED, size: tuple[int, int] = (12, 9)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five images of each of two classes, of two sizes."""
    for name, colour in (("blue", BLUE), ("red", RED)):
        for i in range(5):
            write(tmp_path / "plain" / name / f"{i}.png", colour, (12 + i, 9))
    return tmp_path / "plain"


def quiet(text: str) -> None:
    """Say nothing."""


def test_a_folder_is_read_as_it_is_wanted(folder: Path) -> None:
    said: list[str] = []
    inputs = open_inputs(f"images:{folder}", say=said.append)
    assert not said
    assert (inputs.name, inputs.kind, inputs.part, len(inputs)) == ("plain", "images", "", 10)
    assert list(inputs.class_names) == ["blue", "red"]
    assert inputs.labels.tolist() == [0] * 5 + [1] * 5
    grey = _core.ImageFormat(channels=1, height=2, width=3)
    colour, one = inputs.read([7, 0], [SMALL, grey])
    assert colour.shape == (2, 3, 4, 4)
    assert one.shape == (2, 1, 2, 3)
    assert tuple(colour[0, :, 0, 0]) == RED
    assert tuple(colour[1, :, 0, 0]) == BLUE
    (stored,) = inputs.read(slice(3, 4), [None])
    assert stored.shape == (1, 3, 9, 15)
    with pytest.raises(ConfigError, match="images of one size"):
        inputs.read(slice(0, 2), [None])


def test_only_what_has_to_be_divided_is(folder: Path, tmp_path: Path) -> None:
    spec, said = f"images:{folder}", []
    parts = [open_inputs(spec, split=split, say=said.append) for split in ("train", "held_out")]
    parts.append(open_inputs(spec, split="test", say=said.append))
    assert sorted(i for part in parts for i in part.source_index) == list(range(10))
    assert [part.part for part in parts] == ["train", "held_out", "test"]
    assert said[2] == f"the test part of {spec}: 2 of 10 inputs (--split)"
    assert len(open_inputs(spec, split="all", say=said.append)) == 10
    for part, count in (("train", 3), ("val", 2)):
        for i in range(count):
            write(tmp_path / "both" / part / "a" / f"{i}.png")
    spec = f"images:{tmp_path / 'both'}"
    found = {split: open_inputs(spec, split=split, say=quiet) for split in ("", "test", "all")}
    assert {split: (len(x), x.part) for split, x in found.items()} == {
        "": (2, "test"),
        "test": (2, "test"),
        "all": (5, ""),
    }
    with pytest.raises(UserError, match="labels by which"):
        open_inputs(str(unlabelled(tmp_path)), split="train")


def unlabelled(tmp_path: Path) -> Path:
    np.savez(tmp_path / "few.npz", images=np.zeros((4, 5, 5), np.uint8))
    return tmp_path / "few.npz"


def test_what_cannot_be_read_is_named_at_once_or_left_out(folder: Path) -> None:
    for name in ("blue/2.png", "red/4.png"):
        (folder / name).write_bytes(b"<html>404</html>")
    inputs = open_inputs(f"images:{folder}", say=quiet)
    (rows,) = inputs.read([0, 1], [SMALL])
    assert len(rows) == 2
    with pytest.raises(OSError, match=r"2 images cannot be read.*\n.*2.png.*\n.*4.png"):
        inputs.read([1, 2], [SMALL])
    said: list[str] = []
    found = open_inputs(f"images:{folder}", skip_unreadable=True, say=said.append)
    assert found.source_index.tolist() == [0, 1, 3, 4, 5, 6, 7, 8]
    assert len(found.unreadable) == 2
    assert said[0] == "2 of 10 images cannot be read, and are left out"
    for path in folder.rglob("*.png"):
        path.write_bytes(b"")
    with pytest.raises(OSError, match="expected readable images, received none"):
        open_inputs(f"images:{folder}", skip_unreadable=True, say=quiet)


def test_collect_counts_what_it_goes_on_without(folder: Path, tmp_path: Path, monkeypatch) -> None:
    (folder / "red" / "0.png").write_bytes(b"")
    (tmp_path / "even.py").write_text(
        "import numpy as np\n\n\ndef predict(images):\n    return np.full((len(images), 2), 0.5)\n"
    )
    (tmp_path / "models.json").write_text('[{"name": "a", "callable": "even:predict", "cost": 1}]')
    monkeypatch.chdir(tmp_path)
    asked = ["collect", "--models", "models.json", "--data", "images:plain", "--json", "found.json"]
    asked += ["--size", "8"]
    assert cli.main(asked) == 1
    assert cli.main([*asked, "--skip-unreadable"]) == 0
    found = json.loads((tmp_path / "found.json").read_text())
    assert (found["inputs"], found["unreadable"]) == (9, 1)
    table = _core.OutcomeTable.load(tmp_path / "outcomes.safetensors")
    assert list(table.indices) == [0, 1, 2, 3, 4, 6, 7, 8, 9]
    assert table.split == ""


def test_a_list_names_files_and_labels(folder: Path) -> None:
    lines = ["Path,Label", "blue/0.png,sky", "red/1.png,rose", "red/2.png,"]
    (folder / "list.csv").write_text("\n".join(lines))
    rows = [dict(zip(("file", "class"), line.split(","), strict=True)) for line in lines[1:]]
    (folder / "list.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    for name in ("list.csv", "list.jsonl"):
        inputs = open_inputs(f"list:{folder / name}")
        assert list(inputs.class_names) == ["rose", "sky"]
        assert inputs.labels.tolist() == [1, 0, -1]
        assert tuple(inputs.read([1], [SMALL])[0][0, :, 0, 0]) == RED
    (folder / "list.csv").write_text("path,image\na,b\n")
    with pytest.raises(ConfigError, match="one column of path, file"):
        open_inputs(f"list:{folder / 'list.csv'}")
    with pytest.raises(ConfigError, match=r".csv or .tsv or .jsonl or .ndjson or .json"):
        open_inputs(f"list:{folder / 'list.txt'}")


def test_labels_of_a_list_are_compared_as_values(folder: Path) -> None:
    rows = ["path,label", "blue/0.png,03", "red/1.png, 3.0", "red/2.png,nan", "red/1.png,1"]
    (folder / "list.csv").write_text("\n".join(rows))
    inputs = open_inputs(f"list:{folder / 'list.csv'}")
    assert inputs.labels.tolist() == [3, 3, -1, 1]
    assert list(inputs.class_names) == ["0", "1", "2", "3"]
    (folder / "list.csv").write_text("path,label\nblue/0.png,10\nred/1.png,9\nred/2.png,none\n")
    inputs = open_inputs(f"list:{folder / 'list.csv'}")
    assert list(inputs.class_names) == ["9", "10", "none"]


def test_a_list_in_parquet(folder: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = pyarrow.table({"path": ["red/1.png", "blue/1.png"], "label": [3, 0]})
    parquet.write_table(table, folder / "list.parquet")
    inputs = open_inputs(f"list:{folder / 'list.parquet'}")
    assert inputs.labels.tolist() == [3, 0]
    assert list(inputs.class_names) == ["0", "1", "2", "3"]
    assert tuple(inputs.read([0], [SMALL])[0][0, :, 0, 0]) == RED


def test_texts(tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").write_text('text,label\n"good, very",pos\nbad,neg\n')
    inputs = open_inputs(f"text:{tmp_path / 'reviews.csv'}")
    assert inputs.kind == "texts"
    assert inputs.read(slice(None), [None]) == [["good, very", "bad"]]
    assert inputs.labels.tolist() == [1, 0]
    with pytest.raises(ConfigError, match=r"images, as a model wants them, received texts"):
        inputs.read([0], [SMALL])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (np.full((2, 6, 5, 3), 200, np.uint8), (np.uint8, (2, 3, 6, 5), 200)),
        (np.full((2, 1, 6, 5), 200, np.int64), (np.uint8, (2, 1, 6, 5), 200)),
        (np.full((2, 6, 5), True), (np.uint8, (2, 1, 6, 5), 255)),
        (np.full((2, 3, 6, 5), 0.5), (np.float32, (2, 3, 6, 5), 0.5)),
        (np.full((2, 3, 6, 5), 7.0, np.float32), (np.uint8, (2, 3, 6, 5), 7)),
        (np.full((2, 3, 6, 5), 65535, np.uint16), (np.uint8, (2, 3, 6, 5), 255)),
        (np.full((2, 7), 0.25, np.float16), (np.float32, (2, 7), 0.25)),
    ],
)
def test_arrays_of_any_shape_and_dtype(given, expected, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", images=given, labels=np.array([0, -1]))
    inputs = open_inputs(str(tmp_path / "x.npz"))
    (values,) = inputs.read(slice(None), [None])
    assert (values.dtype, values.shape, values.flat[0]) == expected
    assert inputs.labels.tolist() == [0, -1]


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 3, 6, 3), np.uint8), "as their second or as their last axis"),
        (np.zeros((2, 6, 6, 6), np.uint8), "as their second or as their last axis"),
        (np.full((2, 3, 6, 5), -0.5), "in floating point of 0 to 1"),
        (np.full((2, 3, 6, 5), 300, np.int32), "pixels of 0 to 255"),
        (np.zeros(4), "or vectors"),
        (np.full((2, 2), np.nan), "finite numbers"),
    ],
)
def test_arrays_that_may_mean_several_things_are_refused(array, message) -> None:
    with pytest.raises(ConfigError, match=message):
        values_of("x", array)


def test_any_sequence_of_pairs() -> None:
    inputs = inputs_of([({"age": 3}, "b"), ({"age": 4}, None)])
    assert (inputs.kind, inputs.labels.tolist()) == ("values", [0, -1])
    assert inputs.read([1], [None]) == [[{"age": 4}]]
    inputs = inputs_of([(np.zeros(3, np.float32), 1), (np.ones(3, np.float32), 0)])
    assert isinstance(inputs, ArrayInputs)
    assert inputs.kind == "vectors"
    inputs = inputs_of([(Path("a.png"), 0), (Path("b.png"), 1)])
    assert isinstance(inputs, FileInputs)
    assert inputs.subset([1], "test").files == ["b.png"]
    with pytest.raises(ConfigError, match="at least one input"):
        inputs_of([])
    for labels, shape in (([1], "(1,)"), (np.eye(3), "(3, 3)"), ([[0, 1, 0]] * 3, "(3, 3)")):
        with pytest.raises(ConfigError) as error:
            labelled("x", np.zeros((3, 2)), labels)
        assert f"[x, labels] expected (3,), one an input, received {shape}" in str(error.value)
    assert labelled("x", np.zeros((3, 2)), np.array([[0], [2], [1]])).labels.tolist() == [0, 2, 1]
    with pytest.raises(ConfigError, match="one of 2 classes"):
        labelled("x", np.zeros((2, 2)), ["a", "z"], class_names=["a", "b"])


def test_a_dataset_is_read_as_it_is_wanted() -> None:
    asked: list[int] = []

    class Photographs:
        def __len__(self) -> int:
            return 3

        def __getitem__(self, i: int) -> tuple[Image.Image, str]:
            asked.append(i)
            return Image.new("RGB", (9 + i, 6), RED if i else BLUE), "ab"[i % 2]

    inputs = inputs_of(Photographs())
    assert inputs.labels.tolist() == [0, 1, 0]
    asked.clear()
    (images,) = inputs.read([1, 0], [SMALL])
    assert asked[:2] == [1, 0]
    assert images.shape == (2, 3, 4, 4)
    assert tuple(images[0, :, 0, 0]) == RED
    (stored,) = inputs.read([2], [None])
    assert stored[0].size == (11, 6)
    assert inputs.subset([2]).identity() != inputs.subset([0]).identity()
    with pytest.raises(ConfigError, match="as a model wants them, received dict"):
        inputs_of([({}, 0)]).read([0], [SMALL])


class Numbers:
    """What of a dataset of PyTorch counts: pairs by number."""

    def __init__(self, inputs) -> None:
        self.inputs = inputs

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, i: int):
        return self.inputs[i], i % 2


@pytest.mark.parametrize("kind", ["arrays", "lists", "tensors", "rows of colours"])
@pytest.mark.parametrize("lazy", [True, False])
def test_images_of_one_shape_are_one_array(kind: str, *, lazy: bool) -> None:
    images = np.random.default_rng(0).random((4, 3, 6, 5), np.float32)
    given = {"arrays": list, "lists": np.ndarray.tolist}.get(kind, list)(images)
    if kind == "tensors":
        torch = pytest.importorskip("torch")
        given = [torch.tensor(image, requires_grad=True) for image in images]
    elif kind == "rows of colours":
        given = [image.transpose(1, 2, 0) for image in images]
    inputs = inputs_of(Numbers(given) if lazy else list(Numbers(given)))
    assert (inputs.kind, inputs.shape, inputs.labels.tolist()) == ("images", (3, 6, 5), [0, 1] * 2)
    for some in (inputs, inputs.subset([0, 1, 2, 3])):
        stored, shown = some.read([2, 0], [None, SMALL])
        np.testing.assert_array_equal(stored, images[[2, 0]])
        np.testing.assert_array_equal(shown, _core.format_images(images[[2, 0]], SMALL))
    assert inputs.subset([1]).identity() != inputs.subset([3]).identity()


def test_arrays_of_several_shapes_and_tokens_come_as_they_are() -> None:
    sounds = [np.zeros(3), np.zeros(4)]
    for data in (Numbers(sounds), list(Numbers(sounds)), Numbers([[1, 2], [3, 4]])):
        inputs = inputs_of(data)
        assert (inputs.kind, inputs.shape) == ("values", None)
        assert isinstance(inputs.read([0, 1], [None])[0], list)
    with pytest.raises(ConfigError, match="as a model wants them, received vectors"):
        inputs_of(Numbers([np.zeros(3), np.ones(3)])).read([0], [SMALL])


@pytest.mark.parametrize(
    ("data", "received"),
    [
        ([{"image": 1, "label": 2}], "dict of image, label as item 0"),
        ([(1, 2, 3)], "tuple of 3 as item 0"),
        ((np.zeros((4, 2)), np.zeros(4)), "ndarray as item 0"),
        ({"image": [1], "label": [2]}, "dict"),
        ((pair for pair in [(1, 2)]), "generator"),
        ("images:photos", "str as item 0"),
    ],
)
def test_what_are_no_pairs_is_told(data, received: str) -> None:
    with pytest.raises(ConfigError, match=r"sequence of \(input, label\)") as error:
        inputs_of(data)
    assert str(error.value).endswith(f"received {received}")


def test_another_kind_of_data_is_refused_by_name(tmp_path: Path) -> None:
    for spec in ("cifar11:x", "images:", "nothing"):
        with pytest.raises(ConfigError, match=r"digits, FILE.npz, images:PATH, list:PATH.*mnist"):
            open_inputs(spec)
    (tmp_path / "list.csv").write_text("path,label\na.png,1000000000\n")
    with pytest.raises(ConfigError, match="below 1,000,000"):
        open_inputs(f"list:{tmp_path / 'list.csv'}")


def test_a_run_takes_a_folder_at_one_size(folder: Path) -> None:
    (folder / "red" / "4.png").write_bytes(b"")
    (folder / "red" / "notes.txt").write_text("no image")
    said: list[str] = []
    options = {"image_size": 8, "image_channels": 1, "say": said.append}
    with pytest.raises(OSError, match="1 image cannot be read"):
        muxnet.load_data(f"images:{folder}", **options)
    data = muxnet.load_data(f"images:{folder}", skip_unreadable=True, **options)
    assert data.train.image_shape == (1, 8, 8)
    assert len(data.train) + len(data.held_out) + len(data.test) == 9
    assert [".txt" in said[0], "4.png" in said[1]] == [True, True]


def test_identity_is_that_of_contents(folder: Path) -> None:
    def known() -> dict[str, str]:
        return open_inputs(f"images:{folder}").identity()

    before = known()
    assert before == known()
    assert before["count"] == "10"
    write(folder / "red" / "0.png", BLUE)
    assert known()["images"] != before["images"]
    assert known()["labels"] == before["labels"]
    texts = labelled("x", ["a", "b"], [0, 1])
    assert texts.identity() != labelled("x", ["a", "c"], [0, 1]).identity()
    arrays = labelled("x", np.zeros((2, 2), np.float32), [0, 1])
    assert arrays.identity() != labelled("x", np.ones((2, 2), np.float32), [0, 1]).identity()
