"""Products: PyTorch's values and gradients for every kind of einsum, and shapes that do not fit named."""

import numpy as np
import pytest

import minigrad as mg
from tests.minigrad.parity import agrees_with_torch, draws, inf_and_nan_without_warnings

EINSUMS = {
    "ij,jk->ik": [(2, 3), (3, 4)],
    "ij,jk": [(2, 3), (3, 4)],
    "ij,ij->": [(2, 3), (2, 3)],
    "ij->ji": [(2, 3)],
    "ba": [(2, 3)],
    "ij->": [(2, 3)],
    "ij->j": [(2, 3)],
    "ii": [(3, 3)],
    "ii->i": [(3, 3)],
    "iij->ij": [(3, 3, 2)],
    "iji->j": [(3, 2, 3)],
    "ii,ij->j": [(3, 3), (3, 2)],
    "i,j->ij": [(2,), (3,)],
    "i,i->i": [(3,), (3,)],
    "ij,j->": [(2, 3), (3,)],
    "ik,jl->ij": [(2, 3), (4, 5)],  # letters that one operand alone has
    "bij,bjk->bik": [(5, 2, 3), (5, 3, 4)],
    "bhqd,bhkd->bhqk": [(2, 3, 4, 5), (2, 3, 6, 5)],
    "...ij,...jk->...ik": [(5, 2, 3), (3, 4)],
    "...i->...": [(2, 3, 4)],
    "i...,i...": [(2, 3, 4), (2, 3, 4)],
    "a...b,b->a...": [(2, 5, 3), (3,)],
    "...,...": [(2, 1), (3,)],
    "ij,jk,kl->il": [(2, 3), (3, 4), (4, 5)],
    "ij,kj,l->": [(2, 3), (4, 3), (2,)],
    " i j , j k -> i k ": [(2, 3), (3, 4)],
    "Ab,bC->CA": [(2, 3), (3, 4)],
    "bA,bA": [(2, 3), (2, 3)],
    "aB": [(2, 3)],
    ",i->i": [(), (3,)],
    "->": [()],
    "ij,jk->ki": [(2, 0), (0, 3)],
    "ij,ij->ij": [(1, 3), (2, 3)],  # an axis of 1 broadcasts
    "ij,kj->ik": [(2, 1), (4, 3)],
}


@pytest.mark.parametrize("equation", EINSUMS)
def test_einsum_is_torchs(equation):
    agrees_with_torch(lambda lib, *operands: lib.einsum(equation, *operands), *draws(*EINSUMS[equation]))


def test_einsum_takes_its_operands_in_a_list_and_one_twice():
    agrees_with_torch(lambda lib, x, y: lib.einsum("ij,jk->ik", [x, y]), *draws((2, 3), (3, 4)))
    agrees_with_torch(lambda lib, x: lib.einsum("ij,ik->jk", x, x), *draws((2, 3)))


@pytest.mark.parametrize(
    ("equation", "shapes", "message"),
    [
        ("ij,jk->ik", [(2, 3), (4, 5)], r"one letter of 'ij,jk->ik' stands for the lengths 3 and 4"),
        ("ij->ik", [(2, 3)], r"must name letters of its operands"),
        ("ij->ii", [(2, 3)], r"each once"),
        ("ij,jk", [(2, 3)], r"is about 2 operands, got 1"),
        ("ijk->i", [(2, 3)], r"'ijk' names 3 axes of an operand of shape \(2, 3\)"),
        ("i->i", [(2, 3)], r"'i' names 1 axes"),
        ("i!->i", [(2,)], r"expected letters and '\.\.\.'"),
        ("......i", [(2,)], r"expected letters and '\.\.\.'"),
        ("ii", [(2, 3)], r"lengths 2 and 3"),
        ("ii->i", [(1, 3)], r"lengths 1 and 3"),
        ("i->i->i", [(2,)], r"expected letters and '\.\.\.'"),
    ],
)
def test_an_equation_that_does_not_fit_is_named(equation, shapes, message):
    with pytest.raises(ValueError, match=rf"^einsum: .*{message}"):
        mg.einsum(equation, *[mg.zeros(shape) for shape in shapes])


def test_einsum_wants_its_equation_first():
    with pytest.raises(TypeError, match=r"^einsum: expected the equation first"):
        mg.einsum(mg.ones(2), "i")


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int64", "float16", "float32"])
@pytest.mark.parametrize("equation", ["ij,jk->ik", "ij,kj", "ij,ij->j", "ij,ij->ij", "ij,jk->", "ij,kl->il"])
def test_einsum_of_two_has_torchs_dtype(torch, equation, dtype):
    ours, theirs = (lib.einsum(equation, *[lib.ones(2, 2, dtype=getattr(lib, dtype))] * 2) for lib in (mg, torch))
    assert f"torch.{ours.dtype}" == str(theirs.dtype)


@pytest.mark.parametrize("dtype", ["bool", "int8", "int32"])
def test_einsum_that_only_sums_counts_in_int64(torch, dtype):
    for equation in ("ij->j", "ij->", "ii", "ij->ji"):
        ours, theirs = (lib.einsum(equation, lib.ones(300, 300, dtype=getattr(lib, dtype))) for lib in (mg, torch))
        assert (f"torch.{ours.dtype}", ours.tolist()) == (str(theirs.dtype), theirs.tolist())


