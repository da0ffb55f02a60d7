"""Arithmetic beyond the plain operators: PyTorch's further arguments, ties and bounds, choosing, what is refused."""

import numpy as np
import pytest

import minigrad as mg
from tests.minigrad.parity import agrees_with_torch, draws, inf_and_nan_without_warnings

pytestmark = inf_and_nan_without_warnings
POINTS = np.array([-np.inf, -7.5, -2.0, -1.0, -0.0, 0.0, 1.0, 2.0, 7.5, np.inf, np.nan])


@pytest.mark.parametrize("name", ["add", "sub"])
@pytest.mark.parametrize("alpha", [1, 2, -0.5])
def test_alpha_scales_the_second_operand(name, alpha):
    agrees_with_torch(lambda lib, x, y: getattr(lib, name)(x, y, alpha=alpha), *draws((2, 3), (3,)))
    agrees_with_torch(lambda lib, x, y: getattr(x, name)(y, alpha=alpha), *draws((2, 1), (2, 3)))
    agrees_with_torch(lambda lib, x: getattr(x, name)(3, alpha=alpha), *draws((2, 1)))
    agrees_with_torch(
        lambda lib, x, y: getattr(x.detach().clone(), f"{name}_")(y.detach(), alpha=alpha), *draws((2, 3), (3,))
    )


DTYPES = [np.float32, np.float16, np.int64, np.int32, np.uint8, np.bool_]


@pytest.mark.parametrize("factor", [2, 0.5])
@pytest.mark.parametrize("second", DTYPES)
@pytest.mark.parametrize("first", DTYPES)
def test_a_factor_does_not_change_the_dtype(torch, first, second, factor):
    x, y = np.array([1, 0, 3]).astype(first), np.array([1, 1, 0]).astype(second)
    for call in (lambda lib, x, y: lib.add(x, y, alpha=factor), lambda lib, x, y: lib.addcmul(x, y, y, value=factor)):
        try:
            expected = call(torch, torch.tensor(x), torch.tensor(y))
        except (RuntimeError, NotImplementedError):
            continue
        if factor == 0.5 and not expected.is_floating_point():
            with pytest.raises(mg.DtypeError, match=r"^addcmul: an integer result .* takes an integer factor, got 0.5"):
                call(mg, mg.tensor(x), mg.tensor(y))  # PyTorch's addcmul rounds the factor to 0 in silence
            continue
        actual = call(mg, mg.tensor(x), mg.tensor(y))
        assert str(expected.dtype) == f"torch.{actual.dtype}"
        np.testing.assert_array_equal(actual.numpy(), expected.numpy())


def test_the_second_operand_is_scaled_in_the_dtype_of_the_result():
    x, y = np.array([1, 2], np.int32), np.array([200, 3], np.uint8)
    agrees_with_torch(lambda lib, x, y: lib.add(x, y, alpha=2), x, y)
    agrees_with_torch(lambda lib, x, y: x.sub(y, alpha=-2), x, y)


def test_a_fractional_factor_of_an_integer_result_is_refused():
    with pytest.raises(mg.DtypeError, match=r"^add: an integer result \(int64\) takes an integer factor, got 0.5"):
        mg.tensor([1, 2]).add(mg.tensor([1, 2]), alpha=0.5)
    with pytest.raises(mg.DtypeError, match=r"^sub: an integer result \(int64\)"):
        mg.tensor([1, 2]).sub(3, alpha=0.5)
    with pytest.raises(TypeError, match=r"^add: expected a tensor or a number, got 'a'"):
        mg.ones(2).add("a", alpha=2)


@pytest.mark.parametrize("mode", ["floor", "trunc", None])
def test_division_is_rounded_as_asked_and_then_has_no_gradient(mode):
    agrees_with_torch(lambda lib, x, y: lib.div(x, y, rounding_mode=mode), *draws((4, 3), (3,)))
    agrees_with_torch(lambda lib, x: x.div(0.7, rounding_mode=mode), *draws((4, 3)))
    integers = np.array([-7, -6, 5, 7]), np.array([2, -4, 3, -2])
    agrees_with_torch(lambda lib, x, y: lib.div(x, y, rounding_mode=mode), *integers, rtol=1e-6)


