"""Makes golden.safetensors: what PyTorch computes for the six small networks.

Needs torch, numpy and safetensors, which the tests themselves do not:

    python tests/cpp/networks/make_golden.py tests/cpp/networks/golden.safetensors

The networks are written here once more, in PyTorch and apart from the C++ tables, with
torchvision's names. Parameters, images and labels follow a rule that golden_test.cpp repeats, and
everything is computed in float64, so that the C++ float64 kernels can be held to it far below
float32's rounding.

Recorded per network, for a batch of 8 images of 3 x 16 x 16, in train mode without dropout:
- NAME/setting: (2), the number of the images used and the learning rate;
- NAME/parameters/BIAS: float32, biases moved by `clear_kinks`;
- NAME/logits: (8, 10);
- NAME/gradients/PARAMETER: (5): dots of the cross-entropy's gradient with four vectors of signs,
  and its L2 norm;
- NAME/buffers/BUFFER: (5), the same of the running statistics after that one step;
- NAME/losses: (10) of ten steps of SGD, momentum 0.9.
"""

import argparse

import numpy as np
import torch
from clear_kinks import clear_kinks, print_margins
from safetensors.numpy import save_file
from torch import nn
from torch.nn import functional

BATCH, CLASSES, STEPS = 8, 10, 10
MOMENTUM = 0.9

# Name: (images, learning rate). The images are those whose max pools are decided by the widest
# margin of the first ten. The rates are small: in later steps nothing keeps inputs off the kinks,
# and a mask that flips there, worth two hundredths of a gradient, may not show in the losses.
SETTINGS = {
    "alexnet_small": (4, 0.02),
    "mobilenet_v2_small": (0, 0.002),
    "mnasnet1_0_small": (0, 0.001),
    "resnet50_small": (2, 0.001),
    "resnet152_small": (2, 0.0002),
    "resnext101_32x8d_small": (8, 0.0003),
}


