"""Images of one level each, and lists of models for them, as tests of models elsewhere use them."""

import json

import muxnet
import numpy as np
from muxnet.pool import model_list

SIDE = 8


def levels(count=60):
    values = np.random.default_rng(1).random(count)
    images = np.rint(255 * np.ones((count, 3, SIDE, SIDE)) * values[:, None, None, None])
    labels = (images.mean(axis=(1, 2, 3)) > 127.5).astype(np.int32)
    return muxnet.dataset(images.astype(np.uint8), labels, name="levels")


def listed(folder, *entries):
    path = folder / "models.json"
    path.write_text(json.dumps(entries))
    return model_list.read_models(path)
