import numpy as np

import minigrad as mg
from minigrad.optim import Adagrad


def test_two_steps_are_the_formula():
    w0, g1, g2 = np.array([1.0, -2.0]), np.array([0.5, 0.25]), np.array([-1.0, 3.0])
    w = mg.tensor(w0, requires_grad=True)
    optimizer = Adagrad([w], lr=0.1, lr_decay=0.5, initial_accumulator_value=0.3, eps=0.01)
    for gradient in (g1, g2):
        w.grad = mg.tensor(gradient)
        optimizer.step()
    s1, s2 = 0.3 + g1**2, 0.3 + g1**2 + g2**2
    w2 = w0 - 0.1 * g1 / (np.sqrt(s1) + 0.01) - 0.1 / 1.5 * g2 / (np.sqrt(s2) + 0.01)
    np.testing.assert_allclose(w.detach().numpy(), w2, rtol=1e-14)


def test_steps_along_a_steady_gradient_shrink_as_the_root_of_their_number():
    w = mg.tensor(np.zeros(1), requires_grad=True)
    optimizer = Adagrad([w], lr=1.0)
    for number in range(1, 10):
        before = w.item()
        w.grad = mg.tensor(np.array([7.0]))
        optimizer.step()
        np.testing.assert_allclose(before - w.item(), 1 / np.sqrt(number), rtol=1e-9)


def test_each_group_has_a_start_of_its_own():
    a, b = (mg.tensor(np.zeros(1), requires_grad=True) for _ in range(2))
    optimizer = Adagrad([{"params": [a]}, {"params": [b], "initial_accumulator_value": 3.0}], lr=1.0)
    a.grad, b.grad = mg.tensor(np.ones(1)), mg.tensor(np.ones(1))
    optimizer.step()
    np.testing.assert_allclose([a.item(), b.item()], [-1, -0.5], rtol=1e-9)
