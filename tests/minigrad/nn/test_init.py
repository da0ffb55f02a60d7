import numpy as np
import pytest

import minigrad as mg
from minigrad.nn import init


def test_initial_values_have_their_distribution_and_go_into_the_tensors_own_memory():
    parameter = mg.nn.Parameter(mg.zeros(200, 200))
    array = parameter.array
    assert init.uniform_(parameter, -1, 3) is parameter and parameter.array is array
    assert -1 <= array.min() < -0.99 and 2.99 < array.max() <= 3 and abs(array.mean() - 1) < 0.03
    init.normal_(parameter, 2, 0.5)
    assert abs(array.mean() - 2) < 0.02 and abs(array.std() - 0.5) < 0.02
    for fill, value in ((init.zeros_, 0), (init.ones_, 1)):
        assert (fill(parameter).array == value).all()
    assert (init.constant_(parameter, 5).array == 5).all() and parameter.requires_grad and parameter.is_leaf


@pytest.mark.parametrize("fill", [init.uniform_, init.normal_])
def test_initial_values_are_decided_by_the_seed(fill):
    def draw(seed):
        mg.manual_seed(seed)
        return fill(mg.zeros(4)).tolist()

    assert draw(1) == draw(1) != draw(2)


def test_the_default_of_layers_counts_what_one_output_sums_over():
    weight, bias = mg.zeros(100, 4, 5, 5), mg.zeros(100)
    init.linear_default_(weight, bias)
    for tensor in (weight, bias):
        assert 0.09 < np.abs(tensor.numpy()).max() <= np.float32(0.1)


@pytest.mark.parametrize("shape", [(300, 200), (60, 50, 4, 5)])
@pytest.mark.parametrize(("fill", "variance"), [
    (init.xavier_uniform_, lambda fan_in, fan_out: 2 / (fan_in + fan_out)),
    (lambda t: init.xavier_normal_(t, gain=3), lambda fan_in, fan_out: 18 / (fan_in + fan_out)),
    (init.kaiming_uniform_, lambda fan_in, fan_out: 2 / fan_in),
    (lambda t: init.kaiming_normal_(t, mode="fan_out", nonlinearity="relu"), lambda fan_in, fan_out: 2 / fan_out),
    (lambda t: init.kaiming_uniform_(t, a=5**0.5), lambda fan_in, fan_out: 1 / (3 * fan_in)),
    (lambda t: init.kaiming_normal_(t, nonlinearity="tanh"), lambda fan_in, fan_out: 25 / (9 * fan_in)),
])  # fmt: skip
def test_the_spread_is_the_formulas(fill, variance, shape):
    values = fill(mg.zeros(*shape)).numpy()
    places = values[0, 0].size
    expected = variance(shape[1] * places, shape[0] * places)
    assert abs(values.var() / expected - 1) < 0.03 and abs(values.mean()) < 0.02 * expected**0.5
    for kind in (init.xavier_uniform_, init.kaiming_normal_):
        with pytest.raises(mg.ShapeError, match="at least 2 axes"):
            kind(mg.zeros(3))


@pytest.mark.parametrize(("make", "kurtosis"), [
    (lambda nn: nn.init.uniform_(zeros(nn), -1, 3), 9 / 5),
    (lambda nn: nn.init.normal_(zeros(nn), 2, 0.5), 3),
    (lambda nn: nn.init.xavier_uniform_(zeros(nn)), 9 / 5),
    (lambda nn: nn.init.xavier_normal_(zeros(nn)), 3),
    (lambda nn: nn.init.kaiming_uniform_(zeros(nn)), 9 / 5),
    (lambda nn: nn.init.kaiming_normal_(zeros(nn)), 3),
    (lambda nn: nn.Linear(300, 300).weight, 9 / 5),
    (lambda nn: nn.Linear(3, 90_000).bias, 9 / 5),
    (lambda nn: nn.Embedding(300, 300).weight, 3),
    (lambda nn: nn.init.trunc_normal_(zeros(nn), 0.5, 1.0, -1.0, 1.0), 2.06),
])  # fmt: skip
def test_four_moments_are_torchs_so_a_uniform_is_no_normal_of_the_same_spread(torch, make, kurtosis):
    def moments(nn):
        values = make(nn).detach().numpy().astype(np.float64)
        mean, std = values.mean(), values.std()
        z = (values - mean) / std
        return mean / std, np.log(std), (z**3).mean(), (z**4).mean()

    mg.manual_seed(0)
    torch.manual_seed(0)
    ours, theirs = moments(mg.nn), moments(torch.nn)
    np.testing.assert_allclose(ours, theirs, atol=0.1)
    assert abs(ours[-1] - kurtosis) < 0.06


def zeros(nn):
    return (mg if nn is mg.nn else pytest.importorskip("torch")).zeros(300, 300)


def test_trunc_normal_stays_within_its_bounds(torch):
    ours, theirs = mg.zeros(300, 300), torch.zeros(300, 300)
    for lib, tensor in ((mg, ours), (torch, theirs)):
        lib.nn.init.trunc_normal_(tensor, 0.5, 1.0, -1.0, 1.0)
    assert ours.numpy().min() >= -1 and ours.numpy().max() <= 1
    assert (
        abs(ours.numpy().mean() - theirs.numpy().mean()) < 0.01
        and abs(ours.numpy().std() - theirs.numpy().std()) < 0.01
    )


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 2, 3)])
def test_orthogonal_rows_or_columns(shape):
    values = init.orthogonal_(mg.zeros(*shape, dtype=mg.float64), gain=2).numpy().reshape(shape[0], -1)
    product = values.T @ values if len(values) > values.shape[1] else values @ values.T
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-12)


def test_sparse_and_eye():
    values = init.sparse_(mg.zeros(100, 50), 0.25, std=2).numpy()
    assert ((values == 0).sum(axis=0) == 25).all() and abs(values[values != 0].std() - 2) < 0.1
    assert init.eye_(mg.ones(2, 3)).tolist() == [[1, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize("name", ["linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"])
def test_gains_are_torchs(torch, name):
    assert init.calculate_gain(name) == torch.nn.init.calculate_gain(name)
    assert init.calculate_gain("leaky_relu", 0.2) == torch.nn.init.calculate_gain("leaky_relu", 0.2)
