"""The einsum pair: its backward is the slope of its forward, whatever the letters; no argument is changed."""

import numpy as np
import pytest

from minigrad.ops.einsum import einsum_backward, einsum_forward
from tests.minigrad.parity import draws, slopes_agree

CASES = {
    "ij,jk->ik": [(2, 3), (3, 4)],
    "ij->": [(2, 3)],  # a letter that one operand alone has: the same gradient all along it
    "ij,jk->": [(2, 3), (3, 4)],
    "i,jk->j": [(2,), (3, 4)],
    "ii->i": [(3, 3)],  # a diagonal: no gradient elsewhere
    "ii->": [(3, 3)],
    "iij,jj->i": [(2, 2, 3), (3, 3)],
    "iii->i": [(2, 2, 2)],
    "ij,ij->ij": [(1, 3), (2, 3)],  # an axis of 1 is repeated: the sum
    "ij,ij->": [(1, 3), (2, 1)],
    "ij,jk,kl->li": [(2, 3), (3, 4), (4, 2)],
    "i,i,i->": [(3,), (3,), (3,)],
    ",i->i": [(), (3,)],
    "->": [()],
    "ij,jk->ki": [(2, 0), (0, 3)],
}


@pytest.mark.parametrize("equation", CASES)
def test_the_backward_is_the_slope_of_the_forward(equation):
    left, output = equation.split("->")
    terms = tuple(left.split(","))
    slopes_agree(einsum_forward, einsum_backward, draws(*CASES[equation]), subscripts=terms, output=output)


@pytest.mark.parametrize("equation", CASES)
def test_gradients_have_the_shapes_and_the_dtype_of_their_operands(equation):
    left, output = equation.split("->")
    arrays = [array.astype(np.float32) for array in draws(*CASES[equation])]
    out, cache = einsum_forward(arrays, tuple(left.split(",")), output)
    gradients = einsum_backward(out, cache)
    assert out.dtype == np.float32
    assert [(g.shape, g.dtype) for g in gradients] == [(x.shape, x.dtype) for x in arrays]
