"""The results of an invented run, whole and to the schema."""

from typing import Any

import numpy as np
from muxnet.outcomes.policies import reported_policies

NAMES = ("alexnet", "mobilenet_v2", "mnasnet1_0", "resnet50", "resnet152", "resnext101_32x8d")
MACS = (0.4e6, 0.9e6, 1.3e6, 5.2e6, 12.8e6, 21.4e6)
ACCURACIES = (0.842, 0.871, 0.879, 0.904, 0.916, 0.923)
LATENCIES = (0.11, 0.23, 0.26, 0.71, 1.54, 2.38)
POLICY_ACCURACIES = {
    "best_single": (0.923, 21.4e6),
    "hybrid_single": (0.914, 7.9e6),
    "hybrid_ensemble": (0.921, 11.6e6),
    "offload": (0.917, 9.7e6),
    "random_mixing": (0.907, 7.9e6),
    "cascade": (0.9215, 7.8e6),
    "learned_cascade": (0.9225, 7.4e6),
    "average_ensemble": (0.926, 42.1e6),
    "oracle": (0.968, 2.2e6),
}


def around(accuracy: float) -> list[float]:
    return [accuracy - 0.0055, accuracy + 0.005]


def called_shares(name: str) -> list[float]:
    shares = {
        "best_single": [0.0, 0.0, 0.0, 0.0, 0.0, 1.0],
        "hybrid_single": [0.412, 0.087, 0.058, 0.151, 0.108, 0.184],
        "hybrid_ensemble": [0.31, 0.22, 0.17, 0.29, 0.31, 0.35],
        "offload": [0.62, 0.0, 0.0, 0.0, 0.0, 0.38],
        "cascade": [1.0, 0.0, 0.0, 0.37, 0.0, 0.18],
        "learned_cascade": [1.0, 0.0, 0.0, 0.35, 0.0, 0.16],
        "average_ensemble": [1.0] * 6,
        "oracle": [0.842, 0.062, 0.021, 0.019, 0.013, 0.043],
        "random_mixing": [0.22, 0.11, 0.16, 0.25, 0.15, 0.11],
    }
    return shares.get(name, shares["best_single"])


def line(name: str, exponent: float) -> dict[str, Any]:
    macs = np.geomspace(0.5e6, 21.4e6, 25)
    share = (np.log(macs / macs[0]) / np.log(macs[-1] / macs[0])) ** exponent
    accuracy = 0.842 + 0.081 * share
    return {
        "name": name,
        "points": [
            {"cost": float(m), "accuracy": float(a)} for m, a in zip(macs, accuracy, strict=True)
        ],
    }


def model_epoch(epoch: int) -> dict[str, Any]:
    decay = 0.75**epoch
    return {
        "epoch": epoch,
        "learning_rate": 0.1 * decay,
        "losses": [(1.2 - 0.1 * i) * decay + 0.02 * (6 - i) for i in range(6)],
        "accuracies": [1 - 0.6 * decay - 0.02 * (6 - i) for i in range(6)],
        "both_right_distance": 0.14 + 0.3 * decay,
        "one_right_distance": 0.47 + 0.02 * decay,
        "held_out_accuracies": [0.99 - 0.6 * decay - 0.015 * (6 - i) for i in range(6)],
        "contrastive": -0.8,
        "seconds": 12.5 * epoch,
    }


def reliability(error: float) -> dict[str, Any]:
    sure = np.linspace(0.4, 0.99, 15)
    bins = [{"inputs": 667, "confidence": c, "accuracy": c - error} for c in sure.tolist()]
    return {"error": error, "chance": 0.006, "bins": bins}


