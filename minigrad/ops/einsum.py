"""Einstein's summation: products of any number of arrays, written with a letter for each axis.

An output element is a sum of products: out[o] = Σ x₁[s₁] x₂[s₂] ..., over all values of the letters that the output
does not have. For "ij,jk->ik" it is the matrix product.
"""

from __future__ import annotations

from minigrad.backend import Array, array_module


def einsum_forward(arrays: list[Array], subscripts: tuple[str, ...], output: str):
    """out of the `arrays`, whose axes have the letters `subscripts`; out's are `output`. An axis of 1 broadcasts."""
    return _einsum(arrays, subscripts, output), (arrays, subscripts, output)


def einsum_backward(dout: Array, cache):
    """The gradient of an operand is an einsum too: of dout and all other operands, onto the operand's letters.

    x₁[s₁] stands in the terms of those out[o] that agree with it in their letters, each time with the product of the
    other factors. So dx₁[s₁] = Σ dout[o] x₂[s₂] ..., over all letters that s₁ does not have. Three cases need care:

    - A letter that only x₁ has was summed over x₁ alone: the gradient is the same all along it.
    - A letter that x₁ has twice, as in "ii->i", reads a diagonal: the gradient is put on it, and is 0 elsewhere.
    - Where x₁ had length 1 and was repeated, its gradient is the sum.
    """
    arrays, subscripts, output = cache
    xp = array_module(dout)
    gradients = []
    for i, (x, letters) in enumerate(zip(arrays, subscripts, strict=True)):
        others = [dout, *arrays[:i], *arrays[i + 1 :]]
        of_others = [output, *subscripts[:i], *subscripts[i + 1 :]]
        own = "".join(dict.fromkeys(letters))
        lengths = dict(zip(letters, x.shape, strict=True))
        shared = "".join(letter for letter in own if any(letter in other for other in of_others))
        gradient = _einsum(others, of_others, shared)
        repeated = tuple(axis for axis, letter in enumerate(shared) if lengths[letter] == 1)
        gradient = gradient.sum(axis=repeated, keepdims=True)
        missing = tuple(axis for axis, letter in enumerate(own) if letter not in shared)
        gradient = xp.expand_dims(gradient, missing)
        if len(own) == len(letters):
            gradients.append(xp.broadcast_to(gradient, x.shape))
        else:
            dx = xp.zeros(x.shape, gradient.dtype)
            along = [[-1 if other == letter else 1 for other in own] for letter in letters]
            dx[tuple(xp.arange(n).reshape(a) for n, a in zip(x.shape, along, strict=True))] = gradient
            gradients.append(dx)
    return tuple(gradients)


def _einsum(arrays: list[Array], subscripts: list[str] | tuple[str, ...], output: str) -> Array:
    equation = f"{','.join(subscripts)}->{output}"
    return array_module(arrays[0]).einsum(equation, *arrays, optimize=len(arrays) > 1)
