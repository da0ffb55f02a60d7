"""Tasks 1.6 and 1.8: the notebook's checks of the networks, the ReLU they need, and the tape as a second opinion."""

import inspect

import numpy as np
import pytest

import minigrad as mg
from gaze_examples.assignment import FullyConnectedNet, TwoLayerNet, eval_numerical_gradient, fc_forward, rel_error
from minigrad.backend import DtypeError, ShapeError
from minigrad.nn import functional as F


def published_net() -> tuple[TwoLayerNet, np.ndarray]:
    """The notebook's hand-made weights and inputs, for which its scores and losses are published."""
    N, D, H, C = 3, 5, 50, 7
    net = TwoLayerNet(input_dim=D, hidden_dim=H, num_classes=C)
    net.params["W1"] = np.linspace(-0.7, 0.3, num=D * H).reshape(D, H)
    net.params["b1"] = np.linspace(-0.1, 0.9, num=H)
    net.params["W2"] = np.linspace(-0.3, 0.4, num=H * C).reshape(H, C)
    net.params["b2"] = np.linspace(-0.9, 0.1, num=C)
    return net, np.linspace(-5.5, 4.5, num=N * D).reshape(D, N).T


def numeric_gradients(net, X, y) -> dict[str, np.ndarray]:
    return {name: eval_numerical_gradient(lambda _: net.loss(X, y)[0], w, verbose=False)
            for name, w in net.params.items()}  # fmt: skip


def worst_error(net, X, y) -> float:
    _, grads = net.loss(X, y)
    assert grads.keys() == net.params.keys()
    numeric = numeric_gradients(net, X, y)
    return max(rel_error(numeric[name], grads[name]) for name in grads)


# -- two layers --------------------------------------------------------------------------------------------------------


def test_two_layers_have_the_notebooks_defaults_and_attributes():
    defaults = {name: p.default for name, p in inspect.signature(TwoLayerNet).parameters.items()}
    assert defaults == {"input_dim": 4320, "hidden_dim": 128, "num_classes": 4, "weight_scale": 1e-3, "reg": 0.0}
    net = TwoLayerNet()
    assert (net.input_dim, net.hidden_dim, net.num_classes, net.weight_scale, net.reg) == (4320, 128, 4, 1e-3, 0.0)
    assert {name: w.shape for name, w in net.params.items()} == {
        "W1": (4320, 128), "b1": (128,), "W2": (128, 4), "b2": (4,)
    }  # fmt: skip


def test_initial_weights_have_the_scale_asked_for_and_biases_are_zero():
    std = 1e-3
    params = TwoLayerNet(input_dim=5, hidden_dim=50, num_classes=7, weight_scale=std).params
    assert abs(params["W1"].std() - std) < std / 10
    assert abs(params["W2"].std() - std) < std / 10
    assert not params["b1"].any() and not params["b2"].any()
    assert all(w.dtype == np.float64 for w in params.values())


def test_two_layers_give_the_published_scores_and_losses():
    net, X = published_net()
    published = [
        [11.53165108, 12.2917344, 13.05181771, 13.81190102, 14.57198434, 15.33206765, 16.09215096],
        [12.05769098, 12.74614105, 13.43459113, 14.1230412, 14.81149128, 15.49994135, 16.18839143],
        [12.58373087, 13.20054771, 13.81736455, 14.43418138, 15.05099822, 15.66781506, 16.2846319],
    ]
    assert np.abs(net.loss(X) - published).sum() < 1e-6
    y = np.array([0, 5, 1])
    assert abs(net.loss(X, y)[0] - 3.4702243556) < 1e-10
    net.reg = 1.0
    assert abs(net.loss(X, y)[0] - 26.5948426952) < 1e-10


@pytest.mark.parametrize("reg", [0.0, 0.7])
def test_two_layers_agree_with_numeric_gradients_on_the_notebooks_weights(reg):
    net, X = published_net()
    net.reg = reg
    assert worst_error(net, X, np.array([0, 5, 1])) < 1e-6


