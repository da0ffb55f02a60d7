"""The normalizing layers beside PyTorch's: every setting, along several steps, in training and evaluation."""

import itertools

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.backend import ShapeError
from minigrad.nn import functional as F
from tests.minigrad.parity import agrees_with_torch, draw, draws, inf_and_nan_without_warnings

pytestmark = inf_and_nan_without_warnings

KINDS = {"BatchNorm1d": [(5, 3), (5, 3, 4)], "BatchNorm2d": [(5, 3, 2, 4)], "BatchNorm3d": [(4, 3, 2, 1, 3)]}
each_kind = pytest.mark.parametrize(
    ("kind", "shape"), [(kind, shape) for kind, shapes in KINDS.items() for shape in shapes], ids=str
)


def both(torch, text, seed=3):
    """The layer of both libraries, with the same parameters, none of them 0 or 1."""
    ours, theirs = (eval(text, {"nn": lib}) for lib in (nn, torch.nn))
    for name, parameter in ours.named_parameters():
        values = draw(*parameter.shape, seed=seed + len(name))
        with mg.no_grad():
            parameter.copy_(mg.tensor(values))
        theirs.get_parameter(name).data.copy_(torch.tensor(values))
    return ours, theirs


def step(lib, layer, x, upstream):
    """The output, and the gradients of the input and all parameters; the buffers change."""
    x = lib.tensor(x, requires_grad=True)
    layer.zero_grad()
    out = layer(x)
    out.backward(lib.tensor(upstream))
    return [out.detach(), x.grad, *[parameter.grad for parameter in layer.parameters()], *layer.state_dict().values()]


def same(ours, theirs, tolerance=1e-9):
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        mine, other = mine.numpy(), other.numpy()
        assert (mine.shape, mine.dtype) == (other.shape, other.dtype)
        np.testing.assert_allclose(mine, other, rtol=tolerance, atol=tolerance)


@each_kind
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("settings", list(itertools.product([True, False], [True, False], [0.1, 0.7, None])), ids=str)
def test_batch_norm_goes_pytorchs_way_for_several_steps_and_in_evaluation(torch, kind, shape, settings, dtype):
    affine, track, momentum = settings
    text = f"nn.{kind}(3, 1e-3, {momentum}, affine={affine}, track_running_stats={track})"
    ours, theirs = both(torch, text)
    ours, theirs = ours.to(dtype=dtype), theirs.to(getattr(torch, dtype))
    tolerance = {"float64": 1e-9, "float32": 1e-4}[dtype]
    for i, mode in enumerate([False, True, True, True, False, True, False]):
        x, upstream = (draw(*shape, seed=seed + i) for seed in (10, 50))
        x = (2 * x + i).astype(dtype)
        ours.train(mode), theirs.train(mode)
        same(step(mg, ours, x, upstream.astype(dtype)), step(torch, theirs, x, upstream.astype(dtype)), tolerance)


@pytest.mark.parametrize(
    "text",
    [
        "nn.LayerNorm(4)",
        "nn.LayerNorm([4], eps=0.1)",
        "nn.LayerNorm((3, 4), elementwise_affine=False)",
        "nn.LayerNorm((6, 3, 4), bias=False)",
        "nn.GroupNorm(3, 6)",
        "nn.GroupNorm(1, 6, eps=0.1)",
        "nn.GroupNorm(6, 6, affine=False)",
        "nn.GroupNorm(2, 6, bias=False)",
    ],
)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_layer_norm_and_group_norm_are_pytorchs(torch, text, dtype):
    ours, theirs = both(torch, text)
    ours, theirs = ours.to(dtype=dtype), theirs.to(getattr(torch, dtype))
    x, upstream = ((3 * draw(2, 6, 3, 4, seed=seed) + 1).astype(dtype) for seed in (1, 2))
    same(step(mg, ours, x, upstream), step(torch, theirs, x, upstream), {"float64": 1e-9, "float32": 1e-4}[dtype])


