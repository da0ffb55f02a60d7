import numpy as np
import pytest

import minigrad as mg
from minigrad.optim import Adam, AdamW


def test_a_step_is_the_decay_and_then_adam_without_any():
    w0, g = np.array([1.0, -2.0, 4.0]), np.array([0.5, 100.0, 0.0])
    ours, plain = mg.tensor(w0, requires_grad=True), mg.tensor(w0 * (1 - 0.1 * 0.3), requires_grad=True)
    ours.grad, plain.grad = mg.tensor(g), mg.tensor(g)
    AdamW([ours], lr=0.1, weight_decay=0.3).step()
    Adam([plain], lr=0.1).step()
    np.testing.assert_allclose(ours.detach().numpy(), plain.detach().numpy(), rtol=1e-15)
    assert ours.detach().numpy()[2] == w0[2] * (1 - 0.1 * 0.3)


def test_its_errors_carry_its_name():
    with pytest.raises(ValueError, match=r"^AdamW: betas"):
        AdamW([mg.ones(1)], betas=(0.9, 1.0))
