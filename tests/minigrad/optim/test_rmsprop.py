import numpy as np
import pytest

import minigrad as mg
from minigrad.optim import RMSprop


@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_two_steps_are_the_formula(centered, momentum):
    w0, g1, g2 = np.array([1.0, -2.0]), np.array([0.5, 0.25]), np.array([-1.0, 3.0])
    w = mg.tensor(w0, requires_grad=True)
    optimizer = RMSprop([w], lr=0.1, alpha=0.8, eps=0.01, momentum=momentum, centered=centered)
    for gradient in (g1, g2):
        w.grad = mg.tensor(gradient)
        optimizer.step()
    v1, v2 = 0.2 * g1**2, 0.8 * 0.2 * g1**2 + 0.2 * g2**2
    if centered:
        v1, v2 = v1 - (0.2 * g1) ** 2, v2 - (0.8 * 0.2 * g1 + 0.2 * g2) ** 2
    step1, step2 = g1 / (np.sqrt(v1) + 0.01), g2 / (np.sqrt(v2) + 0.01)
    np.testing.assert_allclose(w.detach().numpy(), w0 - 0.1 * (step1 + momentum * step1 + step2), rtol=1e-14)


def test_momentum_and_centered_may_be_switched_on_later():
    w = mg.tensor(np.ones(2), requires_grad=True)
    optimizer = RMSprop([w])
    for settings in ({}, {"momentum": 0.9}, {"centered": True}):
        optimizer.param_groups[0].update(settings)
        w.grad = mg.tensor(np.array([1.0, -1.0]))
        optimizer.step()
    assert set(optimizer.state[w]) == {"step", "square_avg", "momentum_buffer", "grad_avg"}
    assert np.isfinite(w.detach().numpy()).all()
