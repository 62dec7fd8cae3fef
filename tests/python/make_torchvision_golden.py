"""Writes torchvision_golden.safetensors: the full-size networks' logits, by torchvision itself.

torchvision loads our weights by name. Run with muxnet, torch and torchvision installed; the tests
need neither of the latter two.
"""

import torch
import torchvision
from muxnet import _core
from test_full_size import GOLDEN, NETWORKS, full_size, image


def main() -> None:
    """Ask torchvision and write what it says."""
    golden = {}
    for name in NETWORKS:
        module = getattr(torchvision.models, name)(weights=None).eval()
        own = module.state_dict()
        ours = full_size(name).state()
        assert set(ours) == {key for key in own if not key.endswith("num_batches_tracked")}
        for key, values in ours.items():
            own[key].copy_(torch.from_numpy(values))
        with torch.inference_mode():
            golden[name] = module(torch.from_numpy(image())).numpy()
    _core.save_safetensors(GOLDEN, golden)


if __name__ == "__main__":
    main()