def test_what_is_no_tensor_is_named():
    with pytest.raises(TypeError, match=r"^einsum: expected tensors, got Tensor, float"):
        mg.einsum("i,i", mg.ones(2), 2.0)
    for name in ("mm", "bmm", "mv", "dot", "outer"):
        with pytest.raises(TypeError, match=rf"^{name}: expected two|^mv: expected a matrix"):
            getattr(mg, name)(mg.ones(2), 2.0)


@inf_and_nan_without_warnings
def test_addmm_leaves_out_what_has_the_factor_0():
    matrix, bad = np.ones((2, 2)), np.array([np.nan, np.inf])
    agrees_with_torch(lambda lib, b, x: lib.addmm(b, x, x, beta=0), bad, matrix)
    with mg.no_grad():
        assert mg.addmm(mg.ones(2), mg.Tensor(matrix * np.inf), mg.ones(2, 2), alpha=0).tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize("shape", [(3,), (2, 2, 2), (3, 1), (1, 2, 2)])
def test_addmm_names_an_x_that_does_not_broadcast(shape):
    with pytest.raises(mg.ShapeError, match=r"^addmm: expected an x that broadcasts to \(2, 2\), got "):
        mg.addmm(mg.ones(shape), mg.ones(2, 2), mg.ones(2, 2))


def test_products_by_their_names_are_torchs():
    agrees_with_torch(lambda lib, x, y: lib.mm(x, y), *draws((2, 3), (3, 4)))
    agrees_with_torch(lambda lib, x, y: lib.bmm(x, y), *draws((5, 2, 3), (5, 3, 4)))
    agrees_with_torch(lambda lib, x, y: x.mv(y), *draws((2, 3), (3,)))
    agrees_with_torch(lambda lib, x, y: x.dot(y), *draws((3,), (3,)))
    agrees_with_torch(lambda lib, x, y: lib.outer(x, y), *draws((2,), (3,)))
    agrees_with_torch(lambda lib, x: lib.outer(x, x), *draws((3,)))
    for shape in [(2, 4), (4,), (2, 1), ()]:
        agrees_with_torch(lambda lib, b, x, y: lib.addmm(b, x, y), *draws(shape, (2, 3), (3, 4)))
    agrees_with_torch(lambda lib, b, x, y: b.addmm(x, y, beta=0.5, alpha=-2), *draws((4,), (2, 3), (3, 4)))
    for shapes in [((0, 3), (3, 2)), ((2, 0), (0, 2))]:
        agrees_with_torch(lambda lib, x, y: lib.mm(x, y), *draws(*shapes))


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("mm", [(2, 3), (2, 3)]),
        ("mm", [(2, 3), (3,)]),
        ("bmm", [(2, 3), (3, 2)]),
        ("bmm", [(2, 2, 3), (3, 3, 2)]),
        ("mv", [(2, 3), (2,)]),
        ("mv", [(3,), (3,)]),
        ("dot", [(2,), (3,)]),
        ("dot", [(2, 2), (2,)]),
        ("outer", [(2, 2), (2,)]),
        ("addmm", [(2,), (2, 3), (2, 3)]),
    ],
)
def test_shapes_that_do_not_fit_are_named(name, shapes):
    with pytest.raises(mg.ShapeError, match=rf"^{name}: "):
        getattr(mg, name)(*[mg.zeros(shape) for shape in shapes])


def test_the_diagonals_gradient_is_not_shared_with_another():
    x = mg.tensor(np.eye(3), requires_grad=True)
    mg.einsum("ii->", x).backward()
    x.grad.add_(1)
    assert x.grad.tolist() == (np.eye(3) + 1).tolist()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: mg.inner(mg.ones(2), mg.ones(2, 3)),
            r"inner: expected last axes of one length, got \(2,\) and \(2, 3\)",
        ),
        (lambda: mg.inner(mg.ones(2), [1.0, 2.0]), r"inner: .*list"),
        (lambda: mg.kron([1.0], mg.ones(2)), r"kron: .*list"),
        (lambda: mg.tensordot(mg.ones(2, 3), mg.ones(3)), r"tensordot: both must have dims = 2 axes, .* \(3,\)"),
        (lambda: mg.tensordot(mg.ones(2), mg.ones(3), 1), r"tensordot: axes \[0\] of \(2,\) and \[0\] of \(3,\) must"),
        (lambda: mg.tensordot(mg.ones(2, 2), mg.ones(2, 2), ([0, 0], [0, 0])), "tensordot: .* none named twice"),
        (lambda: mg.tensordot(mg.ones(2), mg.ones(2), ([0],)), r"tensordot: dims must be an int, or \(axes of x, axes"),
        (lambda: mg.tensordot(mg.ones(2), mg.ones(2), (0, 0)), r"tensordot: dims must be an int, .* got \(0, 0\)"),
    ],
)
def test_inner_kron_and_tensordot_refuse_what_does_not_fit(call, text):
    with pytest.raises((ValueError, TypeError), match=text):
        call()
