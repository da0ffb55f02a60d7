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
        ("abc", mg.DtypeError, r"expected numbers, got str"),
        (None, mg.DtypeError, r"expected numbers, got NoneType"),
        ([1j], mg.DtypeError, r"expected numbers, got list"),
        ([[1, 2], [3]], mg.ShapeError, r"the rows of nested lists must be equally long"),
    ],
)
def test_what_is_not_numbers_is_refused(data, error, words):
    for make in (mg.tensor, mg.as_tensor):
        with pytest.raises(error, match=f"^{make.__name__}: {words}"):
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


def test_a_number_is_read_as_exactly_as_the_dtype_asked_for_can_hold_it():
    for make in (
        lambda lib: lib.tensor(0.1, dtype=lib.float64),
        lambda lib: lib.as_tensor([0.1, 1], dtype=lib.float64),
        lambda lib: lib.full((2,), 0.1, dtype=lib.float64),
        lambda lib: lib.ones(2, dtype=lib.float64).new_tensor([0.1]),
        lambda lib: lib.linspace(-0.1, 0.7, 5, dtype=lib.float64),
        lambda lib: lib.arange(0.1, 0.8, 0.1, dtype=lib.float64),
        lambda lib: lib.zeros(2, dtype=lib.float64).fill_(0.1),
        lambda lib: lib.tensor([2**40 + 1, 0]),
    ):
        agrees_with_torch(make, rtol=1e-15, atol=0)


@pytest.mark.parametrize(
    "make",
    [
        lambda lib: lib.tensor([lib.tensor(1.0, dtype=lib.float64), 2]),
        lambda lib: lib.tensor([lib.tensor(1, dtype=lib.int32), 2.5]),
        lambda lib: lib.tensor([1, lib.tensor(2, dtype=lib.uint8)]),
        lambda lib: lib.tensor([np.float64(1), 2.0]),
        lambda lib: lib.tensor([np.int32(1)]),
        lambda lib: lib.tensor([True, 2]),
        lambda lib: lib.tensor([True, 2.5]),
        lambda lib: lib.tensor(range(3)),
    ],
)
def test_a_list_has_the_widest_dtype_of_what_is_in_it(make):
    agrees_with_torch(make)


def test_a_list_of_arrays_is_stacked():
    assert mg.tensor([np.ones(2), np.zeros(2)]).tolist() == [[1.0, 1.0], [0.0, 0.0]]
    assert mg.tensor([mg.ones(2), mg.zeros(2)]).dtype == mg.float32


def test_an_integer_that_does_not_fit_is_refused():
    with pytest.raises(OverflowError, match=r"^tensor: a number does not fit in int64"):
        mg.tensor([2**63])


@pytest.mark.parametrize(
    "call",
    [
        "zeros(size=(2, 3))",
        "ones(size=[2])",
        "zeros(lib.tensor(2))",
        "zeros([lib.tensor(2), 3])",
        "zeros(2, dtype=float)",
        "ones(2, dtype=int)",
        "ones(2, dtype=bool)",
        "full(size=(2,), fill_value=1.5)",
        "full((2,), lib.tensor(3))",
        "eye(n=2, m=3)",
        "arange(end=5)",
        "arange(start=1, end=5)",
        "arange(1, end=5)",
        "arange(1, 5, step=2)",
        "arange(lib.tensor(3))",
        "arange(3, dtype=lib.float16)",
        "linspace(start=0, end=1, steps=3)",
        "linspace(5, -3, 4, dtype=lib.int64)",
        "logspace(0, 3, 4, base=2.0)",
        "logspace(0, 2, 3, dtype=lib.float64)",
        "zeros_like(lib.ones(2, dtype=lib.int32))",
        "full_like(lib.ones(2, dtype=lib.float64), 3)",
        "full_like(lib.ones(2), fill_value=3, dtype=lib.int64)",
        "ones(2, dtype=lib.float64).new_zeros(3)",
        "ones(2).new_zeros(size=(2,), dtype=lib.int64)",
        "ones(2, dtype=lib.int64).new_full((2,), 3.5)",
        "ones(2).new_tensor(np.ones(2))",
        "ones(2, dtype=lib.float64).new_ones(2, 3)",
        "Tensor([1, 2, 3])",
        "Tensor([[True, False]])",
        "Tensor((2, 3))",
        "Tensor()",
        "tensor(lib.pi)",
        "tensor([lib.inf, lib.nan, lib.e])",
        "normal(lib.tensor([1.0, 2.0]), 0.0)",
        "bernoulli(lib.ones(3))",
    ],
)
def test_arguments_are_torchs(call):
    agrees_with_torch(lambda lib: eval(f"lib.{call}", {"lib": lib, "np": np}), rtol=1e-6)


