"""Tensors on the device: made, moved, changed in place, shown, saved, and mixed with those of the CPU."""

import copy
import pickle

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn
from tests.device_guard.both import agree, waits
from tests.minigrad.parity import draw

CREATION = [
    "mg.tensor([1, 2.5], device='cuda')",
    "mg.zeros(2, 3, device='cuda')",
    "mg.full((2,), 7, device='cuda:0')",
    "mg.arange(5, device='cuda')",
    "mg.eye(3, device='cuda')",
    "mg.linspace(0, 1, 5, device='cuda')",
    "mg.randperm(4, device='cuda')",
    "mg.rand_like(mg.ones(2, device='cuda'))",
    "mg.ones(2, device='cuda').new_zeros(3)",
    "mg.as_tensor(mg.ones(2), device='cuda')",
    "mg.tensor(mg.ones(2, device='cuda'))",
    "mg.normal(mg.zeros(2, device='cuda'), 1.0, device='cuda')",
    "mg.bernoulli(mg.ones(2, device='cuda'))",
    "mg.multinomial(mg.ones(3, device='cuda'), 2)",
    "mg.ones(2).cuda().normal_()",
    "mg.ones(3, 3).cuda().tril()",
    "mg.diag(mg.ones(3, device='cuda'))",
    "F.dropout(mg.ones(8, device='cuda'), 0.5)",
    "F.one_hot(mg.arange(3, device='cuda'))",
    "F.pad(mg.ones(1, 1, 4, device='cuda'), (1, 1), mode='reflect')",
    "mg.from_dlpack(mg.ones(2, device='cuda'))",
    "copy.deepcopy(mg.ones(2, device='cuda'))",
    "pickle.loads(pickle.dumps(mg.ones(2, device='cuda')))",
]


@pytest.mark.parametrize("text", CREATION)
def test_tensors_are_made_where_it_is_said(text):
    given = {"mg": mg, "F": F, "copy": copy, "pickle": pickle}
    mg.manual_seed(0)
    there = eval(text, given)
    mg.manual_seed(0)
    here = eval(text.replace("cuda:0", "cpu").replace("'cuda'", "'cpu'").replace(".cuda()", ""), given)
    assert there.is_cuda
    agree(there, here)


def test_draws_by_probabilities_of_the_device_wait_for_nothing():
    chances = mg.rand(200, device="cuda")
    mg.manual_seed(0)
    with waits() as waited:
        there = mg.bernoulli(chances)
    mg.manual_seed(0)
    assert not waited and there.tolist() == mg.bernoulli(chances.cpu()).tolist()


def test_what_is_no_probability_shows_as_nan_where_asking_would_wait():
    share = mg.tensor([0.5], device="cuda")
    for wrong in (-0.1, 1.5):
        assert F.binary_cross_entropy(mg.tensor([wrong], device="cuda"), share).isnan()
        with pytest.raises(ValueError, match="the input must be probabilities"):
            F.binary_cross_entropy(mg.tensor([wrong]), share.cpu())


def test_integers_that_a_gpu_divides_by_zero_are_not_looked_for():
    x, zero = mg.tensor([7, -7], device="cuda"), mg.zeros(2, dtype=mg.int64, device="cuda")
    with waits() as waited:
        rests = x % zero, x // zero
    assert not waited and [rest.tolist() for rest in rests] == [[0, 0]] * 2
    with pytest.raises(RuntimeError, match="integer division by zero"):
        x // 0


def test_numbers_come_to_the_host_when_they_are_asked_for():
    x = mg.tensor([1.0, 2.0], device="cuda", requires_grad=True)
    assert repr(x) == "tensor([1., 2.], device='cuda:0', requires_grad=True)"
    assert x.sum().item() == 3 and float(x[0]) == 1 and bool(x[1] > 1) and f"{x.sum():.1f}" == "3.0"
    assert [one.item() for one in x] == [1, 2] and 2.0 in x and len(x) == 2
    assert type(x.detach().cpu().numpy()) is np.ndarray
    with pytest.raises(TypeError, match=r"^numpy: this tensor is on cuda:0. Use tensor.cpu\(\).numpy\(\).$"):
        x.detach().numpy()
    with pytest.raises(TypeError, match="cpu"):
        np.asarray(x.detach())


def test_a_network_moves_to_a_gpu_that_is_told():
    for where in (None, 0, "cuda:0", mg.device("cuda")):
        net = nn.Linear(2, 3).cuda(where)
        assert net.weight.is_cuda and str(net.bias.device) == "cuda:0"


