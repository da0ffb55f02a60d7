"""The networks by name: sizes, parameters, and that every part of them learns."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from gaze_examples.models import MODELS


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("two-layer", 4320 * 128 + 128 + 128 * 4 + 4),
        ("fc", 4320 * 100 + 100 + 2 * (100 * 100 + 100) + 100 * 4 + 4),
    ],
)
def test_a_network_has_the_assignments_parameters(name, parameters):
    assert sum(p.numel() for p in MODELS[name].make().parameters()) == parameters


@pytest.mark.parametrize("name", MODELS)
def test_a_network_gives_four_scores_an_image_and_a_gradient_to_every_parameter(name):
    mg.manual_seed(0)
    model = MODELS[name].make()
    scores = model(mg.randn(5, 36, 120))
    assert scores.shape == (5, 4)
    mg.nn.functional.cross_entropy(scores, mg.tensor([0, 1, 2, 3, 0])).backward()
    assert all(p.grad is not None and np.abs(p.grad.array).max() > 0 for p in model.parameters())
