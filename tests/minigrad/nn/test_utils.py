import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn.utils import clip_grad_norm_, clip_grad_value_, parameters_to_vector, vector_to_parameters

SHAPES = [(3, 2), (), (4,), (1,)]


def parameters(lib, dtype="float64", scale=1.0, last_has_none=True):
    """Parameters with random gradients; the last has none."""
    rng = np.random.default_rng(3)
    made = []
    for shape in SHAPES:
        p = lib.zeros(shape, dtype=getattr(lib, dtype), requires_grad=True)
        p.grad = lib.tensor((scale * rng.normal(size=shape)).astype(dtype))
        made.append(p)
    if last_has_none:
        made[-1].grad = None
    return made


def gradients(made):
    return [None if p.grad is None else p.grad.numpy() for p in made]


@pytest.mark.parametrize("norm_type", [2, 2.0, 1, 3.5, 0.5, math.inf, "inf", -math.inf, 0])
@pytest.mark.parametrize("max_norm", [0.0, 0.7, 2, 100.0, math.inf, np.float64(0.5)])
def test_norms_and_clipped_gradients_are_pytorchs(torch, norm_type, max_norm):
    ours, theirs = parameters(mg), parameters(torch)
    norm = clip_grad_norm_(ours, max_norm, norm_type)
    expected = torch.nn.utils.clip_grad_norm_(theirs, float(max_norm), norm_type)
    assert norm.shape == () and norm.dtype == np.float64
    np.testing.assert_allclose(norm.item(), expected.item(), rtol=1e-13)
    for a, b in zip(gradients(ours), gradients(theirs), strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            np.testing.assert_allclose(a, b, rtol=1e-12)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # as minigrad itself does; pytest undoes it
@pytest.mark.parametrize("bad", [math.inf, math.nan])
def test_norms_that_are_not_finite_do_as_in_pytorch_or_are_refused(torch, bad):
    ours, theirs = parameters(mg), parameters(torch)
    for made in (ours, theirs):
        made[0].grad[0, 0] = bad
    before = [None if g is None else g.copy() for g in gradients(ours)]
    with pytest.raises(RuntimeError, match=f"norm of order 2 is {bad}, so they cannot be clipped"):
        clip_grad_norm_(ours, 1.0, error_if_nonfinite=True)
    np.testing.assert_equal(gradients(ours), before)
    norm = clip_grad_norm_(ours, 1.0)
    np.testing.assert_equal(norm.item(), torch.nn.utils.clip_grad_norm_(theirs, 1.0).item())
    np.testing.assert_equal(gradients(ours), gradients(theirs))


def test_one_factor_brings_the_norm_to_the_bound():
    a, b = (mg.nn.Parameter(mg.zeros(1, dtype=mg.float64)) for _ in range(2))
    a.grad, b.grad = mg.tensor(np.array([3.0])), mg.tensor(np.array([-4.0]))
    held = a.grad.array
    assert clip_grad_norm_([a, b], 1.0, error_if_nonfinite=True).item() == 5
    np.testing.assert_allclose([a.grad.item(), b.grad.item()], [0.6, -0.8], rtol=1e-6)
    assert a.grad.array is held
    assert clip_grad_norm_(iter([a, b]), 1.0, norm_type=math.inf).item() == pytest.approx(0.8, rel=1e-6)


def test_gradients_within_the_bound_are_not_touched():
    (p, *_) = made = parameters(mg)
    before = p.grad.numpy().copy()
    versions = [q.grad._version for q in made if q.grad is not None]
    clip_grad_norm_(made, 1e3)
    assert np.array_equal(p.grad.numpy(), before)
    assert [q.grad._version for q in made if q.grad is not None] == versions


def test_a_clipped_gradient_is_marked_as_edited():
    p = parameters(mg)[0]
    for clip in (clip_grad_norm_, clip_grad_value_):
        version = p.grad._version
        clip(p, 0.01)
        assert p.grad._version > version


def test_float32_stays_float32_even_with_numpys_numbers():
    made = parameters(mg, "float32", scale=10)
    arrays = gradients(made)
    norm = clip_grad_norm_(made, np.float64(1), np.float64(2))
    assert norm.dtype == np.float32
    assert clip_grad_norm_(made, np.float64(1), 0).dtype == np.float32
    clip_grad_value_(made, np.float64(0.1))
    assert all(a is b for a, b in zip(gradients(made), arrays, strict=True))
    assert all(a.dtype == np.float32 and (abs(a) <= np.float32(0.1)).all() for a in arrays if a is not None)


def test_float32_and_float64_together_are_measured_in_float64(torch):
    def mixed(lib):
        return [*parameters(lib, "float32", 10), *parameters(lib, "float64")]

    ours, theirs = mixed(mg), mixed(torch)
    norm, expected = clip_grad_norm_(ours, 1.0), torch.nn.utils.clip_grad_norm_(theirs, 1.0)
    assert norm.dtype == np.float64 and expected.dtype == torch.float64
    np.testing.assert_allclose(norm.item(), expected.item(), rtol=1e-6)
    assert [p.grad.dtype for p in ours if p.grad is not None] == [np.float32] * 3 + [np.float64] * 3


def test_no_gradients_have_the_norm_0():
    for none in ([], [mg.nn.Parameter(mg.ones(2))]):
        norm = clip_grad_norm_(none, 1.0)
        assert norm.item() == 0 and norm.shape == () and norm.dtype == np.float32
        clip_grad_value_(none, 1.0)


@pytest.mark.parametrize("norm_type", [2, math.inf, -math.inf, 0])
def test_gradients_without_elements_do_not_count(norm_type):
    empty, p = mg.nn.Parameter(mg.zeros(0, 3)), mg.nn.Parameter(mg.zeros(1))
    empty.grad, p.grad = mg.zeros(0, 3), mg.tensor([-1.0])
    assert clip_grad_norm_([empty, p], 5.0, norm_type).item() == 1


def test_a_generator_that_was_used_up_is_told():
    net = mg.nn.Linear(2, 1)
    members = net.parameters()
    list(members)
    for clip in (clip_grad_norm_, clip_grad_value_):
        with pytest.warns(UserWarning, match=f"{clip.__name__}: no parameters are left") as warned:
            clip(members, 1.0)
        assert warned[0].filename == __file__


@pytest.mark.parametrize("clip_value", [0, 0.5, 100.0, math.inf])
def test_clipped_values_are_pytorchs(torch, clip_value):
    ours, theirs = parameters(mg), parameters(torch)
    for made in (ours, theirs):
        made[0].grad[0, 0], made[0].grad[1, 0], made[0].grad[2, 0] = math.nan, math.inf, -0.5
    arrays = gradients(ours)
    assert clip_grad_value_(ours, clip_value) is None
    torch.nn.utils.clip_grad_value_(theirs, clip_value)
    np.testing.assert_equal(gradients(ours), gradients(theirs))
    assert all(a is b for a, b in zip(gradients(ours), arrays, strict=True))


def test_values_at_the_bound_stay_and_those_beyond_go_to_it():
    p = mg.nn.Parameter(mg.zeros(5))
    p.grad = mg.tensor([-3.0, -2.0, 0.5, 2.0, 2.5])
    clip_grad_value_(p, 2)
    assert p.grad.tolist() == [-2, -2, 0.5, 2, 2]


@pytest.mark.parametrize("bound", [-1.0, math.nan])
def test_bounds_that_make_no_sense_are_refused(bound):
    with pytest.raises(ValueError, match=f"clip_grad_norm_: max_norm must be >= 0, got {bound}"):
        clip_grad_norm_([], bound)
    with pytest.raises(ValueError, match=f"clip_grad_value_: clip_value must be >= 0, got {bound}"):
        clip_grad_value_([], bound)


def test_parameters_become_one_vector_and_gradients_flow_back():
    net = nn.Linear(2, 3)
    vector = parameters_to_vector(net.parameters())
    assert vector.tolist() == [*net.weight.flatten().tolist(), *net.bias.tolist()]
    (vector * mg.arange(9.0)).sum().backward()
    assert net.weight.grad.tolist() == [[0, 1], [2, 3], [4, 5]] and net.bias.grad.tolist() == [6, 7, 8]
    with pytest.raises(ValueError, match=r"^parameters_to_vector: expected at least one"):
        parameters_to_vector([])


def test_a_vector_becomes_the_parameters_which_stay_the_same_and_do_not_share_it():
    net, vector = nn.Linear(2, 3), mg.arange(9, dtype=mg.float64)
    own = list(net.parameters())
    vector_to_parameters(vector, net.parameters())
    assert net.weight.tolist() == [[0, 1], [2, 3], [4, 5]] and net.bias.tolist() == [6, 7, 8]
    assert net.weight.dtype == mg.float32 and all(a is b for a, b in zip(own, net.parameters(), strict=True))
    vector.zero_()
    assert net.bias.tolist() == [6, 7, 8]


@pytest.mark.parametrize("shape", [(8,), (10,), (9, 1)])
def test_a_vector_of_another_length_is_refused(shape):
    net = nn.Linear(2, 3)
    before = net.weight.tolist()
    with pytest.raises(mg.ShapeError, match=r"^vector_to_parameters: expected a vector of 9 elements, got shape"):
        vector_to_parameters(mg.zeros(shape), net.parameters())
    assert net.weight.tolist() == before
