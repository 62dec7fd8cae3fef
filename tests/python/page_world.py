"""What somebody has who follows the pages: recorded answers, photographs, models, finished runs."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from muxnet import _core, cli

HEAD = """label,small:prediction,small:confidence,large:prediction,large:confidence
cat,cat,0.93,cat,0.99
dog,cat,0.51,dog,0.88
"""
CLASSES = ("cat", "dog", "bird")
KINDS = ("ant", "bee", "cow", "dog")  # of the photographs: which column is bright
# A function that finds the bright column in pictures of 224 pixels.
MINE = """import numpy as np


def predict(images):
    columns = images.mean(axis=(1, 2))[:, [8, 64, 128, 192]]
    shares = np.exp(60 * (columns - columns.max(axis=1, keepdims=True)))
    return shares / shares.sum(axis=1, keepdims=True)
"""
PREPARED = {
    "size": {"height": 12, "width": 12},
    "resample": 2,
    "image_mean": [0.0] * 3,
    "image_std": [1.0] * 3,
}


def furnish(folder: Path, run: Path, models: str) -> None:
    """Lay all of it into a folder: ``run``, a finished ``muxnet run``, and a list of ``models``."""
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / ".curlrc").write_text("fail-with-body\n")  # an answer that refuses is no success
    shutil.copytree(run, folder / "OUT")
    for seed, name in enumerate(("answers", "other", "third", "fourth")):
        write_answers(folder / f"{name}.csv", seed)
    for seed, name in enumerate(("DIR", "OTHER"), 1):
        write_photographs(folder / name, seed)
    first, second, *_ = sorted((folder / "DIR").rglob("*.png"))
    for name in ("a.jpg", "photo.jpg", "a.png", "cat.png"):
        shutil.copy(first, folder / name)
    shutil.copy(second, folder / "b.jpg")
    write_models(folder)
    (folder / "models.json").write_text(models, encoding="utf-8")
    muxnet(folder, "collect --models models.json --data images:DIR --out outcomes.safetensors")
    muxnet(folder, "fit outcomes.safetensors --models models.json --out router")


def copy(furnished: Path, folder: Path) -> None:
    """Copy what ``furnish`` laid; lists of models name the folder that they lie in."""
    shutil.copytree(furnished, folder, symlinks=True)
    for path in (folder / "router").glob("*.json"):
        path.write_text(path.read_text().replace(str(furnished), str(folder)))


def muxnet(folder: Path, command: str) -> None:
    """Run a command in a folder."""
    call = [sys.executable, "-P", "-m", "muxnet", *command.split()]
    subprocess.run(call, cwd=folder, check=True, capture_output=True)


def write_answers(path: Path, seed: int, rows: int = 400) -> None:
    """Write recorded answers of two models, of which the second errs less."""
    random = np.random.default_rng(seed)
    lines = []
    for _ in range(rows):
        label = random.integers(3)
        cells = [CLASSES[label]]
        for accuracy in (0.75, 0.95):
            right = random.random() < accuracy
            said = label if right else (label + random.integers(1, 3)) % 3
            sure = (0.75 if right else 0.5) + 0.25 * random.random()
            cells += [CLASSES[said], f"{sure:.6f}"]
        lines.append(",".join(cells) + "\n")
    path.write_text(HEAD + "".join(lines), encoding="utf-8")


def write_photographs(folder: Path, seed: int, count: int = 120) -> None:
    """Write pictures as PNG files, a folder for each class."""
    from invented_onnx import large_pictures

    images, labels, _ = large_pictures(count, seed)
    for kind in KINDS:
        (folder / kind).mkdir(parents=True)
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        path = folder / KINDS[label] / f"{i:03}.png"
        path.write_bytes(_core.encode_image(image[None], "png"))


def write_models(folder: Path) -> None:
    """Write the models of the page's list."""
    import onnx
    from invented_onnx import network

    (folder / "vit").mkdir()
    onnx.save(network("small"), folder / "small.onnx")
    onnx.save(network("large"), folder / "vit" / "model.onnx")
    (folder / "vit" / "preprocessor_config.json").write_text(json.dumps(PREPARED))
    (folder / "mine.py").write_text(MINE, encoding="utf-8")


def write_router(folder: Path, costs: str) -> Path:
    """Write a router and answers that it has not seen; return the folder."""
    write_answers(folder / "held_out.csv", 1)
    write_answers(folder / "test.csv", 2)
    held_out, router = str(folder / "held_out.csv"), str(folder / "router")
    assert cli.main(["fit", held_out, "--costs", costs, "--out", router]) == 0
    return folder