def test_float16_is_pytorchs(torch):
    for text in ["nn.BatchNorm1d(3)", "nn.LayerNorm(3)"]:
        ours, theirs = both(torch, text)
        ours.half(), theirs.half()
        x, upstream = (draw(6, 3, seed=seed).astype(np.float16) for seed in (1, 2))
        same(step(mg, ours, x, upstream), step(torch, theirs, x, upstream), 5e-3)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("parts", list(itertools.product([True, False], [True, False])), ids=str)
@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 2, 2), (0, 3), (0, 3, 2), (2, 3, 0)], ids=str)
def test_the_functions_with_each_set_of_arguments_are_pytorchs(training, parts, shape):
    x, weight, bias = draws(shape, (3,), (3,))
    given = [array for array, there in zip((weight, bias), parts, strict=True) if there]

    def run(lib, x, *rest):
        rest = iter(rest)
        weight, bias = (next(rest) if there else None for there in parts)
        mean, var = (lib.tensor(array) for array in (np.array([0.5, -1, 2]), np.array([0.3, 1, 4])))
        out = lib.nn.functional.batch_norm(x, mean, var, weight, bias, training=training, momentum=0.3, eps=0.01)
        return [out, mean, var]

    agrees_with_torch(run, x, *given)


@pytest.mark.parametrize("shape", [(1, 3), (1, 3, 1, 1)], ids=str)
def test_one_value_per_channel_is_refused_in_training_and_fine_in_evaluation(shape):
    x = mg.tensor(draw(*shape))
    for running in [(None, None), (mg.zeros(3, dtype=mg.float64), mg.ones(3, dtype=mg.float64))]:
        with pytest.raises(ValueError, match="batch_norm: expected more than 1 value per channel"):
            F.batch_norm(x, *running, training=True)
    agrees_with_torch(
        lambda lib, x, m, v: lib.nn.functional.batch_norm(x, m.detach(), v.detach()), draw(*shape), *STATS
    )
    with pytest.raises(ValueError, match="group_norm: expected more than 1 value"):
        F.group_norm(x, 3)


STATS = (np.array([0.5, -1, 2]), np.array([0.3, 1, 4]))


