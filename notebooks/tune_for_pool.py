"""Measures what tuning a small model for its pool brings, on Fashion-MNIST.

python notebooks/tune_for_pool.py FASHION_MNIST_DIR results.json [SEEDS]

Two small CNNs are trained on 40,000 images. The small one is then tuned with each loss, on the same
images or on 10,000 that neither has seen; policies are fitted on 10,000 others and evaluated on the
test images. "area" is the mean height of a policy's curve above random mixing of the same two
models, "height" that of the curve itself, both up to the large model's cost, in points.
"""

import copy
import sys
from pathlib import Path

import muxnet
import numpy as np
import torch
from muxnet import _core
from muxnet.base.files import write_json
from muxnet.torch.cascade_losses import gatekeeper
from muxnet.torch.tuning import POOL_LOSSES, TuningOptions, tune_for_pool
from torch import nn


def wary(logits, labels, large_logits):
    """Return Gatekeeper's loss with more weight on being unsure."""
    return gatekeeper(logits, labels, alpha=0.2)


POLICIES = ("cascade", "learned_cascade")
NAMES = ("small", "large")
LOSSES = {**{name: name for name in POOL_LOSSES}, "gatekeeper, alpha 0.2": wary}


def small() -> nn.Module:
    """Return three convolutions with strides."""
    layers: list[nn.Module] = []
    for before, after in ((1, 4), (4, 8), (8, 8)):
        layers += [nn.Conv2d(before, after, 3, 2, 1), nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(128, 10))


def large() -> nn.Module:
    """Return four convolutions, maxima between them, and dropout."""
    layers: list[nn.Module] = []
    for before, after, pool in ((1, 24, 2), (24, 48, 1), (48, 64, 2), (64, 128, 2)):
        layers += [nn.Conv2d(before, after, 3, 1, 1), nn.BatchNorm2d(after), nn.ReLU()]
        layers += [nn.MaxPool2d(pool)] if pool > 1 else []
    return nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.3), nn.Linear(1152, 10))


def macs(module: nn.Module) -> int:
    """Count the multiply-accumulates of one image."""
    total = 0

    def count(layer, _, output):
        nonlocal total
        places = output[0, 0].numel() if output.dim() == 4 else 1
        total += layer.weight.numel() * places

    hooks = [
        layer.register_forward_hook(count)
        for layer in module.modules()
        if isinstance(layer, nn.Conv2d | nn.Linear)
    ]
    with torch.no_grad():
        module.eval()(torch.zeros(1, 1, 28, 28))
    for hook in hooks:
        hook.remove()
    return total


def train(module, images, labels, epochs, seed, rate=2e-3):
    """Train with cross-entropy, one cycle of AdamW."""
    module.train()
    optimizer = torch.optim.AdamW(module.parameters(), lr=rate, weight_decay=1e-2)
    batches = len(images) // 128
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, epochs * batches)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        for rows in torch.randperm(len(images), generator=generator)[: batches * 128].split(128):
            shown = images[rows]
            flipped = torch.rand(len(rows), generator=generator) < 0.5
            shown[flipped] = shown[flipped].flip(3)
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16):
                logits = module(shown.to(memory_format=torch.channels_last))
            nn.functional.cross_entropy(logits.float(), labels[rows]).backward()
            optimizer.step()
            schedule.step()


@torch.no_grad()
def logits_of(module, images):
    """Return what a module answers in evaluation."""
    module.eval()
    return torch.cat([module(part) for part in images.split(1000)])


def table(logits, labels, costs, split):
    """Return the answers of both models as an outcome table."""
    answers = torch.stack([own.softmax(1) for own in logits], 1).numpy()
    return _core.OutcomeTable(
        list(NAMES),
        np.ascontiguousarray(answers),
        {"macs": costs},
        labels=labels.numpy().astype(np.int32),
        split=split,
        source=f"fashion-mnist/{split}",
    )


def measure(small_logits, large_logits, labels, costs, seed):
    """Return accuracies, and each policy's area and height, in points."""
    held_out, test = (
        table((small_logits[part], large_logits[part]), labels[part], costs, part)
        for part in ("held_out", "test")
    )
    accuracies = [100 * accuracy for accuracy in test.accuracies()]
    found = {"small": accuracies[0], "large": accuracies[1]}
    random = muxnet.fit_policy("random_mixing", held_out)
    for name in POLICIES:
        policy = muxnet.fit_policy(name, held_out, seed=seed)
        area = 100 * _core.area_above(policy, random, test, up_to=costs[1]).value
        found[f"{name}, area"] = area
        found[f"{name}, height"] = area + sum(accuracies) / 2
    return found


def parts_of(folder):
    """Return images and labels of the parts by name."""
    data = muxnet.load_data(f"fashion-mnist:{folder}", held_out_fraction=1 / 3, seed=7)
    halves = muxnet.split_dataset(data.held_out, 0.5, seed=7)
    named = {"train": data.train, "fresh": halves[0], "held_out": halves[1], "test": data.test}
    images, labels = {}, {}
    for name, part in named.items():
        pixels = torch.from_numpy(np.asarray(part.images).astype(np.float32))
        images[name] = (pixels / 255 - 0.2860) / 0.3530
        labels[name] = torch.from_numpy(part.labels.astype(np.int64))
    return images, labels


def run(images, labels, seed):
    """Return the measurements of one seed: before, and after each tuning."""
    torch.manual_seed(seed)
    models = {"small": small(), "large": large()}
    costs = [float(macs(module)) for module in models.values()]
    for name, epochs in (("small", 8), ("large", 5)):
        train(models[name], images["train"], labels["train"], epochs, seed)
    large_logits = {part: logits_of(models["large"], images[part]) for part in images}

    def measured(module):
        own = {part: logits_of(module, images[part]) for part in ("held_out", "test")}
        return measure(own, large_logits, labels, costs, seed)

    rows = {"before": measured(models["small"])}
    print(seed, "before", rows["before"], flush=True)
    for part in ("train", "fresh"):
        for name, loss in LOSSES.items():
            tuned = copy.deepcopy(models["small"])
            options = TuningOptions(epochs=4 if part == "train" else 16, seed=seed)
            tune_for_pool(
                tuned, images[part], labels[part], large_logits[part], loss=loss, options=options
            )
            rows[f"{name}, {part}"] = measured(tuned)
            print(seed, name, part, rows[f"{name}, {part}"], flush=True)
    return {"seed": seed, "macs": costs, "rows": rows}


def main(folder, target, seeds=3):
    """Measure with several seeds, and write all."""
    torch.set_num_threads(1)
    images, labels = parts_of(folder)
    results = []
    for seed in range(1, int(seeds) + 1):
        results.append(run(images, labels, seed))
        write_json(Path(target), results)


if __name__ == "__main__":
    main(*sys.argv[1:])
