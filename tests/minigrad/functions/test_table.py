"""The table of functions: methods, operators, PyTorch's promotion, comparisons, in-place forms, assignment."""

import operator

import numpy as np
import pytest

import minigrad as mg
from minigrad import functions
from tests.minigrad.parity import agrees_with_torch, draw, draws

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]
NUMBERS = {"a bool": True, "an int": 3, "a float": 2.5}
KINDS = [*((dtype, ndim) for dtype in DTYPES for ndim in (0, 1)), *NUMBERS]


# -- the table ---------------------------------------------------------------------------------------------------------


def test_every_function_is_public_and_a_method():
    for name, function in functions.TABLE.items():
        assert getattr(mg, name) is function
        assert callable(getattr(mg.ones(1), name))
        assert function.__doc__


def test_two_names_of_one_argument_are_refused():
    with pytest.raises(TypeError, match=r"^sum: of dim, axis, two are names of the same argument\.$"):
        mg.ones(2, 3).sum(dim=0, axis=1)


@pytest.mark.parametrize("name", ["sum", "mean", "all", "any", "argmax"])
def test_numpys_names_of_the_arguments_work(name):
    x = mg.tensor(draw(2, 3))
    by_torch = getattr(mg, name)(x, dim=1, keepdim=True)
    assert by_torch.shape == (2, 1)
    np.testing.assert_array_equal(getattr(mg, name)(x, axis=1, keepdims=True).array, by_torch.array)


@pytest.mark.parametrize("call", [
    "sum(x)", "mean(x)", "std(x)", "norm(x)", "max(x)", "max(x, 0)", "argmax(x)", "all(x)", "count_nonzero(x)",
    "cumsum(x, 0)", "softmax(x, 0)", "sort(x)", "unique(x)", "gather(x, 0, i)", "gather(i, 0, x)", "squeeze(x)",
    "unsqueeze(x, 0)", "split(x, 1)", "unbind(x)", "permute(x, 0)", "flip(x, 0)", "reshape(x, 1)", "tile(x, 2)",
    "sign(x)", "relu(x)",
])  # fmt: skip
def test_what_is_no_tensor_is_an_error_that_says_so(call):
    name = call.partition("(")[0]
    with pytest.raises(TypeError, match=f"^{name}: expected (a Tensor .mg.tensor.data. makes one.|Tensors), got "):
        eval(call, {name: getattr(mg, name), "x": [1.0, 2.0], "i": mg.tensor([0])})


def test_a_fault_of_the_librarys_own_is_not_blamed_on_the_argument(monkeypatch):
    monkeypatch.setattr("minigrad.functions.reduction._sum", lambda x, **settings: x.misspelt)
    with pytest.raises(AttributeError, match="misspelt"):
        mg.sum(mg.ones(2))


# -- promotion ---------------------------------------------------------------------------------------------------------


def operand(lib, kind):
    """A Python number, or a tensor of some dtype with or without axes."""
    if kind in NUMBERS:
        return NUMBERS[kind]
    dtype, ndim = kind
    return lib.ones((2,) * ndim, dtype=getattr(lib, dtype))


@pytest.mark.parametrize("left", KINDS, ids=str)
def test_result_types_are_torchs_with_every_other_operand(torch, left):
    for right in KINDS:
        theirs = torch.result_type(operand(torch, left), operand(torch, right))
        assert str(theirs) == f"torch.{mg.result_type(operand(mg, left), operand(mg, right))}", right


@pytest.mark.parametrize("name", ["add", "mul", "div"])
@pytest.mark.parametrize("left", [kind for kind in KINDS if kind not in NUMBERS], ids=str)
def test_results_have_torchs_dtype_with_every_other_operand(torch, name, left):
    for right in KINDS:
        theirs, ours = (getattr(lib, name)(operand(lib, left), operand(lib, right)).dtype for lib in (torch, mg))
        assert str(theirs) == f"torch.{ours}", right


def test_a_0d_result_is_promoted_like_a_0d_tensor():
    scalar = mg.tensor(2.0, dtype=mg.float64) * 1.0
    assert (mg.ones(2) * scalar).dtype == mg.float32
    assert (mg.tensor([1, 2]) * scalar).dtype == mg.float64


@pytest.mark.parametrize("number", [2, 2.5, True, np.float64(2.5), np.int64(2)], ids=lambda n: type(n).__name__)
@pytest.mark.parametrize("op", [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow])
def test_numbers_do_not_widen_float32(op, number):
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    out = op(x, number) + op(number, x)
    out.sum().backward()
    assert out.dtype == x.grad.dtype == mg.float32


@pytest.mark.parametrize("dtypes", [("float32", "float64"), ("float64", "float32"), ("float32", "int64")])
@pytest.mark.parametrize("name", ["add", "mul", "div", "matmul"])
def test_each_gradient_has_the_dtype_of_its_own_tensor(name, dtypes):
    x, y = (np.ones((2, 2), dtype) for dtype in dtypes)
    if name == "matmul" and "int64" not in dtypes:  # PyTorch does not multiply matrices of different dtypes
        x, y = mg.tensor(x, requires_grad=True), mg.tensor(y, requires_grad=True)
        (x @ y).sum().backward()
        assert (x.grad.dtype, y.grad.dtype) == dtypes
    elif name != "matmul":
        agrees_with_torch(lambda lib, x, y: getattr(lib, name)(x, y), x, y, rtol=1e-6)