@pytest.mark.parametrize("momentum", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("where", ["input", "running"])
def test_inf_and_nan_spread_as_in_pytorch(momentum, bad, where):
    x, (mean, var) = draw(4, 3), (array.copy() for array in STATS)
    (x[0] if where == "input" else mean)[1] = bad

    def run(lib, x):
        kept = lib.tensor(mean), lib.tensor(var)
        return [lib.nn.functional.batch_norm(x, *kept, training=True, momentum=momentum), *kept]

    agrees_with_torch(run, x)


def test_running_statistics_are_changed_in_place_and_never_differentiated():
    layer = nn.BatchNorm1d(3)
    memory = [buffer.array for buffer in layer.buffers()]
    x = mg.randn(4, 3, requires_grad=True)
    for _ in range(2):
        layer(x).sum().backward()
    assert all(now.array is before for now, before in zip(layer.buffers(), memory, strict=True))
    assert layer.num_batches_tracked.item() == 2 and layer.num_batches_tracked.dtype == mg.int64
    assert not any(buffer.requires_grad for buffer in layer.buffers())


def test_evaluation_then_training_then_the_first_backward():
    """What training does to the running statistics does not reach the gradient of an evaluation before it."""
    layer = nn.BatchNorm1d(3, dtype=mg.float64)
    x = mg.tensor(draw(4, 3), requires_grad=True)
    out = layer.eval()(x)
    layer.train()(x.detach() + 5)
    out.backward(mg.ones_like(out))
    np.testing.assert_allclose(x.grad.numpy(), 1 / np.sqrt(1 + 1e-5), rtol=1e-12)


def test_an_input_that_is_changed_before_the_backward_is_noticed():
    x = mg.tensor(draw(4, 3), requires_grad=True)
    y = x * 1
    memory = mg.tensor(y.detach().numpy().T.copy()).T  # the batch innermost: it is kept, not copied
    memory.requires_grad_()
    out = nn.BatchNorm1d(3, dtype=mg.float64)(memory)
    with mg.no_grad():
        memory += 1
    with pytest.raises(RuntimeError, match="in place"):
        out.sum().backward()


def test_parameters_that_are_not_learned_get_no_gradient():
    for layer in [nn.BatchNorm1d(3), nn.LayerNorm(3), nn.GroupNorm(1, 3)]:
        layer.bias.requires_grad_(False)
        layer(mg.randn(4, 3)).sum().backward()
        assert layer.weight.grad is not None and layer.bias.grad is None
        layer.requires_grad_(False)
        assert not layer(mg.randn(4, 3)).requires_grad


@pytest.mark.parametrize(
    "text",
    [
        "nn.BatchNorm1d(3)",
        "nn.BatchNorm2d(3, momentum=None)",
        "nn.BatchNorm2d(3, affine=False)",
        "nn.BatchNorm2d(3, bias=False)",
        "nn.BatchNorm3d(3, 0.1, 0.5, track_running_stats=False)",
        "nn.LayerNorm(3)",
        "nn.LayerNorm((2, 3), elementwise_affine=False)",
        "nn.LayerNorm([2, 3], 0.1, bias=False)",
        "nn.GroupNorm(1, 3)",
        "nn.GroupNorm(3, 3, affine=False)",
        "nn.GroupNorm(3, 3, bias=False)",
    ],
)
def test_names_start_values_and_repr_are_pytorchs(torch, text):
    ours, theirs = (eval(text, {"nn": lib}) for lib in (nn, torch.nn))
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    same(list(ours.state_dict().values()), list(theirs.state_dict().values()))
    assert [name for name, _ in ours.named_parameters()] == [name for name, _ in theirs.named_parameters()]
    for name in ["weight", "bias"]:
        assert (getattr(ours, name) is None) == (getattr(theirs, name) is None)
    for convert, name in [("double", "float64"), ("half", "float16"), ("float", "float32")]:
        getattr(ours, convert)(), getattr(theirs, convert)()
        same(list(ours.state_dict().values()), list(theirs.state_dict().values()))
        made = eval(text[:-1] + f", dtype='{name}')", {"nn": nn})
        kinds = {"num_batches_tracked": "int64"}
        assert all(str(v.dtype).endswith(kinds.get(k, name)) for k, v in made.state_dict().items())


def test_states_move_to_pytorch_and_back(torch):
    ours, theirs = both(torch, "nn.BatchNorm2d(3)")
    other_ours, other_theirs = nn.BatchNorm2d(3), torch.nn.BatchNorm2d(3)
    x = draw(4, 3, 2, 2).astype(np.float32)
    for _ in range(3):
        ours(mg.tensor(x)), theirs(torch.tensor(x))
    other_theirs.load_state_dict({name: torch.tensor(value.numpy()) for name, value in ours.state_dict().items()})
    other_ours.load_state_dict({name: value.numpy() for name, value in theirs.state_dict().items()})
    assert other_ours.num_batches_tracked.item() == other_theirs.num_batches_tracked.item() == 3
    expected = theirs.eval()(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(other_ours.eval()(mg.tensor(x)).detach().numpy(), expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(other_theirs.eval()(torch.tensor(x)).detach().numpy(), expected, rtol=1e-5, atol=1e-5)


def test_reset_forgets_the_batches_and_what_was_learned():
    layer = nn.BatchNorm1d(3)
    fresh = {name: value.numpy().copy() for name, value in layer.state_dict().items()}
    layer(mg.randn(4, 3) + 2)
    with mg.no_grad():
        layer.weight.fill_(5)
    layer.reset_running_stats()
    assert layer.num_batches_tracked.item() == 0 and layer.weight.detach().numpy()[0] == 5
    assert not layer.running_mean.numpy().any() and (layer.running_var.numpy() == 1).all()
    layer(mg.randn(4, 3) + 2)
    layer.reset_parameters()
    for name, value in layer.state_dict().items():
        assert np.array_equal(value.numpy(), fresh[name]), name
    nn.BatchNorm1d(3, affine=False, track_running_stats=False).reset_parameters()


def test_the_batch_innermost_stays_innermost_through_the_layer():
    memory = np.ascontiguousarray(draw(3, 2, 5, 4)).astype(np.float32)
    x = mg.Tensor(memory.transpose(3, 0, 1, 2), requires_grad=True)
    for layer in [nn.BatchNorm2d(3), nn.BatchNorm2d(3).eval()]:
        assert layer(x).array.strides == x.array.strides


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: nn.BatchNorm1d(3)(x[None, None]), ShapeError, r"BatchNorm1d: expected \(N, C\) or \(N, C, L\), got"),
        (lambda x: nn.BatchNorm2d(3)(x), ShapeError, r"BatchNorm2d: expected \(N, C, H, W\), got \(4, 3\)"),
        (lambda x: nn.BatchNorm3d(3)(x), ShapeError, r"BatchNorm3d: expected \(N, C, D, H, W\)"),
        (lambda x: nn.BatchNorm1d(4)(x), ShapeError, "BatchNorm1d: expected 4 channels"),
        (lambda x: nn.BatchNorm1d(3, eps=-1)(x), ValueError, "batch_norm: eps must be positive"),
        (lambda x: nn.LayerNorm(4)(x), ShapeError, "layer_norm: the last axes of x must be normalized_shape"),
        (lambda x: nn.GroupNorm(2, 3), ValueError, "GroupNorm: num_groups must divide num_channels = 3, got 2"),
        (lambda x: F.group_norm(x, 2), ShapeError, "group_norm: num_groups must divide the 3 channels, got 2"),
        (lambda x: nn.GroupNorm(2, 4)(x), ShapeError, "group_norm: weight must be"),
        (lambda x: F.batch_norm(x, None, None), RuntimeError, "batch_norm: without training=True"),
        (lambda x: F.batch_norm(x, x[0], None, training=True), ValueError, "batch_norm: running_mean and running_var"),
        (lambda x: F.batch_norm(x, x[:, 0], x[0]), ShapeError, r"batch_norm: running_mean must be \(3,\)"),
        (lambda x: F.batch_norm(x, x[0], x[:, 0], training=True), ShapeError, "batch_norm: running_var must be"),
        (lambda x: F.batch_norm(x, x[0], x[0], None, None, True, None), TypeError, "batch_norm: momentum must be"),
        (lambda x: F.batch_norm(x[0], None, None, training=True), ShapeError, r"batch_norm: x must be \(N, C\)"),
        (lambda x: F.layer_norm(x, ()), ShapeError, "layer_norm: .*one at least"),
    ],
)
def test_what_does_not_fit_is_said(call, error, message):
    with pytest.raises(error, match=message):
        call(mg.tensor(draw(4, 3).astype(np.float32)))