def test_the_words_of_scripts_that_overlap_copies_are_known():
    x, net = mg.ones(2), nn.Linear(2, 3)
    with waits() as waited:
        there = x.pin_memory().cuda(0, non_blocking=True), x.to("cuda", non_blocking=True), x.cuda(non_blocking=True)
        assert net.to("cuda", non_blocking=True) is net
    assert not waited and net.weight.get_device() == 0 and [one.get_device() for one in (x, *there)] == [-1, 0, 0, 0]


def test_backward_goes_through_a_move():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    (x.cuda() * mg.tensor([3.0, 4.0], device="cuda")).sum().backward()
    assert type(x.grad.array) is np.ndarray and x.grad.tolist() == [3, 4]


def test_backward_of_arithmetic_does_not_wait():
    x = mg.tensor(draw(3, 2), device="cuda", requires_grad=True)
    scale = mg.tensor(2.0, device="cuda", requires_grad=True)
    with waits() as waited:
        ((x * scale + 1).exp().mean() / 2).backward()
        (x * 2).sum().backward()  # accumulates
    assert not waited and x.grad.is_cuda and scale.grad.is_cuda


def test_changes_in_place():
    x = mg.zeros(2, 3, device="cuda")
    x[0] = 1
    x[:, 1] = mg.tensor([5.0, 6.0], device="cuda")
    x[x > 5] = -1
    x[1, [0, 2]] = mg.tensor([7.0, 8.0])  # from the CPU, as in PyTorch
    x += 1
    x.mul_(2).add_(mg.ones(3, device="cuda"))
    x[0, 0] = mg.tensor(9.0, device="cuda")
    assert x.tolist() == [[9, 13, 5], [17, 1, 19]]
    assert x.copy_(mg.ones(2, 3)).sum().item() == 6 and x.is_cuda
    assert x.fill_(mg.tensor(3.0)).sum().item() == 18
    y = (x.requires_grad_() * x).sum()
    with mg.no_grad():
        x.zero_()
    with pytest.raises(RuntimeError, match="was changed in place afterwards"):
        y.backward()


@pytest.mark.parametrize("value", ["0", "-1.5", "mg.tensor(2)", "x[0, 0, 0]", "float('nan')"])
@pytest.mark.parametrize("mask", ["x > 1", "x[:, 0, 0] > 1", "x[..., 0] > 1", "x != x", "mg.tensor(True).to(x.device)"])
def test_a_number_is_put_where_a_mask_holds_and_nothing_waits(mask, value):
    results = []
    for device in ("cpu", "cuda"):
        x = mg.arange(12.0, device=device).reshape(3, 2, 2)
        given = {"x": x, "mg": mg}
        place, number = eval(mask, given), eval(value, given)
        with waits() as waited:
            x[place] = number
            x[1, :][place[1] if place.ndim else place] = number
            x[:2, x[0, :, 0] > 3] = number
            x[1:, 1:, x[0, 0] < 2] = number
            x[0, x[0] > 2] = number
        assert not waited and x._version == 5
        results.append(x)
    agree(*reversed(results))


def test_a_mask_that_does_not_fit_is_told_as_ever():
    for device in ("cpu", "cuda"):
        x = mg.zeros(2, 3, device=device)
        with pytest.raises(IndexError, match=r"^setitem: .* The tensor is float32, of shape \(2, 3\), the value 1\.$"):
            x[mg.ones(1, 3, device=device) > 0] = 1


def test_values_that_do_not_fit_are_told_as_ever():
    x = mg.zeros(2, 3, device="cuda")
    for values in (mg.ones(5, device="cuda"), mg.ones(5), mg.ones(5, device="cuda").array):
        with pytest.raises(
            mg.ShapeError, match=r"^setitem: .*The tensor is float32, of shape \(2, 3\), the values \(5,\)"
        ):
            x[0] = values


def test_memory_that_elements_share_is_not_written_to():
    x = mg.zeros(1, 3, device="cuda").expand(2, 3)
    for change in (lambda: x.add_(1), lambda: x.__setitem__(0, 1)):
        with pytest.raises(RuntimeError, match="where elements are shared"):
            change()


def test_a_leafs_gradient_has_memory_of_its_own():
    x, y = (mg.tensor(draw(3, seed=i), device="cuda", requires_grad=True) for i in range(2))
    (x + y).sum().backward()
    x.grad.add_(1)
    assert y.grad.tolist() == [1, 1, 1]


# -- mixed with the CPU ------------------------------------------------------------------------------------------------