@pytest.mark.parametrize("reg", [0.0, 0.7])
def test_two_layers_agree_with_numeric_gradients_where_the_relu_bites(reg):
    net = TwoLayerNet(input_dim=6, hidden_dim=9, num_classes=4, weight_scale=1.0, reg=reg)
    net.params["b1"] += np.random.randn(9)
    assert worst_error(net, np.random.randn(5, 6), np.array([0, 3, 2, 1, 1])) < 1e-6


def test_two_layers_really_have_the_relu():
    # The published scores cannot tell: with the notebook's weights every hidden value is positive.
    net, X = published_net()
    hidden, _ = fc_forward(-X, net.params["W1"], net.params["b1"])
    assert (hidden < 0).any()
    without, _ = fc_forward(hidden, net.params["W2"], net.params["b2"])
    with_relu, _ = fc_forward(np.maximum(hidden, 0), net.params["W2"], net.params["b2"])
    np.testing.assert_allclose(net.loss(-X), with_relu, rtol=1e-14)
    assert np.abs(net.loss(-X) - without).max() > 0.1


# -- any number of layers ----------------------------------------------------------------------------------------------


def test_many_layers_have_the_notebooks_defaults_and_attributes():
    defaults = {name: p.default for name, p in inspect.signature(FullyConnectedNet).parameters.items()}
    assert defaults.pop("hidden_dims") is inspect.Parameter.empty
    assert defaults == {"input_dim": 4320, "num_classes": 4, "reg": 0.0, "weight_scale": 1e-2, "seed": None}
    net = FullyConnectedNet((20, 30), input_dim=15, num_classes=10, reg=0.5, seed=7)
    assert (net.num_layers, net.reg, net.dtype) == (3, 0.5, np.float64)
    assert {name: w.shape for name, w in net.params.items()} == {
        "W1": (15, 20), "b1": (20,), "W2": (20, 30), "b2": (30,), "W3": (30, 10), "b3": (10,)
    }  # fmt: skip


@pytest.mark.parametrize("reg", [0, 3.14])
def test_many_layers_agree_with_numeric_gradients(reg):
    X, y = np.random.randn(2, 15), np.random.randint(10, size=2)
    net = FullyConnectedNet([20, 30], input_dim=15, num_classes=10, reg=reg, weight_scale=5e-2)
    assert worst_error(net, X, y) < 1e-5
    assert net.loss(X, y)[0] == pytest.approx(2.3 if reg == 0 else 6.5, abs=0.7)


def test_two_layers_are_many_layers_with_one_hidden():
    two = TwoLayerNet(input_dim=6, hidden_dim=9, weight_scale=1.0, reg=0.3)
    many = FullyConnectedNet([9], input_dim=6, reg=0.3)
    many.params = two.params
    X, y = np.random.randn(5, 6), np.array([0, 3, 2, 1, 1])
    assert many.loss(X, y)[0] == two.loss(X, y)[0]
    for name, gradient in two.loss(X, y)[1].items():
        np.testing.assert_array_equal(gradient, many.loss(X, y)[1][name])


def test_no_hidden_layer_is_a_linear_classifier():
    net = FullyConnectedNet([], input_dim=6, weight_scale=1.0, reg=0.1)
    X = np.random.randn(5, 6)
    np.testing.assert_allclose(net.loss(X), X @ net.params["W1"])
    assert worst_error(net, X, np.array([0, 3, 2, 1, 1])) < 1e-6


# -- the tape ----------------------------------------------------------------------------------------------------------


def leaves(net) -> dict[str, mg.Tensor]:
    return {name: mg.tensor(w, requires_grad=True) for name, w in net.params.items()}


def compare(net, tensors: dict[str, mg.Tensor], loss: mg.Tensor, X, y) -> None:
    loss.backward()
    value, grads = net.loss(X, y)
    assert value == pytest.approx(loss.item(), abs=1e-12)
    for name, gradient in grads.items():
        np.testing.assert_allclose(gradient, tensors[name].grad.numpy(), rtol=0, atol=1e-12, err_msg=name)
        assert np.abs(gradient).max() > 1e-3, name


