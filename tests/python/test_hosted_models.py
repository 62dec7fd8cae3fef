"""Models that are no networks of ours, hosted by the core."""

import time

import numpy as np
from muxnet import _core


def test_a_service_of_functions_ends_with_python_busy():
    """Its threads need Python's lock, which whoever destroys it holds."""
    normalization = _core.Normalization([0.0], [1.0])
    options = {"cost": 1.0, "image_shape": (1, 2, 2), "classes": 2, "normalization": normalization}

    def slow(images):
        time.sleep(0.5)
        return np.eye(2)[np.zeros(len(images), int)]

    models = [_core.HostedModel.function(name, slow, **options) for name in ("a", "b")]
    policy = _core.make_policy("always", _core.PolicyOptions(cost_kind="cost"))
    answers = np.full((8, 2, 2), 0.5, np.float32)
    table = _core.OutcomeTable(
        ["a", "b"], answers, {"cost": [1.0, 2.0]}, labels=np.zeros(8, np.int32)
    )
    policy.fit(table)
    chosen = _core.ServiceOptions()
    chosen.warm_up = False
    service = _core.Service(_core.Deployment(models, None, [policy.rule()]), chosen)
    for _ in range(3):
        late = _core.ServiceRequest([np.zeros((1, 1, 2, 2), np.uint8)], deadline_ms=1)
        assert service.infer(late).status == _core.ServiceStatus.late
    del service, models
