"""Two models that somebody might have made, and pictures on which they differ."""

import json

import numpy as np

SIDE = 8
SMALL, LARGE, OWN = 1.0, 10.0, 0.25  # costs

# The class is a bright column. Small sees it on dark ground only, where it is wrong by one.
MODULE = """
import numpy as np


def large(images):
    found = np.eye(4)[images.mean(axis=(1, 2))[:, ::2].argmax(axis=1)]
    return 0.8 * found + 0.05


def small(images):
    right = large(images)
    dark = images.mean(axis=(1, 2, 3)) < 0.5
    return np.where(dark[:, None], right, np.roll(right, 1, axis=1))
"""


def pictures(n, seed):
    random = np.random.default_rng(seed)
    labels = random.integers(0, 4, n)
    ground = np.where(random.random(n) < 0.5, 40, 160)
    images = ground[:, None, None, None] + random.integers(0, 30, (n, 3, SIDE, SIDE))
    images[np.arange(n), :, :, 2 * labels] += 60
    return images.astype(np.uint8), labels.astype(np.int32), ground < 100


def write_pool(folder, count):
    """Write the models, the list of them, and so many labelled inputs."""
    (folder / "columns.py").write_text(MODULE)
    costs = {"small": SMALL, "large": LARGE}
    entries = [{"name": m, "callable": f"columns:{m}", "cost": costs[m]} for m in costs]
    (folder / "models.json").write_text(json.dumps(entries))
    images, labels, _ = pictures(count, 1)
    np.savez(folder / "inputs.npz", images=images, labels=labels)
