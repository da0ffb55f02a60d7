"""Task 1.9: the notebook's check of momentum, and what a rule may and may not touch."""

import numpy as np
import pytest

import minigrad as mg
from gaze_examples.assignment import rel_error, sgd, sgd_momentum
from gaze_examples.assignment.update_rules import named
from minigrad.backend import ShapeError


def test_momentum_gives_the_published_values():
    w = np.linspace(-0.4, 0.6, num=20).reshape(4, 5)
    dw = np.linspace(-0.6, 0.4, num=20).reshape(4, 5)
    config = {"learning_rate": 1e-3, "velocity": np.linspace(0.6, 0.9, num=20).reshape(4, 5)}
    next_w, returned = sgd_momentum(w, dw, config=config)
    expected_next_w = [
        [0.1406, 0.20738947, 0.27417895, 0.34096842, 0.40775789],
        [0.47454737, 0.54133684, 0.60812632, 0.67491579, 0.74170526],
        [0.80849474, 0.87528421, 0.94207368, 1.00886316, 1.07565263],
        [1.14244211, 1.20923158, 1.27602105, 1.34281053, 1.4096],
    ]
    expected_velocity = [
        [0.5406, 0.55475789, 0.56891579, 0.58307368, 0.59723158],
        [0.61138947, 0.62554737, 0.63970526, 0.65386316, 0.66802105],
        [0.68217895, 0.69633684, 0.71049474, 0.72465263, 0.73881053],
        [0.75296842, 0.76712632, 0.78128421, 0.79544211, 0.8096],
    ]
    assert rel_error(next_w, expected_next_w) < 1e-8
    assert rel_error(config["velocity"], expected_velocity) < 1e-8
    assert returned is config


def test_sgd_steps_against_the_gradient():
    next_w, config = sgd(np.array([1.0, 2.0]), np.array([10.0, -10.0]), {"learning_rate": 0.1})
    assert next_w.tolist() == [0, 3]
    assert config == {"learning_rate": 0.1}


@pytest.mark.parametrize("rule", [sgd, sgd_momentum])
def test_defaults_are_filled_in_and_not_shared(rule):
    w = np.ones(3)
    next_w, config = rule(w, np.ones(3))
    np.testing.assert_allclose(next_w, 0.99)
    assert config["learning_rate"] == 1e-2
    assert config.get("momentum", 0.9) == 0.9
    again, other = rule(w, np.ones(3))
    assert other is not config
    np.testing.assert_array_equal(again, next_w)


@pytest.mark.parametrize("rule", [sgd, sgd_momentum])
def test_weights_gradient_and_velocity_are_not_changed(rule):
    w, dw, velocity = np.random.randn(3, 2, 4)
    before = w.copy(), dw.copy(), velocity.copy()
    rule(w, dw, {"velocity": velocity})
    for now, then in zip((w, dw, velocity), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_momentum_zero_is_sgd_and_momentum_remembers():
    w, dw = np.random.randn(2, 5)
    np.testing.assert_array_equal(sgd_momentum(w, dw, {"momentum": 0})[0], sgd(w, dw, {})[0])
    w1, config = sgd_momentum(w, dw, {"learning_rate": 0.1, "momentum": 0.5})
    w2, config = sgd_momentum(w1, dw, config)
    np.testing.assert_allclose(w2 - w1, 1.5 * (w1 - w))


def test_at_a_constant_learning_rate_momentum_walks_with_minigrads_sgd():
    target = np.random.randn(6)
    w, config = np.zeros(6), {"learning_rate": 0.05, "momentum": 0.9}
    p = mg.tensor(np.zeros(6), requires_grad=True)
    optimizer = mg.optim.SGD([p], lr=0.05, momentum=0.9)
    for _ in range(20):
        w, config = sgd_momentum(w, 2 * (w - target), config)
        optimizer.zero_grad()
        ((p - mg.tensor(target)) * (p - mg.tensor(target))).sum().backward()
        optimizer.step()
    np.testing.assert_allclose(w, p.detach().numpy(), atol=1e-12)


@pytest.mark.parametrize("rule", [sgd, sgd_momentum])
def test_a_gradient_that_was_not_summed_is_refused(rule):
    with pytest.raises(ShapeError, match=rf"{rule.__name__}: .*shape \(3,\), got \(5, 3\)"):
        rule(np.zeros(3), np.zeros((5, 3)), {})


def test_rules_have_names():
    assert named("sgd") is sgd and named("sgd_momentum") is sgd_momentum
    with pytest.raises(ValueError, match=r"no update rule 'adam': choose 'sgd' or 'sgd_momentum', or give a function"):
        named("adam")
