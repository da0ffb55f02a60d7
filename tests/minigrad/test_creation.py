"""Making tensors: values, dtypes and shapes are PyTorch's, memory is copied or shared as promised."""

import numpy as np
import pytest

import minigrad as mg
from tests.minigrad.parity import agrees_with_torch

DTYPES = ["bool", "uint8", "int32", "int64", "float16", "float32", "float64"]


@pytest.mark.parametrize(
    "data",
    [
        1,
        2.5,
        True,
        [1, 2],
        [1, 2.5],
        [True, False],
        [[1.0, 2.0], [3.0, 4.0]],
        (1, (2)),
        [],
        [[]],
        np.ones(2),
        np.ones(()),
    ]
    + [np.ones(2, dtype) for dtype in DTYPES],
    ids=repr,
)
def test_tensor_reads_data_as_torch_does(data):
    agrees_with_torch(lambda lib: [lib.tensor(data), lib.as_tensor(data)])


@pytest.mark.parametrize("dtype", DTYPES)
def test_tensor_converts_to_a_dtype_that_is_asked_for(dtype):
    agrees_with_torch(lambda lib: lib.tensor([0, 1, 2], dtype=getattr(lib, dtype)))
    agrees_with_torch(lambda lib: lib.as_tensor([0, 1, 2], dtype=getattr(lib, dtype)))


def test_lists_may_hold_tensors():
    agrees_with_torch(lambda lib: lib.tensor([lib.tensor(1.0), 2, lib.tensor(3)]))
    agrees_with_torch(lambda lib: lib.tensor([[lib.tensor(1.0), lib.tensor(2.0)], [3.0, 4.0]]))


def test_tensor_copies_and_as_tensor_and_from_numpy_share():
    array = np.ones(2)
    assert not np.shares_memory(mg.tensor(array).array, array)
    assert mg.as_tensor(array).array is mg.from_numpy(array).array is array


def test_tensor_of_a_tensor_leaves_its_graph_behind():
    x = mg.ones(2, requires_grad=True)
    copy = mg.tensor(x * 2)
    assert (copy.is_leaf, copy.requires_grad, copy.tolist()) == (True, False, [2.0, 2.0])
    assert mg.as_tensor(x) is x


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        ("abc", mg.DtypeError, r"tensor: expected numbers, got str"),
        (None, mg.DtypeError, r"tensor: expected numbers, got NoneType"),
        ([1j], mg.DtypeError, r"tensor: expected numbers, got list"),
        ([[1, 2], [3]], mg.ShapeError, r"tensor: the rows of nested lists must be equally long"),
    ],
)
def test_what_is_not_numbers_is_refused(data, error, words):
    for make in (mg.tensor, mg.as_tensor):
        with pytest.raises(error, match=f"^{words}"):
            make(data)


def test_from_numpy_takes_only_arrays():
    with pytest.raises(TypeError, match=r"^from_numpy: expected a NumPy array, got list"):
        mg.from_numpy([1])
    with pytest.raises(TypeError, match="expected numbers"):
        mg.from_numpy(np.array(["a"]))


@pytest.mark.parametrize("make", [mg.from_numpy, mg.as_tensor, mg.tensor])
def test_a_kind_of_array_with_arithmetic_of_its_own_becomes_a_plain_one(make):
    x = make(np.ma.array([1.0, 2.0], mask=[False, True]))
    assert type(x.array) is np.ndarray and (x * x).tolist() == [1.0, 4.0]


def test_only_floats_can_require_grad():
    assert mg.tensor([1.0], requires_grad=True).requires_grad
    with pytest.raises(mg.DtypeError, match="only floating-point tensors have gradients"):
        mg.tensor([1], requires_grad=True)


@pytest.mark.parametrize("name", ["zeros", "ones"])
@pytest.mark.parametrize("size", [(), (2,), (2, 3), (0, 3)])
def test_filled_tensors_are_torchs_for_sizes_in_either_form(name, size):
    agrees_with_torch(lambda lib: [getattr(lib, name)(size), getattr(lib, name)(*(size or ((),)))])
    agrees_with_torch(lambda lib: getattr(lib, name)(size, dtype=lib.int64))


@pytest.mark.parametrize("value", [3, 2.5, True])
def test_full_takes_the_dtype_of_its_value(value):
    agrees_with_torch(lambda lib: [lib.full((2, 3), value), lib.full((2,), value, dtype=lib.float64)])


@pytest.mark.parametrize("size", [(3,), (2, 3), (3, 2), (0,)])
def test_eye_is_torchs(size):
    agrees_with_torch(lambda lib: lib.eye(*size))