@pytest.mark.parametrize("text", ["nn.RMSNorm(4)", "nn.RMSNorm((3, 4), 1e-3, False)"])
def test_rms_norm_is_torchs(torch, text):
    ours, theirs = both(torch, text)
    assert repr(ours) == repr(theirs)
    same(
        *[
            step(lib, layer.double(), draw(2, 3, 4), draw(2, 3, 4, seed=5))
            for lib, layer in [(mg, ours), (torch, theirs)]
        ]
    )


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_rms_norm_of_tiny_and_large_numbers_is_torchs(torch, dtype):
    x = np.array([[1e-4, -2e-4], [0, 0], [6e4, 6e4], [1, 2]], dtype)  # at 1e-4 one sees eps, 6e4 squared is no float16
    ours, theirs = (lib.nn.functional.rms_norm(lib.tensor(x), (2,)).numpy() for lib in (mg, torch))
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=4 * np.finfo(dtype).eps)


def test_rms_norm_refuses_what_does_not_fit():
    for shape in [(3,), (), (2, 3, 4)]:
        with pytest.raises(ShapeError, match=r"rms_norm: the last axes of x must be normalized_shape"):
            F.rms_norm(mg.ones(3, 4), shape)
    with pytest.raises(ShapeError, match=r"rms_norm: weight must be of shape \(4,\)"):
        F.rms_norm(mg.ones(3, 4), (4,), mg.ones(3))
    with pytest.raises(TypeError, match=r"rms_norm: expected a floating-point x, got int64"):
        F.rms_norm(mg.ones(3, 4).long(), (4,))


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        ("InstanceNorm1d", (2, 3, 4)),
        ("InstanceNorm1d", (3, 4)),
        ("InstanceNorm2d", (2, 3, 4, 2)),
        ("InstanceNorm2d", (3, 1, 4)),
    ],
)
def test_instance_norm_is_torchs_along_several_steps(torch, kind, shape, affine, kept):
    ours, theirs = both(torch, f"nn.{kind}(3, 1e-3, 0.3, {affine}, {kept}).double()")
    assert repr(ours) == repr(theirs)
    for training in (True, True, False):
        x, upstream = draws(shape, shape)
        same(*[step(lib, layer.train(training), x, upstream) for lib, layer in [(mg, ours), (torch, theirs)]])


