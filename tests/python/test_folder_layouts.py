"""Layouts of image folders as archives have them: read rightly, or refused by what is meant."""

import numpy as np
import pytest
from muxnet import _core
from PIL import Image

ABC = ("A", "B", "C")


def write(folder, *files):
    for name in files:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((4, 4, 3), 90, np.uint8)).save(file)


def classes(prefix, names=ABC):
    return [f"{prefix}{name}/{i}.png" for name in names for i in range(2)]


@pytest.mark.parametrize(
    "files",
    [
        [
            *classes("asl_alphabet_train/asl_alphabet_train/"),
            "asl_alphabet_test/asl_alphabet_test/A.png",
        ],
        [*classes("asl_alphabet_train/"), "asl_alphabet_test/A_test.png"],
        [*classes("train/"), "test/test/1.png"],
        [*classes("Train/Train/"), "Test/Test/1.png"],
    ],
)
def test_a_part_without_classes_beside_one_with_them_is_left_out(tmp_path, files):
    write(tmp_path, *files)
    found = _core.list_image_folder(tmp_path)
    assert found.class_names == list(ABC)
    assert len(found.train.files) + len(found.held_out.files) == 6
    assert any(
        "no sub-folder of images per class" in told or "no part" in told for told in found.left_out
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [("X_train", "X_test"), ("flowers-train", "flowers-val"), ("train_cars", "test_cars")],
)
def test_parts_of_something_are_parts(tmp_path, first, second):
    write(tmp_path, *classes(f"{first}/"), *classes(f"{second}/", ABC[:2]))
    found = _core.list_image_folder(tmp_path)
    assert found.class_names == list(ABC)
    assert len(found.train.files) == 6
    assert len(found.held_out.files) + len(found.test.files) == 4


@pytest.mark.parametrize(
    ("files", "meant"),
    [
        (
            [*classes("car_data/car_data/train/"), *classes("car_data/car_data/test/")],
            "car_data/car_data",
        ),
        (classes("archive/dataset/"), "archive/dataset"),
        (classes("a/b/c/"), "a/b/c"),
        (
            [
                "ILSVRC/Data/CLS-LOC/" + file
                for file in (*classes("train/"), "val/1.png", "test/1.png")
            ],
            "ILSVRC/Data/CLS-LOC",
        ),
        (
            [
                *classes("Plants(Augmented)/Plants(Augmented)/train/"),
                *classes("Plants(Augmented)/Plants(Augmented)/valid/"),
                "test/test/1.png",
            ],
            "Plants(Augmented)/Plants(Augmented)",
        ),
        ([*classes("", ("yes", "no")), *classes("brain_tumor/", ("yes", "no"))], "brain_tumor"),
        ([*classes("", ABC), *classes("cells/cells/", ABC)], "cells/cells"),
        ([*classes("old/"), *classes("new/train/"), *classes("new/val/")], "new"),
    ],
)
def test_a_folder_around_what_is_meant_is_no_class(tmp_path, files, meant):
    write(tmp_path, *files)
    with pytest.raises(OSError, match=r"\(is it ") as told:
        _core.list_image_folder(tmp_path)
    assert f"(is it {tmp_path / meant} that is meant?)" in str(told.value)


def test_parts_of_unknown_names_are_refused_although_one_lacks_a_class(tmp_path):
    write(tmp_path, *classes("entrenamiento/"), *classes("prueba/", ABC[:2]))
    with pytest.raises(OSError, match="in each of which are A, B"):
        _core.list_image_folder(tmp_path)


def test_parts_of_several_things_are_refused(tmp_path):
    names = [f"{what}_{part}/" for what in ("birds", "flowers") for part in ("train", "test")]
    write(tmp_path, *(file for name in names for file in classes(name)))
    with pytest.raises(OSError, match=r"one part like birds_t.*received flowers_t"):
        _core.list_image_folder(tmp_path)


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (classes("", ("car", "plane", "train")), ["car", "plane", "train"]),
        (["cat/2019/1.png", "cat/2020/1.png", "dog/2021/1.png"], ["cat", "dog"]),
        ([*classes("cat/", ("19", "20", "21")), *classes("dog/", ("19", "20"))], ["cat", "dog"]),
        ([*classes("cat/", "abcd"), *classes("dog/", "cdef")], ["cat", "dog"]),
        (["cat/train/1.png", "cat/test/1.png", "dog/train/1.png"], ["cat", "dog"]),
        (["n01/images/1.png", "n02/images/1.png"], ["n01", "n02"]),
        (["fast_train/1.png", "slow_train/1.png"], ["fast_train", "slow_train"]),
        (["test_tube/1.png", "train_station/1.png"], ["test_tube", "train_station"]),
    ],
)
def test_classes_stay_classes(tmp_path, files, names):
    write(tmp_path, *files)
    found = _core.list_image_folder(tmp_path)
    assert found.class_names == names
    assert len(found.train.files) + len(found.held_out.files) + len(found.test.files) == len(files)


@pytest.mark.parametrize("to", ["..", "../..", "../../data", "../../elsewhere"])
def test_a_link_to_a_folder_that_contains_it_is_not_followed(tmp_path, to):
    write(tmp_path / "data", *classes(""))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "back").symlink_to("../data")
    (tmp_path / "data" / "A" / "up").symlink_to(to)
    found = _core.list_image_folder(tmp_path / "data")
    files = [tmp_path / "data" / file for file in (*found.train.files, *found.held_out.files)]
    assert len(files) == 6
    assert found.class_names == list(ABC)
    assert {file.resolve().parent.name for file in files if file.parts[-2] == "A"} == {"A"}


def test_a_link_to_a_folder_beside_it_is_followed(tmp_path):
    write(tmp_path / "data", *classes("", ABC[:2]))
    write(tmp_path / "elsewhere", "0.png", "1.png")
    (tmp_path / "data" / "C").symlink_to("../elsewhere")
    found = _core.list_image_folder(tmp_path / "data")
    assert found.class_names == list(ABC)
    assert len(found.train.files) + len(found.held_out.files) == 6
