"""Every public function of tensors, given what is none, and arguments that it does not have: one error, by its name."""

import inspect

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn

OTHERS = {  # what fits their other parameters
    "dim0": 0, "dim1": 1, "axis0": 0, "axis1": 1, "dims": (0,), "source": 0, "destination": 0, "max": 1, "shape": (2,),
    "size": (2,), "sizes": (2,), "index": 0, "start": 0, "length": 1, "chunks": 2, "shifts": 1, "repeats": 2,
    "other": 1, "y": 1, "exponent": 2, "end": 1, "weight": 0.5, "value": 1, "k": 1, "q": 0.5, "num_samples": 1,
    "pad": (1, 1), "kernel_size": 2, "output_size": 2, "num_groups": 1, "normalized_shape": (2,), "fill_value": 1,
}  # fmt: skip
TENSORS = ("Tensor", "Array", "Sequence[Tensor]")
BACKENDS = {"result_type"}  # asked before there are Tensors


def functions():
    """Each whose first parameter is a tensor."""
    for where in (mg, F):
        for name, function in inspect.getmembers(where, inspect.isfunction):
            first = next(iter(inspect.signature(function).parameters.values()), None)
            if first is not None and first.annotation in TENSORS and name not in BACKENDS:
                yield pytest.param(name, function, id=f"{where.__name__.rpartition('.')[2]}.{name}")


