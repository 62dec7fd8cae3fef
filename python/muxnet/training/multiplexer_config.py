"""The part of a run's configuration that shapes and trains its multiplexer."""

import dataclasses

from muxnet.base.compiled import _core
from muxnet.base.schema import option

MOST_EPOCHS = 1_000_000_000


def formulations() -> list[str]:
    """Return the readings of the paper's equations."""
    return list(_core.Formulation.__members__)


@dataclasses.dataclass(frozen=True)
class MultiplexerConfig:
    """The multiplexer's shape and how it is trained (Algorithm 1, step 2).

    >>> own = muxnet.MultiplexerConfig(resolution=16, epochs=3)
    >>> muxnet.RunConfig(multiplexer=own).multiplexer.resolution
    16

    """

    kind: str = option(
        "image",
        "what it is shown: %(choices)s; for networks of the zoo image",
        names=lambda: [kind.name for kind in _core.multiplexer_kinds()],
    )
    resolution: int = option(
        0, "side of the image that its convolutions see, in pixels; 0: as it is", minimum=0
    )
    width: int = option(12, "channels of its first convolution", minimum=1)
    hidden: int = option(
        0, "units of the hidden layer of one that is shown vectors; 0: it is linear", minimum=0
    )
    features: str = option(
        "",
        "an npz of features and labels, a row for each input of listed models' data: the vectors "
        "that it is shown (default: the inputs themselves)",
    )
    output: str = option(
        "", "of embedding: the output of the cheapest model that it is shown, by name"
    )
    meta_dim: int = option(
        32, "length of a meta-feature; as projection_dim where it is distilled", minimum=1
    )
    shared_meta: bool = option(False, "one meta-feature for all models, as in the paper's text")
    objective: str = option(
        "correctness",
        "what it learns: which model is right, or the paper's L_mux (Eq. 7): %(choices)s",
        names=lambda: _core.Objective.__members__,
    )
    formulation: str = option(
        "bounded", "how costs enter its weights (Eq. 5): %(choices)s", names=formulations
    )
    lambda_cost: float = option(0.1, "accuracy given up for the dearest model's MACs", minimum=0)
    pretraining_epochs: int = option(
        12,
        "passes over the models' training data before, to learn the labels; 0: none",
        minimum=0,
        maximum=MOST_EPOCHS,
    )
    pretraining_visits: int = option(
        8,
        "and which models were right, the last so many times they saw each input",
        minimum=0,
        maximum=30,
    )
    pretraining_learning_rate: float = option(0.003, "peak learning rate of these", above=0)
    epochs: int = option(20, "passes over its training data", minimum=1, maximum=MOST_EPOCHS)
    learning_rate: float = option(0.001, "peak learning rate", above=0)
    weight_decay: float = option(0.01, "weight decay", minimum=0)
    distillation_weight: float = option(0.0, "weight of the distillation loss (Eq. 8)", minimum=0)
    cost: str = option(
        "",
        "of one pass, in the unit of the models' costs; macs: counted, as theirs were (of networks "
        "of the zoo always)",
    )
    variants: int = option(6, "times it sees each input: plain first, then augmented", minimum=1)
