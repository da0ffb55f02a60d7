import numpy as np
import pytest

import minigrad as mg
from minigrad.optim import Adadelta


def steps_along(gradients, **settings):
    """How far a weight goes at each step."""
    w = mg.tensor(np.zeros(1), requires_grad=True)
    optimizer = Adadelta([w], **settings)
    for gradient in gradients:
        before = w.item()
        w.grad = mg.tensor(np.array([gradient]))
        optimizer.step()
        yield before - w.item()


def test_two_steps_are_the_formula():
    rho, eps, g1, g2 = 0.8, 0.01, 0.5, -3.0
    v1 = (1 - rho) * g1**2
    v2 = rho * v1 + (1 - rho) * g2**2
    d1 = g1 * np.sqrt(eps) / np.sqrt(v1 + eps)
    u1 = (1 - rho) * d1**2
    d2 = g2 * np.sqrt(u1 + eps) / np.sqrt(v2 + eps)
    assert list(steps_along([g1, g2], lr=0.7, rho=rho, eps=eps)) == pytest.approx([0.7 * d1, 0.7 * d2], rel=1e-13)


def test_the_loss_may_be_in_any_unit():
    gradients = np.random.default_rng(0).normal(size=50)
    small, large = (np.array([*steps_along(gradients * unit, eps=1e-20)]) for unit in (1, 1000))
    np.testing.assert_allclose(large, small, rtol=1e-9)
    assert np.all(small[1:] != small[:-1])


@pytest.mark.parametrize("rho", [-0.1, 1.1, float("nan")])
def test_rho_is_refused_where_it_gives_no_mean(rho):
    with pytest.raises(ValueError, match=f"^Adadelta: rho must be between 0 and 1, got {rho}"):
        Adadelta([mg.ones(1)], rho=rho)
    with pytest.raises(ValueError, match="Adadelta: rho must be"):
        Adadelta([{"params": [mg.ones(1)], "rho": rho}])
