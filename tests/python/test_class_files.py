"""The files of classes that people have, and what of them the data's classes are called by."""

import json
from pathlib import Path

import muxnet
import numpy as np
import pytest
from muxnet import cli
from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.class_names import named_places, read_classes
from muxnet.pool.entries import Place
from muxnet.pool.inputs import ArrayInputs
from muxnet.pool.yaml_names import yaml_names

OWN = ("fox", "eel", "dog", "cat")  # of the model, backwards
IDS = ("n00000004", "n00000003", "n00000002", "n00000001")
KERAS = {str(k): [IDS[k], name] for k, name in enumerate(OWN)}
SYNSETS = "\n".join(f"{mark} {name}, {name}s" for mark, name in zip(IDS, OWN, strict=True))
NUMBERED = {
    "numbers": ("0 fox\n1 eel\n2 dog\n3 cat", list("0123")),
    "numbers with noughts": ("00 fox\n01 eel\n02 dog\n03 cat", list("0123")),
    "names behind noughts": ("00 fox\n01 eel\n02 dog\n03 cat", OWN),
    "names from 1 on": ("1: fox\n2: eel\n3: dog\n4: cat", OWN),
    "numbers from 1 on": ("1,fox\n2,eel\n3,dog\n4,cat", list("1234")),
}
COCO = {"info": {}, "categories": [{"id": 3 * k + 1, "name": name} for k, name in enumerate(OWN)]}


def listed(folder, name, content):
    path = Path(folder) / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_classes(Place("m", Path(folder)), name)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", {"names": dict(enumerate(OWN))}),
        ("a.json", {"names": OWN, "nc": 4}),
        ("a.json", {"classes": OWN}),
        ("a.json", {"id2label": dict(enumerate(OWN)), "label2id": {}}),
        ("a.json", {name: k for k, name in enumerate(OWN)}),
        ("a.json", COCO),
        ("a.json", {"label2id": {name: k for k, name in enumerate(OWN)}}),
        ("a.json", {"label2id": {name: str(k) for k, name in enumerate(OWN)}}),
        ("a.txt", "{0: 'fox',\n 1: 'eel',\n 2: \"dog\",\n 3: 'cat'}\n"),
        ("a.yaml", "path: ../x  # of\nnc: 4\nnames:\n  0: fox\n  1: 'eel'\n  2: dog\n  3: cat\n"),
        ("a.yml", 'names:\n- fox\n- eel # long\n- dog\n- "cat"\ntrain: images/train\n'),
        ("a.yml", "train: x\nnames: ['fox', \"eel\", dog, cat]\n"),
        ("a.yml", "names: [\n  fox, eel,\n  dog, cat,\n]\nnc: 4\n"),
        ("a.yml", "names: {0: fox, 1: eel, 2: dog, 3: cat}"),
        ("a.yml", "# all\n- fox\n- eel\n- dog\n- cat\n"),
        ("a.txt", "fox\neel\n\ndog\ncat\n"),
    ],
)
def test_names_are_read(tmp_path, name, content):
    assert listed(tmp_path, name, content) == OWN


@pytest.mark.parametrize(
    "text",
    [
        "names: *all",
        "names:\n  - [fox, eel]\n",
        "names:\n  - yes\n  - no\n",
        "names: [fox, null]",
        "names:\n  - fox\n    - eel\n",
        "names: |\n  fox\n  eel\n",
        "names: [fox, eel\n",
        "names: ['fox\\n', eel]",
        "names:\n  fox: 0\n",
        "names: [fox]\nnames: [eel]\n",
        "fox",
    ],
)
def test_other_yaml_is_refused_by_name(tmp_path, text):
    assert yaml_names(text, ("names",)) is None
    with pytest.raises(ConfigError, match=r"\[m, classes, .*c.yaml\] expected names .*YAML"):
        listed(tmp_path, "c.yaml", text)


def test_a_long_line_takes_no_long_time():
    assert yaml_names("names: [a" + " " * 1_000_000 + "{]", ("names",)) is None


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"categories": COCO["categories"][::-1]}, "categories in the order of their id"),
        ({"0": ["a", "b"], "1": ["c"]}, "a name of each class"),
        ({"names": ["a", 5]}, "a name of each class, received 5"),
        ({"names": ["a", "a"]}, "'a' twice"),
        ({"names": []}, "two different names"),
    ],
)
def test_what_lists_no_names_is_refused_by_file(tmp_path, content, told):
    with pytest.raises(ConfigError, match=rf"m, classes, .*c.json\] expected .*{told}"):
        listed(tmp_path, "c.json", content)


