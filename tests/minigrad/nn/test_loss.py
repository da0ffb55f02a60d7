import itertools

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

SHAPES = [((5, 4), (5,)), ((4,), ()), ((5, 4, 2, 3), (5, 2, 3))]
SETTINGS = [
    {"weighted": weighted, "reduction": reduction, "label_smoothing": smoothing, "ignore_index": ignored}
    for weighted, reduction, smoothing, ignored in itertools.product(
        (False, True), ("mean", "sum", "none"), (0.0, 0.3), (-100, 2)
    )
]


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_every_argument_does_what_it_does_in_pytorch(torch, shapes):
    rng = np.random.default_rng(0)
    scores, labels, weight = rng.normal(size=shapes[0]), rng.integers(4, size=shapes[1]), rng.uniform(0.5, 2, 4)
    labels = np.where(labels == 2, 1, labels) if shapes[0] == (4,) else labels  # a mean over no example is NaN
    for settings in SETTINGS:
        kept = {name: value for name, value in settings.items() if name != "weighted"}
        runs = []
        for lib in (mg, torch):
            x = lib.tensor(scores, requires_grad=True)
            loss = lib.nn.CrossEntropyLoss(weight=lib.tensor(weight) if settings["weighted"] else None, **kept)
            out = loss(x, lib.tensor(labels))
            out.backward(lib.tensor(np.random.default_rng(1).normal(size=tuple(out.shape))))
            runs.append((out.detach().numpy(), x.grad.numpy()))
        for ours, theirs in zip(*runs, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12, err_msg=str(settings))


def test_the_loss_is_minus_the_log_of_the_right_classs_share():
    scores = np.random.default_rng(0).normal(size=(5, 4))
    labels = np.array([0, 3, 1, 1, 2])
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    expected = -np.log(shares[np.arange(5), labels])
    assert nn.CrossEntropyLoss()(mg.tensor(scores), mg.tensor(labels)).item() == pytest.approx(expected.mean())
    none = nn.CrossEntropyLoss(reduction="none")(mg.tensor(scores), mg.tensor(labels))
    np.testing.assert_allclose(none.numpy(), expected)


def test_the_weight_is_a_buffer_that_is_saved():
    loss = nn.CrossEntropyLoss(mg.tensor([1.0, 2.0]))
    assert list(loss.state_dict()) == ["weight"] and not list(loss.parameters())
    assert not nn.CrossEntropyLoss().state_dict()
    with pytest.raises(TypeError, match=r"CrossEntropyLoss: weight must be a Tensor or None, got"):
        nn.CrossEntropyLoss([1.0, 2.0])


def test_a_wrong_setting_is_named():
    with pytest.raises(ValueError, match="reduction must be one of mean, sum, none, got 'average'"):
        nn.CrossEntropyLoss(reduction="average")(mg.ones(1, 2), mg.tensor([0]))


@pytest.mark.parametrize(("name", "settings"), [
    ("MSELoss", {}), ("L1Loss", {}), ("SmoothL1Loss", {"beta": 0.3}), ("HuberLoss", {"delta": 0.3}),
    ("BCELoss", {}), ("BCEWithLogitsLoss", {}), ("KLDivLoss", {"log_target": True}),
])  # fmt: skip
@pytest.mark.parametrize("reduction", ["sum", "none"])
def test_the_other_losses_keep_their_settings_as_pytorchs_do(torch, name, settings, reduction):
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0.1, 0.9, (2, 4, 3))
    ours, theirs = (
        getattr(lib.nn, name)(reduction=reduction, **settings)(lib.tensor(x), lib.tensor(y)) for lib in (mg, torch)
    )
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-10)


def test_weights_are_buffers_that_reach_the_function(torch):
    x, w = np.random.default_rng(0).uniform(0.1, 0.9, (4, 3)), np.array([0.5, 1.0, 2.0])
    y = np.array([0, 2, 1, 1])
    for make in (
        lambda lib: lib.nn.NLLLoss(lib.tensor(w), ignore_index=1)(lib.tensor(x), lib.tensor(y)),
        lambda lib: lib.nn.BCELoss(lib.tensor(w))(lib.tensor(x), lib.tensor(x)),
        lambda lib: lib.nn.BCEWithLogitsLoss(lib.tensor(w), pos_weight=lib.tensor(w))(lib.tensor(x), lib.tensor(x)),
    ):
        np.testing.assert_allclose(make(mg).numpy(), make(torch).numpy(), rtol=1e-10)
    with pytest.raises(TypeError, match="MSELoss: size_average and reduce are former names"):
        nn.MSELoss(size_average=True)