def example() -> dict[str, Any]:
    counts = [7650, 860, 450, 320, 230, 170, 320]
    shapes = [[0.5, 0.1, 0.1, 0.1, 0.1, 0.1], [0.1, 0.1, 0.1, 0.2, 0.2, 0.3]]
    blend = np.linspace(0, 1, 7)[:, None]
    called = (1 - blend) * shapes[0] + blend * shapes[1]
    models = [
        {
            "name": name,
            "parameters": int(40_000 * (i + 1) ** 2),
            "cost": MACS[i],
            "latency_ms": LATENCIES[i],
            "accuracy": ACCURACIES[i],
            "accuracy_interval": around(ACCURACIES[i]),
            "called": called_shares("hybrid_single")[i],
            "called_by_policy": {p: called_shares(p)[i] for p in reported_policies()},
            "reliability": {"given": reliability(0.05), "calibrated": reliability(0.004)},
        }
        for i, name in enumerate(NAMES)
    ]
    policies = [
        {
            "name": name,
            "accuracy": accuracy,
            "accuracy_interval": around(accuracy),
            "cost": macs,
            "latency_ms": macs / 9e6,
            "models_per_input": sum(called_shares(name)),
            "called": called_shares(name),
            "note": "threshold from held-out data" if name == "cascade" else "",
            "settings": {"threshold": 0.288} if name == "hybrid_ensemble" else {},
        }
        for name in reported_policies()
        for accuracy, macs in [POLICY_ACCURACIES.get(name, POLICY_ACCURACIES["best_single"])]
    ]
    return {
        "format": "muxnet-results",
        "version": 1,
        "dataset": "fashion-mnist",
        "seed": 3,
        "seconds": 1234.5,
        "data": {
            "classes": 10,
            "image_shape": [1, 28, 28],
            "train": 54000,
            "held_out": 6000,
            "test": 10000,
            "router_data": "held_out",
        },
        "models": models,
        "policies": policies,
        "curves": [
            line("multiplexer", 0.9),
            line("cascade", 0.6),
            line("learned_cascade", 0.55),
            line("random_mixing", 1.2),
        ],
        "area_above_random_mixing": {"value": 0.0042, "interval": [0.0021, 0.0064]},
        "multiplexer": {
            "parameters": 9000,
            "cost": 0.05e6,
            "latency_ms": 0.04,
            "kind": "image",
            "objective": "correctness",
            "formulation": "bounded",
            "resolution": 14,
            "width": 8,
            "lambda_cost": 0.1,
            "auroc": [0.81, 0.8, 0.8, 0.79, 0.78, 0.78],
        },
        "hardness": {"counts": counts, "called": called.tolist()},
        "right_wrong_matrix": [
            [0.0 if a == b else 0.03 + 0.012 * (a - b) / 2 + 0.03 for b in range(6)]
            for a in range(6)
        ],
        "learning_curves": {
            "models": [model_epoch(epoch) for epoch in range(1, 16)],
            "multiplexer": [
                {
                    "epoch": e,
                    "learning_rate": 0.002,
                    "losses": [0.3 + 0.4 * 0.9**e],
                    "seconds": e / 2,
                }
                for e in range(1, 21)
            ],
        },
        "contrastive": {
            "formulation": "bounded",
            "weight": 0.1,
            "both_right_distance": 0.144,
            "one_right_distance": 0.474,
        },
        "comparisons": [
            {
                "policy": "hybrid_single",
                "against": "random_mixing",
                "cost": 7.9e6,
                "difference": 0.007,
                "interval": [0.003, 0.011],
            },
            {
                "policy": "hybrid_single",
                "against": "cascade",
                "cost": 7.9e6,
                "difference": -0.0075,
                "interval": [-0.0112, -0.0038],
            },
        ],
        "warnings": ["A warning in words."],
        "seconds_by_phase": {"models": 1000.0, "multiplexer": 120.0},
        "provenance": {"models.cost": "counted", "models.latency_ms": "measured"},
        "machine": {
            "cpu": "Invented CPU",
            "threads": 2,
            "system": "Linux",
            "versions": {"muxnet": "0.1.0", "numpy": "2.0"},
        },
        "config": {"data": "fashion-mnist:data/fashion", "seed": 3, "epochs": 15},
    }
