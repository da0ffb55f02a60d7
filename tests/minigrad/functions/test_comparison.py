"""Comparison, logic and bits: dtypes and what is refused; isclose, allclose and equal: tolerances, infinities, nan."""

import numpy as np
import pytest

import minigrad as mg
from tests.minigrad.parity import agrees_with_torch, draws, inf_and_nan_without_warnings

pytestmark = inf_and_nan_without_warnings

X = np.array([1.0, 1.0, -1.0, 0.0, np.inf, np.inf, np.nan, np.inf, 0.0])
Y = np.array([1.0, 1.00001, -1.1, 1e-8, np.inf, -np.inf, np.nan, 3.0, 1.1e-8])


@pytest.mark.parametrize("settings", [{}, {"rtol": 0.2}, {"rtol": 0, "atol": 1e-4}, {"equal_nan": True}], ids=str)
def test_what_is_close_is_torchs(settings):
    def closeness(lib, x, y):
        x, y = x.detach(), y.detach()
        return [lib.isclose(x, y, **settings), y.isclose(x, **settings)]

    agrees_with_torch(closeness, X, Y)
    agrees_with_torch(closeness, X[:, None], Y)


def test_closeness_is_measured_by_the_second(torch):
    for lib in (mg, torch):
        x, y = lib.tensor([10.0]), lib.tensor([11.0])
        assert (lib.allclose(x, y, rtol=0.095), lib.allclose(y, x, rtol=0.095)) == (True, False)


def test_all_close_and_equal_are_bools():
    x, y = map(mg.tensor, draws((2, 3), (2, 3)))
    assert mg.allclose(x, x + 1e-9) is True
    assert x.allclose(y) is False
    assert mg.equal(x, x) is True
    assert x.equal(y) is False
    assert mg.equal(mg.ones(2, 3), mg.ones(3)) is False  # which would broadcast
    assert mg.equal(mg.tensor([mg.nan]), mg.tensor([mg.nan])) is False
    assert mg.equal(mg.tensor([1]), mg.tensor([1.0])) is True


def test_what_is_refused():
    with pytest.raises(mg.ShapeError, match=r"^allclose: the shapes \(2,\) and \(3,\) do not broadcast"):
        mg.allclose(mg.ones(2), mg.ones(3))
    with pytest.raises(ValueError, match=r"^isclose: rtol and atol must not be negative, got -1 and 1e-08"):
        mg.ones(2).isclose(mg.ones(2), rtol=-1)
    for compare in (mg.isclose, mg.allclose, mg.equal):
        with pytest.raises(TypeError, match=r"^(isclose|allclose|equal): expected two tensors, got Tensor and float"):
            compare(mg.ones(2), 1.0)
        with pytest.raises(TypeError, match=r"^(isclose|allclose|equal): expected two tensors, got int and Tensor"):
            compare(2, mg.ones(2))


# -- one by one --------------------------------------------------------------------------------------------------------

COMPARISONS = ["eq", "ne", "lt", "le", "gt", "ge", "less", "less_equal", "greater", "greater_equal", "not_equal"]
LOGIC = ["logical_and", "logical_or", "logical_xor"]
BITS = ["bitwise_and", "bitwise_or", "bitwise_xor"]


@pytest.mark.parametrize("name", COMPARISONS + LOGIC)
def test_nan_and_infinities_compare_as_in_torch(name):
    points = np.array([-np.inf, -1.0, -0.0, 0.0, 1.0, np.inf, np.nan])
    agrees_with_torch(lambda lib, x, y: getattr(lib, name)(x.detach(), y.detach()), points[:, None], points)


@pytest.mark.parametrize("name", COMPARISONS)
def test_a_0d_operand_has_no_say_in_the_precision_nor_has_a_numpy_number(name):
    agrees_with_torch(
        lambda lib, x, y: getattr(x.detach(), name)(y.detach()), np.array([0.1, 0.2], np.float32), np.array(0.1)
    )
    compare = getattr(mg.tensor([0.1]), name)
    assert compare(np.float64(0.1)).tolist() == compare(np.float32(0.1)).tolist() == compare(0.1).tolist()


@pytest.mark.parametrize("name", BITS)
@pytest.mark.parametrize("other", [np.uint8, np.int32, np.int64, np.bool_])
def test_the_dtype_of_bits_is_torchs(name, other):
    x = np.array([5, 6, 7], np.int32)
    for y in (np.array([1, 0, 1], other), np.array(1, other)):
        agrees_with_torch(lambda lib, x, y: getattr(lib, name)(x, y), x, y)
        agrees_with_torch(lambda lib, x, y: getattr(lib, name)(y, x), x, y)


def test_numbers_and_masks_combine_by_operators():
    x = np.array([5, 6, 7])
    agrees_with_torch(lambda lib, x: [x & 3, 3 | x, x ^ 1, ~x, (x > 5) & (x < 7), ~(x > 5), True ^ (x > 5)], x)


@pytest.mark.parametrize("name", COMPARISONS + LOGIC + BITS)
def test_a_function_refuses_what_is_no_operand_and_names_itself(name):
    x = mg.tensor([1, 2])
    for strange in (None, "a", [1, 2]):
        with pytest.raises(TypeError, match=r"^\w+: expected a tensor or a number, got"):
            getattr(x, name)(strange)
    with pytest.raises(TypeError, match=r"^\w+: expected a Tensor, got 1"):
        getattr(mg, name)(1, x)
    with pytest.raises(mg.ShapeError, match=r"^\w+: the shapes \(2,\) and \(3,\) do not broadcast"):
        getattr(x, name)(mg.tensor([1, 2, 3]))


def test_an_operator_leaves_what_it_does_not_know_to_the_other():
    class Friend:
        def __gt__(self, other):
            return "gt"

        def __rand__(self, other):
            return "rand"

    x = mg.tensor([1, 2])
    assert ((x < Friend()), (x & Friend())) == ("gt", "rand")
    assert (x == None, x != "a") == (False, True)  # noqa: E711
    with pytest.raises(TypeError, match="not supported between"):
        x < None  # noqa: B015


def test_bits_of_what_has_none_and_numbers_that_do_not_fit_are_refused():
    with pytest.raises(mg.DtypeError, match=r"^bitwise_and: only bools and integers have bits, got float32"):
        mg.tensor([1]) & mg.ones(1)
    with pytest.raises(mg.DtypeError, match=r"^bitwise_not: only bools and integers have bits, got float32"):
        ~mg.ones(1)
    with pytest.raises(OverflowError, match=r"^bitwise_or: the number -1 does not fit into uint8"):
        mg.tensor([1], dtype=mg.uint8) | -1


@pytest.mark.parametrize("name", ["isnan", "isinf", "isfinite", "logical_not", "bitwise_not"])
def test_questions_are_asked_of_tensors(name):
    with pytest.raises(TypeError, match=rf"^{name}: expected a Tensor, got 3"):
        getattr(mg, name)(3)