# -- comparison and logic ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["eq", "ne", "lt", "le", "gt", "ge"])
@pytest.mark.parametrize("shapes", [((3,), (3,)), ((2, 3), (3,)), ((2, 1), (3,)), ((), (2,)), ((0,), (1,))])
def test_comparisons_are_torchs(name, shapes):
    x, y = (np.round(array) for array in draws(*shapes))
    agrees_with_torch(lambda lib, x, y: getattr(lib, name)(x, y), x, y)
    agrees_with_torch(lambda lib, x, y: getattr(operator, name)(x, y), x, y)
    agrees_with_torch(lambda lib, x: getattr(operator, name)(x, 1), x)
    agrees_with_torch(lambda lib, x: getattr(operator, name)(1.0, x), x)


def test_nan_equals_nothing():
    agrees_with_torch(lambda lib, x: [x == x, x != x, x < x, x >= x], np.array([np.nan, 1.0]))


def test_comparing_with_something_else_is_pythons_no():
    assert (mg.ones(2) == None) is False  # noqa: E711
    assert (mg.ones(2) != "abc") is True


def test_comparing_shapes_that_do_not_fit_names_both():
    with pytest.raises(mg.ShapeError, match=r"^eq: the shapes \(3,\) and \(2,\) do not broadcast"):
        mg.ones(3) == mg.ones(2)  # noqa: B015


@pytest.mark.parametrize("array", [np.array([True, False]), np.array([1, 2, 0]), np.array([1, 255], np.uint8)], ids=str)
def test_inversion_is_torchs_for_bools_and_integers(array):
    agrees_with_torch(lambda lib, x: [~x, lib.logical_not(x)], array)


def test_floats_are_not_inverted():
    with pytest.raises(mg.DtypeError, match=r"^bitwise_not: only bools and integers"):
        ~mg.ones(2)


@pytest.mark.parametrize("name", ["all", "any"])
@pytest.mark.parametrize("shape", [(), (2, 3), (0, 3), (2, 0)], ids=str)
def test_all_and_any_are_torchs(name, shape):
    array = draw(*shape) > 0
    agrees_with_torch(lambda lib, x: getattr(lib, name)(x), array)
    if shape:
        agrees_with_torch(lambda lib, x: [getattr(x, name)(dim) for dim in (0, 1, -1, (0, 1))], array)
        agrees_with_torch(lambda lib, x: getattr(x, name)(1, keepdim=True), array)


@pytest.mark.parametrize("dim", [None, 0, 1, -1])
@pytest.mark.parametrize("keepdim", [False, True])
def test_argmax_is_the_first_of_the_largest(dim, keepdim):
    agrees_with_torch(lambda lib, x: x.argmax(dim, keepdim), np.array([[1.0, 3.0, 3.0], [3.0, 0.0, -1.0]]))
    agrees_with_torch(lambda lib, x: x.argmax(dim), np.array([[1.0, np.nan, 3.0]]))


@pytest.mark.parametrize("dim", [0, -1])
def test_argmax_of_a_scalar_is_0(dim):
    agrees_with_torch(lambda lib, x: x.argmax(dim), np.array(2.0))


@pytest.mark.parametrize(("shape", "dim", "words"), [((0,), None, "no elements"), ((2, 0), 1, "no elements")])
def test_argmax_of_nothing_is_an_error(shape, dim, words):
    with pytest.raises(IndexError, match=f"^argmax: .*{words}"):
        mg.ones(shape).argmax(dim)


def test_argmax_names_an_axis_that_is_not_there():
    with pytest.raises(IndexError, match=r"^argmax: dim must lie in -2\.\.1, got 2"):
        mg.ones(2, 3).argmax(2)


# -- assignment --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("index", "values"),
    [
        (0, 5.0),
        (slice(1, 3), draw(2, 3, 2)),
        ([0, 2], draw(2)),
        ((0, slice(None), [1, 0, 1]), draw(3, 3)),  # an integer beside a list: PyTorch's shape, not NumPy's
        (np.arange(4) > 1, 7.0),
        ((..., 1), draw(3)),
    ],
    ids=str,
)
def test_assignment_to_an_index_is_torchs(torch, index, values):
    def as_index(lib, part):
        return lib.tensor(part) if isinstance(part, np.ndarray) else part

    ours, theirs = mg.tensor(draw(4, 3, 2)), torch.tensor(draw(4, 3, 2))
    for lib, x in ((mg, ours), (torch, theirs)):
        place = tuple(as_index(lib, part) for part in index) if isinstance(index, tuple) else as_index(lib, index)
        x[place] = lib.tensor(values, dtype=lib.float64)
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_assignment_refuses_graphs_and_explains_what_does_not_fit():
    with pytest.raises(RuntimeError, match=r"^setitem: .*being differentiated"):
        (mg.ones(2, requires_grad=True) * 1)[0] = 1.0
    with pytest.raises(IndexError, match=r"^setitem: index 5 is out of bounds.*shape \(2,\)"):
        mg.ones(2)[5] = 1.0
    with pytest.raises(mg.ShapeError, match=r"^setitem: .*shape \(2,\), the values \(3,\)"):
        mg.ones(2)[:] = mg.ones(3)
