"""Writing in place: every form has PyTorch's values, in its own memory; what a graph needs is not written over."""

import operator

import numpy as np
import pytest

import minigrad as mg
from minigrad.functions.table import METHODS, TABLE
from tests.minigrad.parity import agrees_with_torch, draws, for_every, inf_and_nan_without_warnings

pytestmark = inf_and_nan_without_warnings

DRAWN = {"bernoulli_"}
FORMS = sorted({name for name in METHODS if name.endswith("_") and name[0] != "_" and name[:-1] in TABLE} - DRAWN)
ONE_OPERAND = """
    add sub mul div pow floor_divide remainder fmod atan2 subtract multiply divide true_divide clamp_min clamp_max
    eq ne lt le gt ge not_equal less less_equal greater greater_equal logical_and logical_or logical_xor
    bitwise_and bitwise_or bitwise_xor
"""
OPERANDS = {  # as text; a form that is not here takes none
    **{f"{name}_": "y" for name in ONE_OPERAND.split()},
    **dict.fromkeys(("clamp_", "clip_", "addcmul_", "addcdiv_"), "y, z"),
    "lerp_": "y, 0.5",
    "masked_fill_": "y > 1.2, 0.5",
    "scatter_": "0, y.long() * 0, 2",
    "scatter_add_": "0, y.long() * 0, z",
    "index_add_": "0, (y.long() * 0).reshape(-1), z.reshape(-1)",
}
VALUES = [0.4, 1.2, 2.6], [1.5, 1.0, 2.0], [3.0, 1.1, 2.5]
each_form = pytest.mark.parametrize("name", FORMS)


def write(lib, name, x, y, z):
    """x, after the form `name` has written into it; None where it is refused."""
    x, y, z = lib.tensor(x), lib.tensor(y), lib.tensor(z)
    memory = x.numpy()
    try:
        result = eval(f"x.{name}({OPERANDS.get(name, '')})")
    except (RuntimeError, TypeError):
        return None
    assert result is x
    assert np.shares_memory(x.numpy(), memory)
    return x.numpy()


@each_form
@for_every(dtype=[np.float32, np.float64, np.int64, np.uint8, np.bool_], shape=[(3,), ()])
def test_every_form_writes_torchs_values_or_is_refused_as_there(torch, name, dtype, shape):
    x, y, z = (np.array(values, dtype)[: shape[0] if shape else 1].reshape(shape) for values in VALUES)
    expected = write(torch, name, x, y, z)
    actual = write(mg, name, x, y, z)
    if expected is None:  # what PyTorch has not written for some dtypes mostly works here
        assert actual is None or actual.dtype == dtype
    else:
        assert actual.dtype == expected.dtype == dtype
        np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=1e-7)


def test_an_edit_through_a_view_reaches_the_whole():
    x = mg.tensor([[1.0, 4.0], [9.0, 16.0]])
    x[1].sqrt_()
    x[:, 0].neg_()
    assert x.tolist() == [[-1.0, 4.0], [-3.0, 4.0]]


def test_an_operand_may_lie_in_the_same_memory():
    x = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert x.sub_(x.T).tolist() == [[0.0, -1.0], [1.0, 0.0]]
    assert x.add_(x[0]).tolist() == [[0.0, -2.0], [1.0, -1.0]]
    assert x.logical_not_().tolist() == [[1.0, 0.0], [0.0, 0.0]]


@each_form
def test_every_form_is_noted_and_leaves_graphs_alone(name):
    x, y, z = (mg.tensor(values) for values in VALUES)
    if name.startswith("bitwise"):
        return  # integers are in no graph
    call = eval(f"lambda x, y, z: x.{name}({OPERANDS.get(name, '')})")
    before = x._version
    call(x, y, z)
    assert x._version == before + 1
    leaf = mg.ones(3, requires_grad=True)
    for tensor, what in ((leaf, "a leaf that requires grad"), (leaf * 1, "part of a graph")):
        with pytest.raises(RuntimeError, match=rf"^{name}: this tensor \(shape \(3,\)\) is {what}"):
            call(tensor, y, z)
    with mg.no_grad():
        call(leaf, y, z)
    assert leaf.requires_grad


@pytest.mark.parametrize("name", ["fill_", "copy_"])
def test_what_is_no_number_or_tensor_is_not_written(name):
    with pytest.raises(TypeError, match=rf"^{name}: expected a tensor or a number, got 'a'"):
        getattr(mg.ones(2), name)("a")


@pytest.mark.parametrize("name", ["add_", "sub_", "mul_", "div_", "copy_"])
@pytest.mark.parametrize("shape", [(2, 3), (3,), (), (2, 1)], ids=str)
def test_in_place_methods_write_torchs_values_into_the_same_memory(name, shape):
    def run(lib, x, y):
        x, y = x.detach().clone(), y.detach()
        result = getattr(x, name)(y)
        assert result is x
        return x

    agrees_with_torch(run, *draws((2, 3), shape, low=0.5))


@pytest.mark.parametrize("name", ["iadd", "isub", "imul", "itruediv"])
def test_augmented_assignment_writes_into_a_tensor_outside_any_graph(name):
    x = mg.ones(3)
    memory = x.array
    assert getattr(operator, name)(x, mg.full((3,), 2.0)) is x
    assert x.array is memory


@pytest.mark.parametrize("name", ["iadd", "isub", "imul", "itruediv"])
def test_augmented_assignment_to_a_result_is_a_new_result(name):
    def run(lib, x, y):
        return getattr(operator, name)(x * 2, y)

    agrees_with_torch(run, *draws((2, 3), (3,), low=0.5))


def test_fill_and_zero_set_every_element():
    x = mg.ones(2, 2)
    assert x.fill_(3).tolist() == [[3.0, 3.0], [3.0, 3.0]]
    assert x.zero_().tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_in_place_refuses_graphs_dtypes_and_shapes_that_do_not_fit():
    leaf = mg.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"^add_: this tensor .* is a leaf that requires grad"):
        leaf.add_(1)
    with pytest.raises(RuntimeError, match=r"^mul_: this tensor .* is part of a graph"):
        (leaf * 1).mul_(2)
    with pytest.raises(RuntimeError, match=r"^add_: another operand requires grad"):
        mg.ones(2).add_(leaf)
    with pytest.raises(mg.DtypeError, match=r"^add_: a float32 result cannot be written into a int64 tensor"):
        mg.tensor([1, 2]).add_(0.5)
    with pytest.raises(mg.ShapeError, match=r"^add_: a result of shape \(2, 2\) does not fit in place of \(2,\)"):
        mg.ones(2).add_(mg.ones(2, 2))


def test_an_edit_is_noted():
    x = mg.ones(2)
    before = x._version
    x[0] = 2.0
    x.add_(1)
    x.zero_()
    assert x._version == before + 3
