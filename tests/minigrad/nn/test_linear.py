import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import minigrad as mg
from minigrad import nn


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 5, 3), (0, 3)], ids=str)
def test_linear_forward_and_gradients_are_pytorchs(torch, shape, bias):
    rng = np.random.default_rng(0)
    ours, theirs = nn.Linear(3, 4, bias=bias, dtype=mg.float64), torch.nn.Linear(3, 4, bias=bias, dtype=torch.float64)
    ours.load_state_dict({name: value.numpy() for name, value in theirs.state_dict().items()})
    x, upstream = rng.normal(size=shape), rng.normal(size=(*shape[:-1], 4))
    our_x, their_x = mg.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    out = ours(our_x)
    expected = theirs(their_x)
    np.testing.assert_allclose(out.detach().numpy(), expected.detach().numpy(), rtol=1e-12, atol=1e-12)
    out.backward(mg.tensor(upstream))
    expected.backward(torch.tensor(upstream))
    for mine, other in [(our_x, their_x), *zip(ours.parameters(), theirs.parameters(), strict=True)]:
        np.testing.assert_allclose(mine.grad.numpy(), other.grad.numpy(), rtol=1e-12, atol=1e-12)


def test_linear_is_x_times_the_transposed_weight_plus_the_bias():
    layer = nn.Linear(3, 2, dtype=mg.float64)
    x = np.random.default_rng(0).normal(size=(5, 3))
    weight, bias = (parameter.detach().numpy() for parameter in layer.parameters())
    assert weight.shape == (2, 3) and bias.shape == (2,)
    np.testing.assert_allclose(layer(mg.tensor(x)).detach().numpy(), x @ weight.T + bias, rtol=1e-14)


def test_weights_move_to_pytorch_and_back_through_safetensors(torch, tmp_path):
    st = pytest.importorskip("safetensors.torch")
    net = nn.Sequential(nn.Flatten(), nn.Linear(6, 3), nn.ReLU(), nn.Linear(3, 2, bias=False))
    lib = torch.nn
    theirs = lib.Sequential(lib.Flatten(), lib.Linear(6, 3), lib.ReLU(), lib.Linear(3, 2, bias=False))
    x = np.random.default_rng(0).normal(size=(4, 2, 3)).astype(np.float32)

    mg.save(net.state_dict(), tmp_path / "ours.safetensors")
    theirs.load_state_dict(st.load_file(tmp_path / "ours.safetensors"))
    np.testing.assert_allclose(net(mg.tensor(x)).detach().numpy(), theirs(torch.tensor(x)).detach().numpy(), atol=1e-6)

    torch.nn.init.normal_(theirs[1].weight)
    st.save_file(theirs.state_dict(), tmp_path / "theirs.safetensors")
    net.load_state_dict(mg.load(tmp_path / "theirs.safetensors"))
    for mine, other in zip(net.parameters(), theirs.parameters(), strict=True):
        assert np.array_equal(mine.detach().numpy(), other.detach().numpy())
    net.load_state_dict(theirs.state_dict())


def test_weights_move_through_safetensors_with_pytorchs_names_and_shapes(tmp_path):
    net = nn.Sequential(nn.Linear(6, 3))
    mg.save(net.state_dict(), tmp_path / "w.safetensors")
    arrays = load_file(tmp_path / "w.safetensors")
    assert {name: array.shape for name, array in arrays.items()} == {"0.weight": (3, 6), "0.bias": (3,)}
    save_file({name: array + 1 for name, array in arrays.items()}, tmp_path / "w.safetensors")
    net.load_state_dict(mg.load(tmp_path / "w.safetensors"))
    assert np.array_equal(net[0].weight.detach().numpy(), arrays["0.weight"] + 1)


def test_initial_weights_and_biases_are_uniform_within_one_over_root_fan_in():
    layer = nn.Linear(400, 1000)
    bound = 1 / np.sqrt(400)
    for values in (layer.weight.detach().numpy(), layer.bias.detach().numpy()):
        assert values.dtype == np.float32
        assert np.abs(values).max() <= np.float32(bound)
        assert values.max() > 0.98 * bound and values.min() < -0.98 * bound
        error = 5 / np.sqrt(values.size)  # five standard errors, in units of the bound
        assert abs(values.mean()) < error * bound
        assert abs(values.std() - bound / np.sqrt(3)) < error * bound
        assert abs((values < bound / 2).mean() - 0.75) < error


def test_initial_weights_have_pytorchs_moments(torch):
    torch.manual_seed(0)
    ours, theirs = nn.Linear(50, 2000), torch.nn.Linear(50, 2000)
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        a, b = mine.detach().numpy(), other.detach().numpy()
        assert abs(a.std() / b.std() - 1) < 5 / np.sqrt(a.size)
        assert abs(np.abs(a).max() / np.abs(b).max() - 1) < 0.02


def test_the_seed_decides_the_weights_and_reset_draws_others():
    def weights(seed):
        mg.manual_seed(seed)
        return nn.Linear(5, 4).weight.tolist()

    assert weights(1) == weights(1) != weights(2)
    layer = nn.Linear(5, 4)
    before = layer.weight.tolist(), layer.bias.tolist()
    layer.reset_parameters()
    assert layer.weight.tolist() != before[0] and layer.bias.tolist() != before[1]
    assert layer.weight.requires_grad


def test_linear_takes_a_dtype_and_no_inputs_at_all():
    assert nn.Linear(2, 3, dtype=None).weight.dtype == mg.float32
    assert nn.Linear(2, 3, dtype=mg.float64).bias.dtype == mg.float64
    assert nn.Linear(0, 3)(mg.zeros(2, 0)).tolist() == [[0, 0, 0]] * 2
    assert nn.Linear(2, 3, bias=False).bias is None


def test_flatten_makes_a_row_of_each_example():
    x = mg.arange(24).reshape(2, 3, 4)
    assert nn.Flatten()(x).shape == (2, 12)
    assert nn.Flatten(0)(x).shape == (24,)
    assert nn.Flatten(0, 1)(x).shape == (6, 4)


def test_relu_clips_below_zero_and_never_changes_its_input():
    x = mg.tensor([-1.0, 0.0, 2.0])
    assert nn.ReLU(inplace=True)(x).tolist() == [0, 0, 2]
    assert x.tolist() == [-1, 0, 2]
