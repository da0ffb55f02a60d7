import numpy as np
import pytest

import minigrad as mg
from minigrad.optim import Adam


def test_two_steps_are_the_formula():
    w0, g1, g2 = np.array([1.0, -2.0]), np.array([0.5, 0.25]), np.array([-1.0, 3.0])
    w = mg.tensor(w0, requires_grad=True)
    optimizer = Adam([w], lr=0.1, betas=(0.8, 0.9), eps=0.01)
    w.grad = mg.tensor(g1)
    optimizer.step()
    w1 = w0 - 0.1 * g1 / (abs(g1) + 0.01)
    np.testing.assert_allclose(w.detach().numpy(), w1, rtol=1e-14)
    w.grad = mg.tensor(g2)
    optimizer.step()
    m = (0.8 * 0.2 * g1 + 0.2 * g2) / (1 - 0.8**2)
    v = (0.9 * 0.1 * g1**2 + 0.1 * g2**2) / (1 - 0.9**2)
    np.testing.assert_allclose(w.detach().numpy(), w1 - 0.1 * m / (np.sqrt(v) + 0.01), rtol=1e-14)
    assert optimizer.state[w]["step"] == 2


@pytest.mark.parametrize("size", [1e-4, 1.0, 1e4])
def test_the_first_step_is_as_long_as_lr_whatever_the_gradients_size(size):
    w = mg.tensor(np.zeros(2), requires_grad=True)
    w.grad = mg.tensor(np.array([size, -size]))
    Adam([w], lr=0.1).step()
    np.testing.assert_allclose(w.detach().numpy(), [-0.1, 0.1], rtol=1e-3)


def test_amsgrad_does_not_forget_a_large_gradient():
    def last_step(amsgrad):
        w = mg.tensor(np.zeros(1), requires_grad=True)
        optimizer = Adam([w], lr=0.1, betas=(0.0, 0.5), amsgrad=amsgrad)
        for gradient in (100.0, *[1.0] * 30):
            before = w.item()
            w.grad = mg.tensor(np.array([gradient]))
            optimizer.step()
        return before - w.item()

    assert last_step(True) < 0.01 < 0.09 < last_step(False)


@pytest.mark.parametrize("betas", [(1.0, 0.9), (0.9, 1.0), (-0.1, 0.9), (0.9, -0.1), (float("nan"), 0.9), (0.9,)])
def test_betas_that_make_no_mean_are_refused(betas):
    with pytest.raises(ValueError, match=r"^Adam: betas must be two numbers, each >= 0 and < 1"):
        Adam([mg.ones(1)], betas=betas)
    Adam([mg.ones(1)], betas=(0, 0.0))