def words(name: str, count: int) -> np.ndarray:
    """`count` 64-bit words: SplitMix64 started at the FNV-1a hash of `name`."""
    key = 0xCBF29CE484222325
    for byte in name.encode():
        key = (key ^ byte) * 0x100000001B3 % 2**64
    z = np.uint64(key) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def uniform(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Uniform in [-1, 1), multiples of 2**-23."""
    count = int(np.prod(shape))
    return ((words(name, count) >> np.uint64(40)).astype(np.float64) / 2**23 - 1).reshape(shape)


def initial(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """A parameter's first value, rounded to float32."""
    value = uniform(name, shape)
    if len(shape) > 1:
        value = value * np.sqrt(6.0 / np.prod(shape[1:]))
        if len(shape) == 2:
            value = 0.25 * value
    elif name.endswith("weight"):
        value = 1 + 0.25 * value
    else:
        value = 0.125 * value
    return value.astype(np.float32).astype(np.float64)


def fingerprint(name: str, value: np.ndarray) -> np.ndarray:
    flat = value.ravel()
    word = words("signs of " + name, flat.size)
    bits = (word[None] >> np.arange(4, dtype=np.uint64)[:, None]) & np.uint64(1)
    signs = 1 - 2 * bits.astype(np.float64)
    return np.append(signs @ flat, np.linalg.norm(flat))


def conv(src: int, dst: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(src, dst, kernel, stride, (kernel - 1) // 2, groups=groups, bias=False)


def conv_norm(src: int, dst: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(conv(src, dst, kernel, stride, groups), nn.BatchNorm2d(dst), nn.ReLU6())


class AlexNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *[nn.Conv2d(3, 16, 5, 2, 2), nn.ReLU(), nn.MaxPool2d(3, 2)],
            *[nn.Conv2d(16, 32, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(3, 2)],
            *[nn.Conv2d(32, 48, 3, 1, 1), nn.ReLU()],
            *[nn.Conv2d(48, 32, 3, 1, 1), nn.ReLU()],
            *[nn.Conv2d(32, 32, 3, 1, 1), nn.ReLU()],
        )
        self.avgpool = nn.AdaptiveAvgPool2d(2)
        self.classifier = nn.Sequential(
            *[nn.Identity(), nn.Linear(128, 128), nn.ReLU()],
            *[nn.Identity(), nn.Linear(128, 128), nn.ReLU()],
            nn.Linear(128, CLASSES),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


class MobileInvertedResidual(nn.Module):
    def __init__(self, src: int, dst: int, expansion: int, stride: int) -> None:
        super().__init__()
        hidden = src * expansion
        expand = [] if expansion == 1 else [conv_norm(src, hidden, 1)]
        self.conv = nn.Sequential(
            *expand,
            conv_norm(hidden, hidden, 3, stride, hidden),
            conv(hidden, dst),
            nn.BatchNorm2d(dst),
        )
        self.residual = stride == 1 and src == dst

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.conv(x) if self.residual else self.conv(x)


class MobileNetV2(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            conv_norm(3, 16, 3, 2),
            MobileInvertedResidual(16, 16, 1, 1),
            MobileInvertedResidual(16, 32, 4, 2),
            MobileInvertedResidual(32, 32, 4, 1),
            MobileInvertedResidual(32, 64, 4, 2),
            MobileInvertedResidual(64, 64, 4, 1),
            conv_norm(64, 128, 1),
        )
        self.classifier = nn.Sequential(nn.Identity(), nn.Linear(128, CLASSES))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(x).mean((2, 3)))


class MnasInvertedResidual(nn.Module):
    def __init__(self, src: int, dst: int, kernel: int, expansion: int, stride: int) -> None:
        super().__init__()
        hidden = src * expansion
        self.layers = nn.Sequential(
            *[conv(src, hidden), nn.BatchNorm2d(hidden), nn.ReLU()],
            *[conv(hidden, hidden, kernel, stride, hidden), nn.BatchNorm2d(hidden), nn.ReLU()],
            *[conv(hidden, dst), nn.BatchNorm2d(dst)],
        )
        self.residual = stride == 1 and src == dst

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.layers(x) if self.residual else self.layers(x)


class MnasNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *[conv(3, 32, 3, 2), nn.BatchNorm2d(32), nn.ReLU()],
            *[conv(32, 32, 3, 1, 32), nn.BatchNorm2d(32), nn.ReLU()],
            *[conv(32, 16), nn.BatchNorm2d(16)],
            self.stack(16, 32, 3, 3, 2, 2),
            self.stack(32, 64, 5, 6, 2, 2),
            self.stack(64, 96, 3, 6, 1, 1),
            *[conv(96, 192), nn.BatchNorm2d(192), nn.ReLU()],
        )
        self.classifier = nn.Sequential(nn.Identity(), nn.Linear(192, CLASSES))

    @staticmethod
    def stack(
        src: int, dst: int, kernel: int, expansion: int, stride: int, blocks: int
    ) -> nn.Sequential:
        first = MnasInvertedResidual(src, dst, kernel, expansion, stride)
        rest = [MnasInvertedResidual(dst, dst, kernel, expansion, 1) for _ in range(blocks - 1)]
        return nn.Sequential(first, *rest)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.layers(x).mean((2, 3)))


class Bottleneck(nn.Module):
    def __init__(self, src: int, width: int, dst: int, groups: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = conv(src, width), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = conv(width, width, 3, stride, groups), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = conv(width, dst), nn.BatchNorm2d(dst)
        self.downsample = None
        if stride != 1 or src != dst:
            self.downsample = nn.Sequential(conv(src, dst, 1, stride), nn.BatchNorm2d(dst))
        self.relu = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    def __init__(self, stem: int, stages: list[tuple[int, int, int, int]]) -> None:
        """stages: (blocks, width, groups, channels)."""
        super().__init__()
        self.conv1, self.bn1 = conv(3, stem, 3), nn.BatchNorm2d(stem)
        src = stem
        for index, (blocks, width, groups, dst) in enumerate(stages):
            layer = nn.Sequential()
            for block in range(blocks):
                stride = 2 if index > 0 and block == 0 else 1
                layer.append(Bottleneck(src, width, dst, groups, stride))
                src = dst
            setattr(self, f"layer{index + 1}", layer)
        self.fc = nn.Linear(src, CLASSES)
        self.relu, self.pool = nn.ReLU(), nn.MaxPool2d(3, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(x.mean((2, 3)))


NETWORKS = {
    "alexnet_small": AlexNet,
    "mobilenet_v2_small": MobileNetV2,
    "mnasnet1_0_small": MnasNet,
    "resnet50_small": lambda: ResNet(32, [(1, 32, 1, 64), (1, 48, 1, 96), (1, 96, 1, 192)]),
    "resnet152_small": lambda: ResNet(32, [(2, 32, 1, 64), (3, 48, 1, 96), (3, 96, 1, 192)]),
    "resnext101_32x8d_small": lambda: ResNet(
        64, [(2, 64, 4, 128), (2, 128, 8, 256), (2, 256, 16, 512)]
    ),
}


def record(name: str, network: nn.Module) -> dict[str, np.ndarray]:
    number, learning_rate = SETTINGS[name]
    network.double().train()
    with torch.no_grad():
        for key, parameter in network.named_parameters():
            parameter.copy_(torch.from_numpy(initial(key, tuple(parameter.shape))))
    images = torch.from_numpy(uniform(f"images {number}", (BATCH, 3, 16, 16)))
    moved = clear_kinks(network, images)
    print_margins(name, network, images)
    labels = torch.from_numpy((words("labels", BATCH) % np.uint64(CLASSES)).astype(np.int64))
    optimizer = torch.optim.SGD(network.parameters(), learning_rate, MOMENTUM)
    result, losses = {f"{name}/setting": np.array([number, learning_rate])}, []
    result |= {f"{name}/parameters/{key}": value for key, value in moved.items()}
    for step in range(STEPS):
        logits = network(images)
        loss = functional.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            result[f"{name}/logits"] = logits.detach().numpy().copy()
            for key, parameter in network.named_parameters():
                result[f"{name}/gradients/{key}"] = fingerprint(key, parameter.grad.numpy())
            for key, buffer in network.named_buffers():
                if not key.endswith("num_batches_tracked"):
                    result[f"{name}/buffers/{key}"] = fingerprint(key, buffer.numpy())
        optimizer.step()
    result[f"{name}/losses"] = np.array(losses)
    print(name, "losses", " ".join(f"{loss:.4f}" for loss in losses))
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", help="the safetensors file to write")
    path = parser.parse_args().path
    tensors: dict[str, np.ndarray] = {}
    for name, build in NETWORKS.items():
        tensors.update(record(name, build()))
    save_file(tensors, path, {"torch": torch.__version__})


if __name__ == "__main__":
    main()