@pytest.mark.parametrize(
    "function", [mg.floor_divide, mg.remainder, mg.fmod, lambda x, y: mg.div(x, y, rounding_mode="trunc")]
)
def test_integer_division_by_zero_is_refused(function):
    with pytest.raises(RuntimeError, match="integer division by zero"):
        function(mg.tensor([1, 2]), mg.tensor([1, 0]))
    with pytest.raises(RuntimeError, match="integer division by zero"):
        function(mg.tensor([1, 2]), 0)
    function(mg.tensor([1, 2]), 0.0)


def test_an_unknown_rounding_mode_is_refused():
    with pytest.raises(ValueError, match=r"^div: rounding_mode must be None, 'floor' or 'trunc', got 'up'"):
        mg.ones(2).div(2, rounding_mode="up")


@pytest.mark.parametrize("name", ["remainder", "fmod"])
def test_what_a_division_leaves_has_torchs_sign_and_gradients(name):
    agrees_with_torch(lambda lib, x, y: getattr(lib, name)(x, y), *draws((5, 4), (4,)))
    for value in (3, -3, 0.7):
        agrees_with_torch(lambda lib, x, value=value: getattr(x, name)(value), POINTS)
    for value in (3, -3):
        agrees_with_torch(lambda lib, x, value=value: getattr(x, name)(value), np.arange(-5, 6))


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_a_tie_is_shared_and_nan_wins(name):
    agrees_with_torch(lambda lib, x, y: getattr(lib, name)(x, y), POINTS, POINTS)
    agrees_with_torch(lambda lib, x, y: getattr(lib, name)(x, y), POINTS[:, None], POINTS)


BOUNDS = {
    "low": (-1, None),
    "high": (None, 2),
    "both": (-1.0, 2.0),
    "crossed": (2, -1),
    "one point": (0, 0),
}


@pytest.mark.parametrize("bounds", BOUNDS.values(), ids=BOUNDS)
def test_clamp_passes_the_gradient_inside_and_on_its_bounds(bounds):
    agrees_with_torch(lambda lib, x: lib.clamp(x, *bounds), POINTS)
    agrees_with_torch(lambda lib, x: x.clamp(min=bounds[0], max=bounds[1]), POINTS)


def test_clamp_by_tensors_sends_the_gradient_to_the_bound_that_binds():
    agrees_with_torch(lambda lib, x, low, high: lib.clamp(x, low, high), *draws((5, 4), (4,), (5, 1)))
    agrees_with_torch(lambda lib, x, low: lib.clamp(x, low), *draws((5, 4), (4,)))
    agrees_with_torch(lambda lib, x, high: lib.clamp(x, max=high), *draws((5, 4), ()))


def test_clamp_by_equal_or_crossed_tensors_has_torchs_gradients():
    low, high = np.array([0.0, 1.0, 2.0, 0.0]), np.array([0.0, 2.0, 1.0, 0.0])
    for x in (-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0):
        agrees_with_torch(lambda lib, x, low, high: lib.clamp(x, low, high), np.full(4, x), low, high)


@pytest.mark.parametrize(("array", "bound"), [(np.arange(3), 0.5), (np.arange(3), 1), (np.ones(3, np.float32), 2)])
def test_clamps_dtype_is_torchs(array, bound):
    agrees_with_torch(lambda lib, x: x.detach().clamp(bound), array)


def test_clamp_without_bounds_is_refused():
    with pytest.raises(ValueError, match=r"^clamp: at least one"):
        mg.ones(2).clamp()


MASK = np.array([[True, False, True], [False, False, True]])


def test_where_sends_each_gradient_back_to_where_its_element_came_from():
    agrees_with_torch(lambda lib, mask, x, y: lib.where(mask, x, y), MASK, *draws((2, 3), (2, 3)))
    agrees_with_torch(lambda lib, mask, x, y: lib.where(mask, x, y), MASK[:, :1], *draws((3,), (2, 1)))
    agrees_with_torch(lambda lib, mask, x, y: x.where(mask, y), MASK, *draws((3,), ()))
    agrees_with_torch(lambda lib, x: lib.where(x > 0, x, 0.0), *draws((2, 3)))
    agrees_with_torch(lambda lib, x: lib.where(x > 0, 1, x), *draws((2, 3)))


