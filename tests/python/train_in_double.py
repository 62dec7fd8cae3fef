"""``muxnet.torch.train`` in float64, where rounding hides nothing, and without export."""

import sys

from muxnet.torch import train, training


def in_double() -> None:
    """Let trainings of this process compute in float64."""
    opened, parts = train.open_models, training.JointTraining._parts

    def doubled(*given, **named):
        models = opened(*given, **named)
        for model in models:
            model.module.double()
        return models

    def batches(self, loader):
        return ((images.double(), labels) for images, labels in parts(self, loader))

    train.open_models = doubled
    training.JointTraining._parts = batches
    train.leave_models = lambda *_: None


if __name__ == "__main__":
    in_double()
    sys.exit(train.main(sys.argv[1:]))