def test_the_chain_of_hand_called_backwards_is_what_the_tape_computes():
    net = TwoLayerNet(input_dim=12, hidden_dim=9, num_classes=4, weight_scale=0.7, reg=0.3)
    net.params["b1"] += np.random.randn(9)
    X, y = np.random.randn(8, 3, 4), np.array([0, 1, 2, 3, 0, 1, 2, 3])
    t = leaves(net)
    scores = F.fc(F.relu(F.fc(mg.tensor(X), t["W1"], t["b1"])), t["W2"], t["b2"])
    loss = F.cross_entropy(scores, mg.tensor(y))
    loss = loss + 0.5 * net.reg * ((t["W1"] * t["W1"]).sum() + (t["W2"] * t["W2"]).sum())
    compare(net, t, loss, X, y)


def test_the_loops_over_many_layers_are_what_the_tape_computes():
    net = FullyConnectedNet([9, 8, 7], input_dim=12, weight_scale=0.7)
    X, y = np.random.randn(8, 12), np.array([0, 1, 2, 3, 0, 1, 2, 3])
    t = leaves(net)
    out = mg.tensor(X)
    for i in (1, 2, 3):
        out = F.relu(F.fc(out, t[f"W{i}"], t[f"b{i}"]))
    compare(net, t, F.cross_entropy(F.fc(out, t["W4"], t["b4"]), mg.tensor(y)), X, y)


# -- both --------------------------------------------------------------------------------------------------------------

NETS = {
    "two": lambda: TwoLayerNet(input_dim=12, hidden_dim=9, weight_scale=0.5),
    "many": lambda: FullyConnectedNet([9, 8], input_dim=12, weight_scale=0.5),
}


@pytest.fixture(params=NETS)
def make_net(request):
    return NETS[request.param]


def test_np_random_seed_fixes_the_weights_drawn_layer_by_layer(make_net):
    np.random.seed(228)
    params = make_net().params
    np.random.seed(228)
    for name, w in params.items():
        expected = np.random.normal(0, 0.5, w.shape) if name.startswith("W") else np.zeros(w.shape)
        np.testing.assert_array_equal(w, expected)


def test_images_rows_integers_lists_and_tensors_give_the_same(make_net):
    net, rows = make_net(), np.random.randint(0, 256, (5, 12)).astype(np.uint8)
    expected = net.loss(rows.astype(float))
    assert expected.dtype == np.float64
    for X in (rows, rows.astype(np.int64), rows.reshape(5, 3, 4), rows.tolist(), mg.tensor(rows)):
        np.testing.assert_array_equal(net.loss(X), expected)
    y = np.array([0, 1, 2, 3, 0])
    for labels in (y.tolist(), y.astype(np.uint8), mg.tensor(y)):
        assert net.loss(rows, labels)[0] == net.loss(rows, y)[0]


@pytest.mark.parametrize("reg", [0.0, 0.5])
def test_loss_changes_nothing_it_was_given(make_net, reg):
    net, X, y = make_net(), np.random.randn(5, 12), np.array([0, 1, 2, 3, 0])
    net.reg = reg
    kept = {name: w.copy() for name, w in net.params.items()}, X.copy(), y.copy()
    net.loss(X, y)
    for name, w in net.params.items():
        np.testing.assert_array_equal(w, kept[0][name])
    np.testing.assert_array_equal(X, kept[1])
    np.testing.assert_array_equal(y, kept[2])


def test_what_does_not_fit_is_named(make_net):
    net, X = make_net(), np.random.randn(5, 12)
    with pytest.raises(ShapeError, match=r"must have 12 features .* got 13"):
        net.loss(np.zeros((5, 13)))
    with pytest.raises(IndexError, match=r"labels must lie in 0\.\.3 .* got 4"):
        net.loss(X, [0, 1, 2, 3, 4])
    with pytest.raises(IndexError, match=r"labels must lie in 0\.\.3 .* got -1"):
        net.loss(X, [0, 1, 2, 3, -1])
    with pytest.raises(ShapeError, match=r"y\.shape = \(4,\)"):
        net.loss(X, [0, 1, 2, 3])
    with pytest.raises(DtypeError, match="labels must be integers"):
        net.loss(X, [0.0, 1.0, 2.0, 3.0, 0.0])


def test_one_number_for_the_hidden_layers_is_refused():
    with pytest.raises(TypeError, match=r"must list the layers' sizes: \[100\]"):
        FullyConnectedNet(100)