def test_where_keeps_infinities_of_the_other_side_out_of_the_gradient():
    agrees_with_torch(lambda lib, x: lib.where(x > 0, x, -x).sqrt(), POINTS[1:-2])
    x = mg.tensor([-1.0, 4.0], requires_grad=True)
    mg.where(x > 0, x, 0).backward(mg.tensor([np.inf, 1.0]))
    assert x.grad.tolist() == [0, 1]


@pytest.mark.parametrize("values", [(2, 0), (5.0, -7.0), (2, 0.5), (0.5, 2), (-np.inf, 0.0), (True, False)])
def test_where_of_two_numbers_has_torchs_dtype(torch, values):
    ours, theirs = mg.where(mg.tensor(MASK), *values), torch.where(torch.tensor(MASK), *values)
    assert str(theirs.dtype) == f"torch.{ours.dtype}"
    assert ours.tolist() == theirs.tolist()


def test_where_alone_tells_the_places(torch):
    for array in (MASK, np.array([0.0, 2.0, 3.0]), np.array(True)):
        ours, theirs = mg.where(mg.tensor(array)), torch.where(torch.tensor(array))
        assert [places.tolist() for places in ours] == [places.tolist() for places in theirs]


def test_the_condition_must_be_bool():
    with pytest.raises(mg.DtypeError, match=r"^where: the condition must be a bool tensor, got int64"):
        mg.where(mg.tensor([0, 1]), 1.0, 2.0)


def test_where_chooses_between_tensors_and_numbers_only():
    for choices in ((1.0,), (1.0, None), ("a", mg.ones(2)), (mg.ones(2), [1.0, 2.0])):
        with pytest.raises(TypeError, match=r"^where: expected a tensor or a number, got (None|'a'|\[1.0, 2.0\])"):
            mg.where(mg.tensor([True, False]), *choices)


def test_the_angle_of_a_point_has_torchs_gradients_on_the_axes_and_at_the_origin():
    y, x = np.meshgrid([-2.0, -0.0, 0.0, 3.0, np.inf, np.nan], [-1.0, -0.0, 0.0, 1.0])
    agrees_with_torch(lambda lib, y, x: lib.atan2(y, x), y, x)


def test_hand_written_update_rules_find_their_functions():
    shapes = (2, 3), (3,), (2, 1)
    agrees_with_torch(lambda lib, x, y, z: lib.addcmul(x, y, z, value=0.3), *draws(*shapes))
    agrees_with_torch(lambda lib, x, y, z: x.addcdiv(y, z, value=0.3), *draws(*shapes, low=0.5))
    agrees_with_torch(lambda lib, x, y, z: lib.lerp(x, y, z), *draws(*shapes))


@pytest.mark.parametrize("sign", ["//", "%", "**", "&", "|", "^"])
def test_augmented_operators_write_in_place_and_torchs_values(torch, sign):
    integers = sign in "&|^"
    start = np.array([5, 6, 7]) if integers else np.array([5.0, -6.5, 7.25])
    results = []
    for lib in (mg, torch):
        scope = {"x": lib.tensor(start), "y": lib.tensor(start[::-1].copy() if integers else [2.0, 3.0, 2.0])}
        scope["before"] = scope["x"]
        exec(f"x {sign}= y\nx {sign}= 2", scope)
        assert scope["x"] is scope["before"]
        results.append(scope["x"].tolist())
    np.testing.assert_allclose(*results, rtol=1e-6)


@pytest.mark.parametrize("name", ["floor_divide", "remainder", "fmod"])
def test_masks_are_neither_divided_nor_subtracted(name):
    mask = mg.tensor([True, True])
    with pytest.raises(mg.DtypeError, match=rf"^{name}: bools cannot be divided"):
        getattr(mg, name)(mask, mask)
    for subtract in (lambda: mask - mask, lambda: mask - True, lambda: True - mask, lambda: mask.sub_(mask)):
        with pytest.raises(mg.DtypeError, match=r"^sub_?: bools cannot be subtracted"):
            subtract()


@pytest.mark.parametrize("name", ["neg", "abs", "positive"])
def test_a_mask_has_no_sign(name):
    with pytest.raises(mg.DtypeError, match=rf"^{name}: a bool tensor has no sign"):
        getattr(mg, name)(mg.tensor([True]))
