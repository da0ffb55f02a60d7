"""PyTorch's arguments of the reductions: overloads, other names, dtypes, and what is refused."""

import numpy as np
import pytest

import minigrad as mg
from tests.minigrad.parity import agrees_with_torch, draw, inf_and_nan_without_warnings

pytestmark = inf_and_nan_without_warnings

X = draw(2, 3, 4)
INTEGERS = np.array([[3, 1, 0], [2, 5, 5]])

CALLS = [
    "lib.amax(x)",
    "lib.amin(x, (0, -1), True)",
    "x.amax(dim=[])",
    "x.prod(1, True)",
    "lib.prod(x, dim=-1, keepdim=False, dtype=lib.float32)",
    "x.sum((0, 1), dtype=lib.float32)",
    "x.argmin()",
    "x.argmin(1, keepdim=True)",
    "lib.argmax(x, dim=None, keepdim=True)",
    "x.var(False)",
    "x.std(True)",
    "x.std(unbiased=False)",
    "x.var(0, False, True)",
    "x.var((0, 1), unbiased=True)",
    "x.var(dim=1, correction=2, keepdim=True)",
    "x.std((0, 2), correction=0.5)",
    "x.var(None, correction=0)",
    "x.var(keepdim=True)",
    "lib.var_mean(x)",
    "lib.var_mean(x, 1, correction=0)",
    "lib.var_mean(x, False)",
    "lib.std_mean(x, (0, 1), keepdim=True)",
    "lib.std_mean(x, 0, False, True)",
    "x.logsumexp([0, 1], True)",
    "lib.logsumexp(x, dim=-1, keepdim=True)",
    "lib.norm(x)",
    "lib.norm(x, keepdim=True)",
    "lib.norm(x, 1, dim=0)",
    "x.norm(p=float('inf'), dim=(1, 2), keepdim=True)",
    "x.norm('fro', 0)",
    "x.norm(None)",
    "x.float().norm(dtype=lib.float64)",
    "x.count_nonzero()",
    "lib.count_nonzero(x, dim=(0, 2))",
    "x.all(1, True)",
    "x.any(dim=(0, 1), keepdim=True)",
    "lib.softmax(x, dim=1)",
    "x.float().softmax(-1, dtype=lib.float64)",
    "lib.log_softmax(x, 0, dtype=lib.float32)",
    "x.cumsum(dim=1, dtype=lib.float32)",
    "lib.cumprod(x, dim=1)",
]


def call_of(text):
    return eval(f"lambda lib, x: {text}")


@pytest.mark.parametrize("text", CALLS)
def test_called_as_in_pytorch(text):
    agrees_with_torch(call_of(text), X, rtol=1e-5 if "float32" in text else 1e-9, atol=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "x.sum(dtype=lib.int32)",
        "x.sum(0, dtype=lib.bool)",
        "x.sum(dtype=lib.float16)",
        "x.mean(dtype=lib.float32)",
        "x.prod()",
        "x.prod(0, dtype=lib.int32)",
        "x.cumsum(0)",
        "x.cumsum(0, dtype=lib.int32)",
        "x.cumprod(1)",
        "x.amax(0)",
        "x.argmin(1)",
        "x.logsumexp(1)",
        "x.softmax(0, dtype=lib.float64)",
        "x.count_nonzero(0)",
    ],
)
@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8])
def test_integers_give_torchs_values_and_dtypes(text, dtype):
    agrees_with_torch(call_of(text), INTEGERS.astype(dtype), rtol=1e-6)


@pytest.mark.parametrize("name", ["amax", "amin", "argmax", "argmin", "prod", "var", "std", "logsumexp", "norm"])
def test_numpys_names_of_the_arguments_work(name):
    x = mg.tensor(X)
    by_torch = getattr(x, name)(dim=1, keepdim=True)
    assert by_torch.shape == (2, 1, 4)
    np.testing.assert_array_equal(getattr(x, name)(axis=1, keepdims=True).array, by_torch.array)


@pytest.mark.parametrize("text", ["x.norm()", "x.var()", "x.std(0)"])
def test_float16_does_not_overflow_where_its_result_does_not(text):
    x = (300 * draw(50)).astype(np.float16)
    agrees_with_torch(call_of(text), x if "var" not in text else x / np.float16(4), rtol=2e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda x: x.var(0, True, correction=0), TypeError, r"^var: give either unbiased or correction"),
        (lambda x: x.long().std(), mg.DtypeError, r"^std: expected a floating-point tensor, got int64"),
        (lambda x: x.long().softmax(0), mg.DtypeError, r"^softmax: expected a floating-point tensor, got int64"),
        (lambda x: x.long().norm(), mg.DtypeError, r"^norm: expected a floating-point tensor, got int64"),
        (lambda x: x.norm("nuc"), ValueError, r"^norm: p must be .* got 'nuc'"),
        (lambda x: x.norm("inf"), ValueError, r"^norm: p must be a number, .* got 'inf'"),
        (lambda x: x.softmax(None), TypeError, r"^softmax: dim must be one int, got None"),
        (lambda x: x.prod((0, 1)), TypeError, r"^prod: dim must be one int, got \(0, 1\)"),
        (lambda x: x.argmin((0, 1)), TypeError, r"^argmin: dim must be one int"),
        (lambda x: x.cumsum(2), IndexError, r"^cumsum: dim must lie in -2\.\.1, got 2"),
        (lambda x: x.softmax(-3), IndexError, r"^softmax: dim must lie in -2\.\.1, got -3"),
        (lambda x: x[:0].amax(), IndexError, r"^amax: of no elements there is none .*\(0, 3\)"),
        (lambda x: x[:0].amin((0, 1)), IndexError, r"^amin: of no elements"),
        (lambda x: x[:0].argmin(0), IndexError, r"^argmin: of no elements"),
        (lambda x: x[:0].norm(mg.inf), IndexError, r"^norm: of no elements"),
        (lambda x: x[:0].norm(-1, 0), IndexError, r"^norm: of no elements"),
    ],
)
def test_what_is_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call(mg.ones(2, 3))


@pytest.mark.parametrize("text", ["x.nansum()", "lib.nansum(x, 1, True)", "x.nansum(dim=(0, 1), dtype=lib.float64)"])
def test_a_sum_of_what_is_not_nan(text):
    agrees_with_torch(call_of(text), np.array([[1.0, np.nan, np.inf], [np.nan, np.nan, np.nan]]))
    agrees_with_torch(call_of(text), INTEGERS)


def test_nothing_along_another_axis_is_fine():
    agrees_with_torch(lambda lib, x: [x.amax(1), x.norm(float("inf"), 1), x.argmin(1)], np.zeros((0, 3)))


@pytest.mark.parametrize("name", ["all", "any"])
@pytest.mark.parametrize("dim", [(), []])
def test_no_dims_leave_truth_element_by_element(name, dim):
    agrees_with_torch(lambda lib, x: getattr(x, name)(dim), np.array([[0, 2, 0], [1, 0, 3]]))
    agrees_with_torch(lambda lib, x: getattr(x, name)(dim, keepdim=True), np.array([True, False]))