@pytest.mark.parametrize(("name", "function"), list(functions()))
@pytest.mark.parametrize("bad", [None, [1.0, 2.0], "abc"], ids=str)
def test_what_is_no_tensor_is_one_error_in_the_name_that_was_called(name, function, bad):
    args, settings = [], {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL or parameter.default is parameter.empty:
            if parameter.kind is not parameter.VAR_KEYWORD:
                args.append(bad if parameter.annotation in TENSORS else OTHERS.get(parameter.name, 0))
        elif parameter.name in ("dim", "min"):
            settings[parameter.name] = 0
    with pytest.raises(TypeError, match=rf"^{name}: .*(expected|must be|Got) "):
        function(*args, **settings)


def table():
    return sorted(name for name, function in mg.functions.TABLE.items() if inspect.isfunction(function))


@pytest.mark.parametrize("name", table())
def test_a_misspelt_argument_is_named_as_python_would(name):
    function = mg.functions.TABLE[name]
    with pytest.raises(TypeError, match="misspelt") as caught:
        function(mg.ones(2, 2), mg.ones(2, 2), misspelt=1)
    assert type(caught.value) is TypeError
    assert "forward" not in str(caught.value)
    assert "<locals>" not in str(caught.value)


def test_too_many_and_too_few_arguments_are_told_in_the_functions_name():
    x = mg.ones(2)
    with pytest.raises(TypeError, match=r"^exp\(\) takes 1 positional argument but 2 were given$"):
        mg.exp(x, x)
    with pytest.raises(TypeError, match=r"^mul\(\) missing 1 required positional argument"):
        mg.mul(x)
    with pytest.raises(TypeError, match=r"^exp: expected at least one Tensor, got nothing\.$"):
        mg.exp()


@pytest.mark.parametrize(("call", "words"), [
    (lambda x: F.relu6(x.bool()), "relu6: expected a floating-point tensor, got bool."),
    (lambda x: F.hardswish("a"), "hardswish: input must be a Tensor, got 'a'."),
    (lambda x: F.celu(None), "celu: input must be a Tensor, got None."),
    (lambda x: F.max_pool1d(x, 9), "max_pool1d: a window of kernel_size"),
    (lambda x: nn.MaxPool1d(9)(x), "MaxPool1d: max_pool1d: a window of kernel_size"),
    (lambda x: nn.AvgPool1d(9)(x), "AvgPool1d: avg_pool1d: a window of kernel_size"),
    (lambda x: F.adaptive_avg_pool1d(x, -1), "adaptive_avg_pool1d: output_size must be at least 0"),
    (lambda x: mg.clone(None), "clone: input must be a Tensor, got None."),
    (lambda x: mg.full_like(x), "full_like() missing 1 required positional argument: 'fill_value'"),
    (lambda x: x.new_zeros("a"), "new_zeros: a size is made of whole numbers"),
    (lambda x: x.add_("a"), "add_: expected tensors and numbers"),
    (lambda x: x.clamp_min(None), "clamp_min: at least one of min and max must be given."),
    (lambda x: x.multiply("a"), "multiply: expected tensors and numbers"),
    (lambda x: x.swapdims(0, 5), "swapdims: dim must lie in -2..1, got 5."),
    (lambda x: x.argsort(5), "argsort: dim must lie in -2..1, got 5."),
    (lambda x: x.tile(-1), "tile: expected a count >= 0 for each axis"),
    (lambda x: x.var_mean(5), "var_mean: dim must lie in -2..1, got 5."),
    (lambda x: x.sum(dtype="float33"), "sum: expected a dtype, such as mg.float64"),
    (lambda x: x.reshape_as(mg.ones(3)), "reshape_as: expected sizes with the product 4"),
    (lambda x: F.mse_loss(x, x, weight=mg.ones(3)), "mse_loss: the shapes do not broadcast"),
    (lambda x: nn.init.xavier_normal_(x, -1), "xavier_normal_: std must be >= 0"),
    (lambda x: mg.zeros(2, dtype="float33"), "dtype: expected one for numbers"),  # of an argument, not of a function
], ids=lambda part: part if isinstance(part, str) else None)  # fmt: skip
def test_an_error_has_the_name_that_was_called_not_that_of_what_was_called_inside(call, words):
    with pytest.raises((TypeError, ValueError, IndexError)) as caught:
        call(mg.ones(2, 2))
    assert str(caught.value).startswith(words)


def test_none_is_no_number_in_a_product():
    for product in (lambda x: x @ None, lambda x: None @ x):
        with pytest.raises(TypeError, match=r"^matmul: expected Tensors, got "):
            product(mg.ones(2, 2))


@pytest.mark.parametrize("layer", [
    nn.Flatten(), nn.Unflatten(0, (1, 2)), nn.BatchNorm1d(2), nn.Dropout(), nn.Dropout2d(), nn.GroupNorm(1, 2),
], ids=lambda layer: type(layer).__name__)  # fmt: skip
def test_a_layer_names_itself_and_says_where_none_comes_from(layer):
    with pytest.raises(TypeError, match=r"^layer: \w+: expected Tensors, got None\. A function, such"):
        layer(None)


def test_a_network_is_no_list_of_parameters():
    net = nn.Linear(2, 2)
    for given in (net, nn.Sequential(net), net.parameters):
        with pytest.raises(
            TypeError, match=r"^clip_grad_norm_: expected parameters, such as net\.parameters\(\), got a "
        ):
            nn.utils.clip_grad_norm_(given, 1.0)


def test_a_loss_that_is_none_has_no_gradient():
    x = mg.ones(2, requires_grad=True)
    with pytest.raises(TypeError, match=r"^autograd: outputs must be Tensors, got NoneType\.$"):
        mg.autograd.grad(None, x)
    with pytest.raises(TypeError, match=r"^autograd: inputs must be Tensors, got NoneType\.$"):
        mg.autograd.grad(x.sum(), None)


def test_methods_and_settings_that_are_no_tensor_say_so_too():
    x = mg.ones(2, 2)
    for method in (x.view_as, x.expand_as, x.type_as):
        with pytest.raises(TypeError, match=rf"^{method.__name__}: expected Tensors, got None"):
            method(None)
    with pytest.raises(TypeError, match=r"^masked_fill_: expected a tensor or a number, got 'a'\.$"):
        x.masked_fill_(x > 0, "a")
    for method in (x.size, x.stride):
        with pytest.raises(TypeError, match=rf"^{method.__name__}: dim must be an int, got 'a'\.$"):
            method("a")
        with pytest.raises(IndexError, match=rf"^{method.__name__}: dim must lie in -2\.\.1, got 2\.$"):
            method(2)
    for nothing in (None, {}):
        with pytest.raises(TypeError, match=r"^Tensor: expected sizes, or equally long lists of numbers, got "):
            mg.Tensor(nothing)


def test_a_seed_that_is_none_is_named():
    for draw in (mg.manual_seed, mg.Generator().manual_seed):
        with pytest.raises(TypeError, match=r"^manual_seed: a seed is a whole number, at least 0, got 'a'\.$"):
            draw("a")
    with pytest.raises(ValueError, match=r"^generator: a seed is a whole number, at least 0, got -1\.$"):
        mg.randperm(3, generator=-1)


def test_an_array_is_as_good_as_a_tensor():
    probabilities, sequence = np.array([[0.5, 0.75]], np.float32), np.ones((1, 4), np.float32)
    kernel = mg.ones(1, 1, 3)
    losses = [
        F.binary_cross_entropy(given, probabilities).item() for given in (probabilities, mg.tensor(probabilities))
    ]
    assert losses[0] == losses[1] > 0
    assert F.conv1d(sequence, kernel).tolist() == F.conv1d(mg.tensor(sequence), kernel).tolist() == [[3.0, 3.0]]