def test_sizes_give_a_tensor_to_fill_as_in_torch():
    assert mg.Tensor(2, 3).shape == mg.empty(2, 3).shape == mg.empty_like(mg.ones(2, 3)).shape == (2, 3)
    assert mg.Tensor(5).shape == (5,) and mg.Tensor(2, 3, 4).shape == mg.ones(1).new_empty(2, 3, 4).shape == (2, 3, 4)
    assert mg.Tensor(2, 3).dtype == mg.float32


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: mg.zeros(), TypeError, "zeros: expected a size"),
        (lambda: mg.zeros(2.5), TypeError, "zeros: a size is made of whole numbers, got 2.5"),
        (lambda: mg.ones((2, "a")), TypeError, "ones: a size is made of whole numbers"),
        (lambda: mg.eye(-1), ValueError, "eye: a shape has no negative lengths"),
        (lambda: mg.full((2,), [1, 2]), ValueError, r"full: expected one number, got shape \(2,\)"),
        (lambda: mg.full((2,), "a"), TypeError, "full: expected numbers, got str"),
        (lambda: mg.arange(5, 0), ValueError, "arange: expected end, and a step that leads to it from start, got 5, 0"),
        (lambda: mg.arange(start=2), ValueError, "arange: expected end"),
        (lambda: mg.arange(mg.inf), ValueError, "arange: expected end, and a step .*, got 0, inf by 1"),
        (lambda: mg.arange(mg.nan), ValueError, "arange: expected end, and a step .*, got 0, nan by 1"),
        (lambda: mg.linspace(0, 1, -1), ValueError, "linspace: a shape has no negative lengths"),
        (lambda: mg.rand(2, dtype=mg.int64), TypeError, "rand: random fractions need a floating-point dtype"),
        (lambda: mg.randint(3), TypeError, "randint: expected randint"),
        (lambda: mg.randperm(-1), ValueError, "randperm: a shape has no negative"),
        (lambda: mg.normal(0.0, -1.0, (2,)), ValueError, "normal: a standard deviation is not negative, got -1.0"),
        (lambda: mg.normal(mg.ones(2), mg.ones(3)), ValueError, "normal: mean .* do not fit"),
        (lambda: mg.zeros_like([1]), TypeError, "zeros_like: expected a Tensor, got list"),
        (lambda: mg.ones(2, dtype="complex64"), TypeError, "dtype: expected one for numbers"),
        (lambda: mg.ones(2, dtype="flaot32"), TypeError, "dtype: expected one for numbers, such as mg.float32"),
        (lambda: mg.Tensor(2.5), TypeError, "Tensor: expected sizes, or equally long lists of numbers, got 2.5"),
        (lambda: mg.Tensor([[1, 2], [3]]), TypeError, "Tensor: expected sizes, or equally long lists"),
        (lambda: mg.Tensor(2, -1), ValueError, "Tensor: a size is made of whole numbers from 0 on"),
        (lambda: mg.from_dlpack([1]), TypeError, "from_dlpack: expected something with __dlpack__, got list"),
    ],
)
def test_bad_arguments_are_named(make, error, words):
    with pytest.raises(error, match=f"^{words}"):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: mg.rand(5, generator=seed),
        lambda seed: mg.randn(5, generator=seed),
        lambda seed: mg.randint(0, 1000, (5,), generator=seed),
        lambda seed: mg.randint(low=0, high=1000, size=(5,), generator=seed),
        lambda seed: mg.randperm(50, generator=seed),
        lambda seed: mg.normal(0.0, 1.0, (5,), generator=seed),
        lambda seed: mg.rand_like(mg.ones(5), generator=seed),
        lambda seed: mg.randint_like(mg.ones(5), 1000, generator=seed),
    ],
)
def test_a_generator_of_ones_own_repeats_itself_and_leaves_the_librarys_alone(make):
    mg.manual_seed(0)
    untouched = mg.rand(3).tolist()
    mg.manual_seed(0)
    first, again, other = make(1).tolist(), make(1).tolist(), make(2).tolist()
    assert first == again != other
    assert mg.rand(3).tolist() == untouched


def test_normal_takes_a_mean_and_a_deviation_for_each_element():
    mean, std = mg.tensor([0.0, 100.0]), mg.tensor([1.0, 0.0])
    assert mg.normal(mean, std).shape == (2,) and mg.normal(mean, std)[1].item() == 100.0
    assert abs(mg.normal(3.0, 2.0, (20_000,)).numpy().std() - 2) < 0.05


def test_the_default_dtype_is_what_floats_become(torch):
    try:
        for lib in (mg, torch):
            lib.set_default_dtype(lib.float64)
        for call in ("tensor(0.1)", "zeros(2)", "arange(2.0)", "rand(2)", "tensor([1, 2]) * 1.5", "tensor([1, 2]) / 2"):
            ours, theirs = (eval(f"(lib.{call}).dtype", {"lib": lib}) for lib in (mg, torch))
            assert f"torch.{ours}" == str(theirs), call
        assert repr(mg.ones(1)) == "tensor([1.])" and mg.get_default_dtype() == mg.float64
    finally:
        for lib in (mg, torch):
            lib.set_default_dtype(lib.float32)
    with pytest.raises(mg.DtypeError, match=r"^set_default_dtype: expected a floating-point type"):
        mg.set_default_dtype(mg.int64)


# -- exchange ----------------------------------------------------------------------------------------------------------


def test_memory_is_exchanged_with_numpy_and_torch_both_ways(torch):
    x = mg.ones(2, 3)
    for theirs in (np.from_dlpack(x), torch.from_dlpack(x)):
        x[0, 0] += 1
        assert theirs[0, 0] == x[0, 0].item()
    for theirs in (np.ones(3), torch.ones(3), torch.arange(6).reshape(2, 3).T, torch.tensor([True, False])):
        ours = mg.from_dlpack(theirs)
        assert ours.shape == tuple(theirs.shape) and str(theirs.dtype).endswith(str(ours.dtype))
        theirs[0] = 5
        assert ours[0].tolist() == theirs[0].tolist()
    assert np.shares_memory(mg.from_dlpack(x).array, x.array)


def test_a_graph_is_not_exchanged():
    with pytest.raises(BufferError, match=r"^dlpack: this tensor requires grad.*detach"):
        np.from_dlpack(mg.ones(2, requires_grad=True))
    assert mg.ones(2).__dlpack_device__() == (1, 0)


def test_memory_that_must_not_be_written_to_is_shared_but_stays_so():
    array = np.ones(2)
    array.flags.writeable = False
    ours = mg.from_dlpack(array)
    assert np.shares_memory(ours.array, array)
    with pytest.raises(RuntimeError, match=r"^fill_: .*must not be written to"):
        ours.fill_(2)