def test_an_instance_is_normalized_whatever_else_is_in_the_batch():
    x = mg.tensor(draw(4, 3, 5))
    layer = nn.InstanceNorm1d(3)
    np.testing.assert_allclose(layer(x)[1:2], layer(x[1:2]), rtol=1e-12)
    np.testing.assert_allclose(layer(x * 7 + 2), layer(x), rtol=1e-4)  # contrast and brightness are gone, but for eps


@pytest.mark.parametrize("shape", [(0, 3, 4), (2, 0, 4), (2, 3, 0)], ids=str)
def test_instance_norm_of_nothing_is_nothing_and_leaves_the_statistics_as_they_are(shape):
    mean, var = mg.zeros(shape[1]), mg.ones(shape[1])
    assert F.instance_norm(mg.zeros(shape), mean, var).shape == shape
    assert mean.tolist() == [0] * shape[1] and var.tolist() == [1] * shape[1]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda x: F.instance_norm(x[0, 0]), r"instance_norm: x must be \(N, C\) or"),
        (lambda x: F.instance_norm(x[0]), r"instance_norm: expected more than 1 place in a channel, .* = \(3, 4\)"),
        (lambda x: F.instance_norm(x, weight=mg.ones(4)), r"instance_norm: weight must be \(3,\), .* got \(4,\)"),
        (lambda x: F.instance_norm(x, mg.ones(2), mg.ones(2)), r"instance_norm: running_mean must be \(3,\)"),
        (lambda x: F.instance_norm(x, mg.ones(3)), r"instance_norm: running_mean and running_var must both"),
        (lambda x: F.instance_norm(x, use_input_stats=False), r"instance_norm: without use_input_stats, running_mean"),
        (lambda x: F.instance_norm(x.long()), r"instance_norm: expected a floating-point x, got int64"),
        (lambda x: F.instance_norm(x.tolist()), r"instance_norm: .*list"),
        (lambda x: nn.InstanceNorm2d(3)(x[0]), r"InstanceNorm2d: expected \(C, H, W\) or \(N, C, H, W\), got \(3, 4\)"),
        (lambda x: nn.InstanceNorm1d(4, affine=True)(x), r"instance_norm: weight must be \(3,\), .* got \(4,\)"),
    ],
)
def test_instance_norm_refuses_what_does_not_fit(call, text):
    with pytest.raises((ValueError, TypeError, RuntimeError), match=text):
        call(mg.ones(2, 3, 4))