@pytest.mark.parametrize(
    ("name", "content", "folders"),
    [
        ("imagenet_class_index.json", KERAS, OWN),
        ("imagenet_class_index.json", KERAS, IDS),
        ("synset_words.txt", SYNSETS, IDS),
        ("labels.txt", "\n".join(f"{k} {name}" for k, name in enumerate(OWN)), OWN),
        (
            "labels.txt",
            "\n".join(f"{k} {n}" for k, n in enumerate(OWN)),
            [f"{k} {n}" for k, n in enumerate(OWN)],
        ),
        *(("labels.txt", *content) for content in NUMBERED.values()),
    ],
    ids=["names", "ids", "synsets", "numbered", "numbered folders", *NUMBERED],
)
def test_answers_go_to_what_the_data_calls_the_classes(
    tmp_path, monkeypatch, name, content, folders
):
    monkeypatch.chdir(tmp_path)
    listed(tmp_path, name, content)
    source = "import numpy as np\n\n\ndef second(x):\n    return np.eye(4)[[1] * len(x)]\n"
    (tmp_path / "seconds.py").write_text(source)
    entry = {"name": "m", "callable": "seconds:second", "cost": 1, "classes": name, "size": 8}
    (tmp_path / "models.json").write_text(json.dumps([entry]))
    np.savez("i.npz", images=np.zeros((8, 3, 8, 8), np.uint8), labels=np.array([*folders] * 2))
    collect = ["collect", "--models", "models.json", "--data", "i.npz", "--out", "o.safetensors"]
    assert cli.main(collect) == 0
    table = _core.OutcomeTable.load("o.safetensors")
    assert {table.class_names[k] for k in table.predictions[:, 0]} == {folders[1]}
    fit = ["fit", "o.safetensors", "--policy", "best_single", "--models", "models.json"]
    assert cli.main([*fit, "--out", "r"]) == 0
    assert json.loads(Path("r/models.json").read_text())[0]["classes"] == list(folders)
    (tmp_path / name).unlink()
    found = muxnet.open_router("r").route(np.zeros((1, 3, 8, 8), np.uint8)).probabilities[0]
    assert table.class_names[found.argmax()] == folders[1]


def test_numbers_out_of_their_order_are_parts_of_names(tmp_path):
    own = listed(tmp_path, "c.txt", "1 fox\n0 eel")
    assert own.namings == [("1 fox", "0 eel")]


def test_many_names_take_no_long_time(tmp_path):
    assert len(listed(tmp_path, "c.txt", "\n".join(f"name {k}" for k in range(100_000)))) == 100_000


@pytest.mark.parametrize(
    ("name", "content", "called", "told"),
    [
        ("c.json", KERAS, ["cat", "owl"], "fox, .*'owl'"),
        ("c.txt", SYNSETS, [*IDS[1:], "n00000009"], "n00000004, .*'n00000009'"),
        ("c.txt", SYNSETS, ["owl"], "n00000004 fox, foxs, .*'owl'"),
    ],
)
def test_a_class_that_is_nowhere_in_the_file_is_told_with_it(tmp_path, name, content, called, told):
    own = listed(tmp_path, name, content)
    model = ForeignModel("m", 1, lambda x: np.eye(4)[[1] * len(x)], classes=own)
    data = [(np.zeros((3, 8, 8), np.uint8), label) for label in called]
    with pytest.raises(ConfigError, match=rf"those of m \(.*{name}: {told}"):
        muxnet.collect([model], data, tmp_path / "o.safetensors")


def test_a_class_that_a_router_does_not_know_is_told_as_the_router_calls_others(tmp_path):
    own = listed(tmp_path, "c.txt", SYNSETS)
    assert named_places("m", own, IDS[::-1]) == [3, 2, 1, 0]
    with pytest.raises(ConfigError, match=r"\[m\] .* knows by name .*received 'n00000001', of 4"):
        named_places("m", own, [*IDS[:3], "n00000009"])


@pytest.mark.parametrize("met", [[1, 2, 3], [3, 1], [9, 1], [0, 2]])
def test_numbers_that_are_met_choose_what_a_file_calls_its_classes(tmp_path, met):
    content = [["n1", "1"], ["n2", "2"], ["n3", "3"]]
    labels, images = np.array(met, np.int32), np.zeros((len(met), 3, 8, 8), np.uint8)
    data = ArrayInputs("x", labels, [*"0123456789"], np.arange(len(met)), images)

    def table(own):
        model = ForeignModel("m", 1, lambda x: np.eye(3)[[1] * len(x)], classes=own)
        return muxnet.collect([model], data, tmp_path / "o.safetensors")

    own = listed(tmp_path, "c.json", content)
    if {*met} <= {1, 2, 3}:
        assert {table(own).class_names[k] for k in table(own).predictions[:, 0]} == {"2"}
        return
    lacking = next(k for k in sorted(met) if k not in (1, 2, 3))
    with pytest.raises(ConfigError, match=rf"\(.*c.json: 1, 2, 3;.*none called '{lacking}'"):
        table(own)


def test_names_that_may_be_either_are_refused(tmp_path):
    own = listed(tmp_path, "c.json", {"0": ["a", "b"], "1": ["b", "a"]})
    model = ForeignModel("m", 1, lambda x: np.eye(2)[[1] * len(x)], classes=own)
    data = [(np.zeros((3, 8, 8), np.uint8), name) for name in ("a", "b")]
    with pytest.raises(ConfigError, match="one of the names that a file has for each"):
        muxnet.collect([model], data, tmp_path / "o.safetensors")