@pytest.mark.parametrize("bounds", [(5,), (2, 5), (5, 0, -2), (2.0,), (0, 1, 0.25), (1, 4.0), (0,), (1.5, 4)])
def test_arange_is_torchs(bounds):
    agrees_with_torch(lambda lib: [lib.arange(*bounds), lib.arange(*bounds, dtype=lib.float64)])


@pytest.mark.parametrize("bounds", [(), (1, 2, 0), (1, 2, 3, 4)])
def test_arange_refuses_a_step_of_0_and_a_wrong_number_of_bounds(bounds):
    with pytest.raises(ValueError, match=r"^arange: expected end"):
        mg.arange(*bounds)


@pytest.mark.parametrize("steps", [0, 1, 5])
def test_linspace_is_torchs(steps):
    agrees_with_torch(lambda lib: lib.linspace(-1, 2, steps), rtol=1e-6)
    agrees_with_torch(lambda lib: lib.linspace(-1, 2, steps=steps, dtype=lib.float64))


@pytest.mark.parametrize("name", ["zeros", "ones", "rand", "randn"])
def test_no_dtype_is_float32(name):
    assert getattr(mg, name)(2).dtype == getattr(mg, name)(2, dtype=None).dtype == mg.float32
    assert mg.eye(2, dtype=None).dtype == mg.linspace(0, 1, 2, dtype=None).dtype == mg.float32


@pytest.mark.parametrize("name", ["zeros", "ones", "rand", "randn"])
def test_a_negative_length_is_refused(name):
    with pytest.raises(mg.ShapeError, match=r"no negative lengths, got \(2, -1\)"):
        getattr(mg, name)(2, -1)


@pytest.mark.parametrize("name", ["rand", "randn"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_random_tensors_have_shape_and_dtype_and_come_back_with_the_seed(name, dtype):
    make = getattr(mg, name)
    mg.manual_seed(5)
    first = make(3, 4, dtype=dtype, requires_grad=True)
    mg.manual_seed(5)
    again = make((3, 4), dtype=dtype)
    assert (first.shape, first.dtype, first.requires_grad) == ((3, 4), dtype, True)
    np.testing.assert_array_equal(first.detach().numpy(), again.numpy())


def test_random_numbers_have_their_distribution():
    mg.manual_seed(0)
    uniform, normal = mg.rand(20_000).numpy(), mg.randn(20_000).numpy()
    assert uniform.min() >= 0 and uniform.max() < 1
    assert abs(uniform.mean() - 0.5) < 0.01 and abs(uniform.var() - 1 / 12) < 0.002
    assert abs(normal.mean()) < 0.02 and abs(normal.var() - 1) < 0.03


def test_randint_takes_its_bounds_as_torch_does():
    for x in (mg.randint(3, (1000,)), mg.randint(0, 3, (1000,)), mg.randint(3, size=(1000,))):
        assert (x.shape, x.dtype, set(x.tolist())) == ((1000,), mg.int64, {0, 1, 2})
    assert set(mg.randint(-2, 0, size=(10, 10), dtype=mg.int32).numpy().flat) == {-2, -1}
    with pytest.raises(ValueError, match=r"^randint: low must be less than high, got 5 and 5"):
        mg.randint(5, 5, (2,))


def test_randperm_is_a_permutation():
    x = mg.randperm(50)
    assert x.dtype == mg.int64 and sorted(x.tolist()) == list(range(50)) != x.tolist()


@pytest.mark.parametrize("name", ["zeros_like", "ones_like", "full_like", "rand_like", "randn_like"])
def test_the_like_forms_take_shape_and_dtype_from_a_tensor(name):
    make = getattr(mg, name)
    value = (2.0,) if name == "full_like" else ()
    x = mg.ones(2, 3, dtype=mg.float64, requires_grad=True)
    out = make(x, *value)
    assert (out.shape, out.dtype, out.device, out.requires_grad) == (x.shape, x.dtype, x.device, False)
    assert make(x, *value, dtype=mg.float16).dtype == mg.float16
    assert make(x, *value, device="cpu", requires_grad=True).requires_grad


def test_the_like_forms_have_their_values():
    x = mg.ones(2)
    values = mg.zeros_like(x).tolist(), mg.ones_like(x).tolist(), mg.full_like(x, 2).tolist()
    assert values == ([0.0, 0.0], [1.0, 1.0], [2.0, 2.0])
    assert set(mg.rand_like(mg.ones(100)).tolist()).isdisjoint(mg.randn_like(mg.ones(100)).tolist())
