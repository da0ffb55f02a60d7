import itertools

import numpy as np
import pytest

import minigrad as mg
from minigrad.optim import SGD

SETTINGS = [
    {"lr": 0.1, "momentum": momentum, "dampening": dampening, "nesterov": nesterov, "weight_decay": decay,
     "maximize": maximize}
    for momentum, dampening, nesterov, decay, maximize in itertools.product(
        (0, 0.9), (0, 0.3), (False, True), (0, 0.05), (False, True)
    )
    if not (nesterov and (momentum == 0 or dampening))
]  # fmt: skip


def twenty_steps(lib, **settings):
    """Weights after each of 20 steps on the loss Σ (w - t)² + Σ w v: 21 arrays for each of the two."""
    rng = np.random.default_rng(0)
    w, v = (lib.tensor(rng.normal(size=(3, 2)), requires_grad=True) for _ in range(2))
    target = lib.tensor(rng.normal(size=(3, 2)))
    groups = [{"params": [w]}, {"params": [v], "lr": 0.02}] if settings.pop("groups", False) else [w, v]
    optimizer = lib.optim.SGD(groups, **settings)
    path = []
    for _ in range(20):
        optimizer.zero_grad()
        difference = w - target
        ((difference * difference).sum() + (w * v).sum()).backward()
        optimizer.step()
        path.append([tensor.detach().numpy().copy() for tensor in (w, v)])
    return np.array(path)


@pytest.mark.parametrize("groups", [False, True], ids=["one group", "two groups"])
def test_twenty_steps_are_pytorchs_with_every_setting(torch, groups):
    for settings in SETTINGS:
        ours, theirs = (twenty_steps(lib, groups=groups, **settings) for lib in (mg, torch))
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9, err_msg=str(settings))


def test_two_steps_are_the_formula():
    w0, g = np.array([1.0, -2.0]), np.array([0.5, 0.25])
    w = mg.tensor(w0, requires_grad=True)
    optimizer = SGD([w], lr=0.1, momentum=0.9, dampening=0.5, weight_decay=0.01)
    w.grad = mg.tensor(g)
    optimizer.step()
    v1 = g + 0.01 * w0
    w1 = w0 - 0.1 * v1
    np.testing.assert_allclose(w.detach().numpy(), w1, rtol=1e-15)
    optimizer.step()
    np.testing.assert_allclose(w.detach().numpy(), w1 - 0.1 * (0.9 * v1 + 0.5 * (g + 0.01 * w1)), rtol=1e-15)
    assert w.grad.tolist() == g.tolist()


def test_a_momentum_switched_on_later_starts_then_as_in_pytorch(torch):
    def run(lib):
        w = lib.tensor([1.0, 2.0], dtype=lib.float64, requires_grad=True)
        optimizer = lib.optim.SGD([w], lr=0.1)
        for step in range(6):
            optimizer.param_groups[0].update(momentum=0.5 if step > 2 else 0, lr=0.1 / (step + 1))
            optimizer.zero_grad()
            (w * w).sum().backward()
            optimizer.step()
        return w.detach().numpy()

    np.testing.assert_allclose(run(mg), run(torch), rtol=1e-12)


@pytest.mark.parametrize("lr", [0.1, np.float64(0.1), np.float32(0.1)], ids=["float", "float64", "float32"])
def test_weights_and_memory_keep_their_dtype_and_place(lr):
    w = mg.nn.Parameter(mg.ones(3))
    array = w.array
    optimizer = SGD([w], lr=lr, momentum=np.float64(0.9), weight_decay=np.float64(0.1), nesterov=True)
    expected = np.ones(3, np.float32)
    for _ in range(2):
        w.grad = mg.ones(3)
        optimizer.step()
    assert w.array is array and array.dtype == np.float32 and (array != expected).all()
    assert optimizer.state[w]["momentum_buffer"].dtype == np.float32


def test_a_weight_that_is_not_contiguous_is_updated_in_place():
    whole = np.ones((4, 6))
    w = mg.nn.Parameter(mg.from_numpy(whole[::2, ::3].T))
    w.grad = mg.ones(2, 2, dtype=mg.float64)
    SGD([w], lr=1.0).step()
    assert whole.sum() == 24 - 4 and not whole[::2, ::3].any()


def test_a_changed_weight_is_noticed_by_a_backward_that_needs_the_old_one():
    w = mg.nn.Parameter(mg.ones(2))
    loss = (w * w).sum()
    w.grad = mg.ones(2)
    SGD([w], lr=0.1).step()
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()


def test_the_gradient_is_not_changed_by_the_first_velocity():
    w = mg.nn.Parameter(mg.ones(2))
    optimizer = SGD([w], lr=0.1, momentum=0.9)
    w.grad = mg.ones(2)
    optimizer.step()
    optimizer.step()
    assert w.grad.tolist() == [1, 1]


@pytest.mark.parametrize(("settings", "message"), [
    ({"lr": -1}, "lr must be >= 0, got -1"),
    ({"lr": float("nan")}, "lr must be >= 0, got nan"),
    ({"momentum": -0.1}, "momentum must be >= 0"),
    ({"weight_decay": -1}, "weight_decay must be >= 0"),
    ({"nesterov": True}, "nesterov needs a momentum and no dampening"),
    ({"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "nesterov needs"),
])  # fmt: skip
def test_settings_that_make_no_sense_are_refused_for_all_and_for_one_group(settings, message):
    for make in (
        lambda: SGD([mg.ones(1)], **settings),
        lambda: SGD([{"params": [mg.ones(1)], **settings}]),
    ):
        with pytest.raises(ValueError, match=f"SGD: {message}"):
            make()


def test_a_0d_weight_has_a_velocity_that_moves():
    w = mg.tensor(np.array(1.0), requires_grad=True)
    optimizer = SGD([w], lr=0.1, momentum=0.5, weight_decay=0.1, maximize=True)
    for _ in range(2):
        w.grad = mg.tensor(np.array(-1.0))
        optimizer.step()
    v1 = 1 + 0.1
    w1 = 1 - 0.1 * v1
    np.testing.assert_allclose(w.item(), w1 - 0.1 * (0.5 * v1 + 1 + 0.1 * w1), rtol=1e-14)
