"""Products of matrices and vectors."""

from __future__ import annotations

import itertools
import math
import string
from collections.abc import Sequence
from typing import Any

from minigrad.backend import ShapeError, array_module, int64, is_array, is_float, result_type
from minigrad.functions.conversion import to
from minigrad.functions.table import METHODS, lifted, public, wrap
from minigrad.lift import differentiable, of_tensors
from minigrad.ops import einsum as _einsum_pair
from minigrad.ops import linear
from minigrad.tensor import Tensor

matmul = lifted(linear, "matmul", broadcasts=True)
_einsum = differentiable(_einsum_pair.einsum_forward, _einsum_pair.einsum_backward)


@public
def mm(x: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices, (n, k) and (k, m)."""
    _check("mm", x, mat2, 2, 2, "two matrices (n, k) and (k, m)")
    return matmul(x, mat2)


@public
def bmm(x: Tensor, mat2: Tensor) -> Tensor:
    """The products of two batches of matrices, (b, n, k) and (b, k, m)."""
    _check("bmm", x, mat2, 3, 3, "two batches of matrices (b, n, k) and (b, k, m)")
    if x.shape[0] != mat2.shape[0]:
        raise ShapeError(f"bmm: both batches must be of one size, got {x.shape} and {mat2.shape}.")
    return matmul(x, mat2)


@public
def mv(x: Tensor, vec: Tensor) -> Tensor:
    """The product of a matrix (n, k) and a vector (k,)."""
    _check("mv", x, vec, 2, 1, "a matrix (n, k) and a vector (k,)")
    return matmul(x, vec)


@public
def dot(x: Tensor, tensor: Tensor) -> Tensor:
    """The inner product of two vectors of one length."""
    _check("dot", x, tensor, 1, 1, "two vectors of one length")
    return matmul(x, tensor)


@public
def outer(x: Tensor, vec2: Tensor) -> Tensor:
    """The outer product of two vectors: out[i, j] = x[i] * vec2[j]."""
    _check("outer", x, vec2, 1, 1, "two vectors", meet=False)
    return x.reshape(-1, 1) * vec2


@public
@of_tensors
def inner(x: Tensor, y: Tensor) -> Tensor:
    """The dot product of each vector along x's last axis with each along y's; of a 0-d tensor, x * y.

    Shapes: x (*, k), y (**, k), result (*, **).
    """
    if x.ndim == 0 or y.ndim == 0:
        return x * y
    length = x.shape[-1]
    if length != y.shape[-1]:
        raise ShapeError(f"inner: expected last axes of one length, got {x.shape} and {y.shape}.")
    left, right = (z.reshape(math.prod(z.shape[:-1]), length) for z in (x, y))
    return matmul(left, right.T).reshape(*x.shape[:-1], *y.shape[:-1])


@public
@of_tensors
def tensordot(x: Tensor, y: Tensor, dims: int | Sequence[Sequence[int]] = 2) -> Tensor:
    """Sums of products over several axes at once: as many of x's last and y's first ones as `dims` says.

    dims: or (axes of x, axes of y), which meet in this order. The result has x's other axes, and then y's: an `einsum`.
    """
    if isinstance(dims, int):
        if not 0 <= dims <= min(x.ndim, y.ndim):
            raise ShapeError(f"tensordot: both must have dims = {dims} axes, got {x.shape} and {y.shape}.")
        dims = range(x.ndim - dims, x.ndim), range(dims)
    try:
        mine, theirs = dims
        mine, theirs = ([wrap(dim, z.ndim, "tensordot") for dim in some] for some, z in ((mine, x), (theirs, y)))
    except (TypeError, ValueError):
        raise TypeError(f"tensordot: dims must be an int, or (axes of x, axes of y), got {dims!r}.") from None
    lengths = [[z.shape[axis] for axis in some] for z, some in ((x, mine), (y, theirs))]
    if lengths[0] != lengths[1] or len({*mine}) + len({*theirs}) < 2 * len(mine):
        raise ShapeError(
            f"tensordot: axes {mine} of {x.shape} and {theirs} of {y.shape} must be equally long, and none named twice."
        )
    letters = string.ascii_letters[: x.ndim + y.ndim]
    left, right = [*letters[: x.ndim]], [*letters[x.ndim :]]
    for axis, other in zip(mine, theirs, strict=True):
        right[other] = left[axis]
    output = [one for one in left if one not in right] + [one for one in right if one not in left]
    return einsum(f"{''.join(left)},{''.join(right)}->{''.join(output)}", x, y)


@public
@of_tensors
def kron(x: Tensor, y: Tensor) -> Tensor:
    """The Kronecker product: in place of each element of x stands that element times y. Axes that lack are of length 1.

    Shapes: x (n₁, n₂, ...), y (m₁, m₂, ...), result (n₁ m₁, n₂ m₂, ...).
    """
    ndim = max(x.ndim, y.ndim)
    n, m = ((1,) * (ndim - z.ndim) + z.shape for z in (x, y))
    blocks = x.reshape([length for one in n for length in (one, 1)])
    inside = y.reshape([length for one in m for length in (1, one)])
    return (blocks * inside).reshape([a * b for a, b in zip(n, m, strict=True)])


@public
def addmm(x: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * x + alpha * (mat1 @ mat2), with x broadcast. A factor of 0 leaves its part out, inf and nan in it too."""
    _check("addmm", mat1, mat2, 2, 2, "two matrices (n, k) and (k, m)")
    product = matmul(mat1, mat2)
    if x.ndim > 2 or any(n not in (1, m) for n, m in zip(x.shape[::-1], product.shape[::-1], strict=False)):
        raise ShapeError(f"addmm: expected an x that broadcasts to {product.shape}, got {x.shape}.")
    return _times(x, beta) + _times(product, alpha)


def _times(x: Tensor, factor: float) -> Tensor:
    if factor == 0:
        return x.masked_fill(Tensor(array_module(x.array).ones(x.shape, bool)), 0)
    return x if factor == 1 else x * factor


def _check(name: str, x: Tensor, y: Tensor, left: int, right: int, expected: str, meet: bool = True) -> None:
    """Raise unless x and y have so many axes, and (if they are to `meet`) the one that is summed over in common."""
    if not all(isinstance(z, Tensor) or is_array(z) for z in (x, y)):
        raise TypeError(f"{name}: expected {expected}, got {type(x).__name__} and {type(y).__name__}.")
    if x.ndim != left or y.ndim != right or (meet and x.shape[-1] != y.shape[max(0, right - 2)]):
        raise ShapeError(f"{name}: expected {expected}, got {x.shape} and {y.shape}.")


@public
def einsum(equation: str, *operands: Any) -> Tensor:
    """Sums of products in Einstein's notation: `einsum("ij,jk->ik", x, y)` is x @ y.

    Each axis has a letter, the same letter means the same number. Letters that are missing behind "->" are summed over;
    without "->" those that stand twice are, and the others come in alphabetical order. "..." stands for any axes, which
    broadcast. The operands are tensors, or one list of them.
    """
    if not isinstance(equation, str):
        raise TypeError(
            f"einsum: expected the equation first, as in einsum('ij,jk->ik', x, y), got {type(equation).__name__}."
        )
    given = operands[0] if len(operands) == 1 and isinstance(operands[0], (list, tuple)) else operands
    if not all(isinstance(tensor, Tensor) or is_array(tensor) for tensor in given):
        raise TypeError(f"einsum: expected tensors, got {', '.join(type(thing).__name__ for thing in given)}.")
    tensors = [tensor if isinstance(tensor, Tensor) else Tensor(tensor) for tensor in given]
    subscripts, output = _letters(equation, tensors)
    _check_lengths(equation, subscripts, tensors)
    common = result_type(*[tensor.array for tensor in tensors])
    every = "".join(map("".join, map(set, subscripts)))
    if not is_float(common) and any(every.count(letter) == 1 and letter not in output for letter in every):
        common = int64  # as `sum`: a letter that one operand alone has is summed before anything is multiplied
    return _einsum([to(tensor, common) for tensor in tensors], subscripts=tuple(subscripts), output=output)


def _letters(equation: str, tensors: Sequence[Tensor]) -> tuple[list[str], str]:
    """The letters of each operand's axes, and of the output's, with "..." as letters of its own."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    shapes = ", ".join(str(tensor.shape) for tensor in tensors)
    known = set(string.ascii_letters)
    for term in [*terms, right]:
        if not set(term.replace("...", "", 1)) <= known:
            raise ValueError(f"einsum: expected letters and '...' in each term of {equation!r}, got {term!r}.")
    if len(terms) != len(tensors):
        raise ValueError(f"einsum: {equation!r} is about {len(terms)} operands, got {len(tensors)} ({shapes}).")
    free = [letter for letter in string.ascii_letters if letter not in equation]
    widest = 0
    for i, (term, tensor) in enumerate(zip(terms, tensors, strict=True)):
        named = len(term.replace("...", ""))
        hidden = tensor.ndim - named
        if hidden < 0 or (hidden > 0 and "..." not in term):
            raise ShapeError(
                f"einsum: {term!r} names {named} axes of an operand of shape {tensor.shape} in {equation!r}."
            )
        if hidden > len(free):
            raise ShapeError(f"einsum: there are not enough letters for all axes of {shapes}.")
        widest = max(widest, hidden)
        terms[i] = term.replace("...", "".join(free[len(free) - hidden :]))
    dots = "".join(free[len(free) - widest :])
    if arrow:
        output = right.replace("...", dots)
    else:
        every = "".join(terms)
        output = dots + "".join(sorted(a for a in set(every) - set(dots) if every.count(a) == 1))
    if len(set(output)) < len(output) or not set(output) <= set("".join(terms)) | set(dots):
        raise ValueError(f"einsum: the output of {equation!r} must name letters of its operands, each once.")
    return terms, output


def _check_lengths(equation: str, subscripts: Sequence[str], tensors: Sequence[Tensor]) -> None:
    """One letter, one length; an axis of 1 broadcasts, but not on its own diagonal."""
    axes = [
        (letter, n, i)
        for i, (term, tensor) in enumerate(zip(subscripts, tensors, strict=True))
        for letter, n in zip(term, tensor.shape, strict=True)
    ]
    for (letter, n, i), (other, m, j) in itertools.combinations(axes, 2):
        if letter == other and n != m and (i == j or 1 not in (n, m)):
            shapes = ", ".join(str(tensor.shape) for tensor in tensors)
            raise ShapeError(f"einsum: one letter of {equation!r} stands for the lengths {n} and {m}, got {shapes}.")


METHODS.update(__matmul__=matmul, __rmatmul__=lambda x, y: matmul(y, x))