MIXED = {
    "x + y": "add",
    "y * x": "mul",
    "x @ z": "matmul",
    "x == y": "eq",
    "y < x": "lt",
    "mg.maximum(y, x)": "maximum",
    "mg.where(x > 0, y, y)": "where",
    "mg.cat([x, y])": "cat",
    "mg.isclose(x, y)": "isclose",
    "y[mg.tensor([0], device='cuda')]": "getitem",
    "F.linear(x, z.T)": "linear",
    "F.mse_loss(x, y)": "mse_loss",
    "x.scatter_add(1, mg.tensor([[0, 1, 2]], device='cuda'), y)": "scatter_add",
    "F.layer_norm(x, (3,), y[0], y[0])": "layer_norm",
    "cube(x, y)": "cube",
    "x.requires_grad_().relu().backward(y)": "backward",
    "mg.autograd.grad(x.requires_grad_().relu(), x, y)": "grad",
    "setattr(x, 'grad', y)": "grad",
}


@pytest.mark.parametrize("text", MIXED)
def test_tensors_of_two_devices_are_one_clear_error(text):
    x, y, z = mg.tensor(draw(2, 3), device="cuda"), mg.tensor(draw(2, 3)), mg.tensor(draw(3, 2))
    cube = mg.differentiable(lambda a, b: (a * b, None), lambda dout, cache: (dout, dout), name="cube")
    expected = (
        rf"^{MIXED[text]}: all tensors must be on one device, got .*float64 \(\d.* on cuda:0.*"
        r"Move them, as in x.to\('cuda:0'\)\.$"
    )
    with pytest.raises(mg.DeviceError, match=expected) as caught:
        eval(text, {"mg": mg, "F": F, "x": x, "y": y, "z": z, "cube": cube})
    assert " on cpu" in str(caught.value) and isinstance(caught.value, RuntimeError)


def test_other_errors_of_device_tensors_are_told_as_ever():
    with pytest.raises(mg.ShapeError, match="add: the shapes do not broadcast"):
        mg.ones(2, device="cuda") + mg.ones(3, device="cuda")


@pytest.mark.parametrize("text", ["x * y", "y - x", "mg.maximum(y, x)", "x ** y", "y / x", "mg.where(x > y, y, x)"])
def test_a_number_of_the_cpu_may_meet_the_device_and_gets_its_gradient_back(text):
    for shape in [(2, 3), ()]:
        values = draw(*shape, low=0.5), draw(low=0.5, seed=5)
        results = []
        for device in ("cpu", "cuda"):
            x = mg.tensor(values[0], device=device, requires_grad=True)
            y = mg.tensor(values[1], requires_grad=True)
            out = eval(text, {"mg": mg, "x": x, "y": y})
            assert out.device.type == device
            out.sum().backward()
            assert type(y.grad.array) is np.ndarray and x.grad.device.type == device
            results.append([out, x.grad, y.grad])
        for here, there in zip(*results, strict=True):
            agree(there, here)


# -- anomalies, files --------------------------------------------------------------------------------------------------


def test_anomalies_are_found_and_explained():
    x = mg.tensor([1.0, 0.0], device="cuda", requires_grad=True)
    with mg.autograd.detect_anomaly():
        for call, cause in ((lambda: x.log(), "the log of 0"), (lambda: 1 / x, "division by 0 (1 of 2 elements)")):
            with pytest.raises(RuntimeError) as caught:
                call()
            assert cause in str(caught.value)
        y = x * x
        x.array[0] = 5
        with pytest.raises(RuntimeError, match="was changed after the forward"):
            y.sum().backward()


def test_a_tape_can_be_printed():
    with mg.Tape() as tape:
        (mg.ones(3, device="cuda", requires_grad=True) * 2).sum().backward()
    assert "mul" in str(tape) and "1.732" in str(tape)


def test_networks_are_saved_and_loaded_between_device_and_cpu(tmp_path):
    there = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).to("cuda")
    here = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    there(mg.rand(8, 3).cuda())
    mg.save(there.state_dict(), tmp_path / "net.safetensors")
    here.load_state_dict(mg.load(tmp_path / "net.safetensors"))
    back = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).cuda()
    back.load_state_dict(mg.load(tmp_path / "net.safetensors"))
    for name, value in there.state_dict().items():
        assert here.state_dict()[name].tolist() == back.state_dict()[name].tolist() == value.tolist()
        assert back.state_dict()[name].is_cuda and not here.state_dict()[name].is_cuda


def test_a_summary_of_a_network_on_the_device():
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU()).cuda()
    assert "16" in str(mg.summary(net, mg.rand(2, 3, device="cuda")))
