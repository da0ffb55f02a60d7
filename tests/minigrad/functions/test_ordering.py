"""PyTorch's arguments of what puts in order: overloads, names, the named results, unique, and what is refused."""

import numpy as np
import pytest

import minigrad as mg
from tests.minigrad.parity import agrees_with_torch, draw, draws

INTEGERS = np.array([[3, 1, 3, 0], [1, 0, 3, 3], [3, 1, 3, 0]])

CALLS = [
    "lib.max(x)",
    "lib.max(x, 1)",
    "lib.max(x, 1, True)",
    "x.max(dim=-1, keepdim=True)",
    "x.min(0)",
    "x.min()",
    "lib.min(x, dim=0, keepdim=False)",
    "x.median()",
    "lib.median(x, 1, keepdim=True)",
    "x.sort()",
    "x.sort(0, True)",
    "lib.sort(x, dim=0, descending=True)",
    "x.sort(stable=True)",
    "x.argsort()",
    "lib.argsort(x, 0, True)",
    "x.argsort(dim=0, stable=True)",
    "x.topk(2)",
    "lib.topk(x, k=2, dim=0, largest=False, sorted=True)",
]


def call_of(text):
    return eval(f"lambda lib, x: {text}")


@pytest.mark.parametrize("text", CALLS)
def test_called_as_in_pytorch(text):
    agrees_with_torch(call_of(text), draw(3, 4))


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, bool])
@pytest.mark.parametrize("text", ["x.max()", "x.min(1)", "lib.max(x, 1)", "x.sort(dim=1, stable=True)", "x.median()"])
def test_integers_and_bools(text, dtype):
    if not (dtype is bool and "median" in text):  # which PyTorch has not
        agrees_with_torch(call_of(text), INTEGERS.astype(dtype))


@pytest.mark.parametrize("name", ["max", "min"])
def test_two_tensors_are_compared_element_by_element(name):
    agrees_with_torch(lambda lib, x, y: getattr(lib, name)(x, y), *draws((2, 3), (3,)))
    agrees_with_torch(lambda lib, x, y: getattr(x, name)(other=y), *draws((2, 3), (2, 1)))


@pytest.mark.parametrize("text", ["x.max(0)", "x.min(0)", "x.median(0)", "x.sort(0)", "x.topk(1, 0)"])
def test_the_results_have_names(text):
    result = call_of(text)(mg, mg.tensor(draw(3, 4)))
    values, indices = result
    assert values is result.values and indices is result.indices
    assert indices.dtype == mg.int64 and not indices.requires_grad


def test_numpys_names_of_the_arguments_work():
    x = mg.tensor(draw(3, 4))
    for name in ("max", "min", "median"):
        assert getattr(x, name)(axis=0, keepdims=True).values.tolist() == getattr(x, name)(0, True).values.tolist()
    assert x.sort(axis=0).indices.tolist() == x.sort(0).indices.tolist()


def test_indices_lead_to_no_gradient_and_values_alone_do():
    x = mg.tensor(draw(3, 4), requires_grad=True)
    (x.max(0).values * x.sort(1).values[0]).sum().backward()
    assert x.grad is not None
    assert not x.argsort().requires_grad


@pytest.mark.parametrize(
    "text",
    [
        "lib.unique(x)",
        "lib.unique(x, True, True, True)",
        "x.unique(return_counts=True)",
        "x.unique(return_inverse=True)",
        "lib.unique(x, dim=0, return_inverse=True, return_counts=True)",
        "x.unique(dim=1)",
        "x[0, 0].unique(return_inverse=True)",
        "x[:0].unique(return_counts=True)",
    ],
)
def test_unique_is_torchs(text):
    agrees_with_torch(call_of(text), INTEGERS)
    agrees_with_torch(lambda lib, x: call_of(text)(lib, x.detach()), INTEGERS / 2)


def test_every_nan_is_unique():
    agrees_with_torch(lambda lib, x: lib.unique(x.detach()), np.array([np.nan, 1, np.nan]))


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda x: x[:0].max(), IndexError, r"^max: of no elements there is none"),
        (lambda x: x[:0].min(0), IndexError, r"^min: of no elements there is none"),
        (lambda x: x[:0].median(0), IndexError, r"^median: of no elements there is none"),
        (lambda x: x.max((0, 1)), TypeError, r"^max: dim must be one int, got \(0, 1\)"),
        (lambda x: x.min(2), IndexError, r"^min: dim must lie in -2\.\.1, got 2"),
        (lambda x: x.sort(2), IndexError, r"^sort: dim must lie in"),
        (lambda x: x.topk(4), IndexError, r"^topk: k must lie in 0\.\.3, .* got 4"),
        (lambda x: x.topk(-1, 0), IndexError, r"^topk: k must lie in 0\.\.2, .* got -1"),
        (lambda x: x.topk(1.5), TypeError, r"^topk: k must be an int, got 1\.5"),
        (lambda x: x.sort(None), TypeError, r"^sort: dim must be one int, got None"),
        (lambda x: x.unique(dim=3), IndexError, r"^unique: dim must lie in"),
    ],
)
def test_what_is_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call(mg.ones(2, 3))
