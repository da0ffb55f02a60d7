"""Keeping gradients in bounds, between `loss.backward()` and `optimizer.step()`; parameters as one vector."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator

from minigrad.backend import Array, ShapeError, array_module, float32, is_on_host
from minigrad.functions.pieces import cat
from minigrad.lift import of_tensors
from minigrad.tensor import Tensor, as_array


@of_tensors
def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> Tensor:
    """Scale all gradients by one factor, in place, so that their norm together is at most `max_norm`.

    One factor for all keeps their direction. It is max_norm / (norm + 1e-6), if that is less than 1. Parameters without
    a gradient are passed over.

    norm_type: p of the norm (Σ |g|^p)^(1/p) over all elements; `math.inf` (or 'inf') for the largest |g|.
    error_if_nonfinite: raise RuntimeError, and change nothing, if the norm is inf or NaN. Otherwise an infinite
        norm turns the finite gradients to 0 and the others to NaN, and a NaN turns all to NaN.

    Returns the norm before clipping, a 0-d Tensor; `max_norm=math.inf` only measures.

    Source: Pascanu et al., "On the difficulty of training recurrent neural networks" (2013), algorithm 1.
    """
    if not max_norm >= 0:
        raise ValueError(f"clip_grad_norm_: max_norm must be >= 0, got {max_norm}.")
    gradients = _gradients(parameters, "clip_grad_norm_")
    p = float(norm_type)
    total = _norm_of_all([gradient.array for gradient in gradients], p)
    if error_if_nonfinite and not math.isfinite(total.item()):
        raise RuntimeError(
            f"clip_grad_norm_: the gradients' norm of order {p:g} is {total.item()}, so they cannot be clipped. "
            "With error_if_nonfinite=False they are scaled by it anyway."
        )
    factor = array_module(total.array).minimum(float(max_norm) / (total.array + 1e-6), 1)
    if is_on_host(factor) and factor == 1:  # a GPU's is not asked, for which the host would have to wait
        return total
    for gradient in gradients:
        gradient.array *= factor.astype(gradient.dtype, copy=False)
        gradient.edited()
    return total


@of_tensors
def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Bring every element of the gradients, in place, into -clip_value .. clip_value. NaN stays NaN."""
    if not clip_value >= 0:
        raise ValueError(f"clip_grad_value_: clip_value must be >= 0, got {clip_value}.")
    bound = float(clip_value)
    for gradient in _gradients(parameters, "clip_grad_value_"):
        array = gradient.array
        array_module(array).clip(array, -bound, bound, out=array)
        gradient.edited()


@of_tensors
def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All elements of all parameters, one after another, as one vector. Gradients flow back to the parameters."""
    members = _listed(parameters, "parameters_to_vector")
    if not members:
        raise ValueError("parameters_to_vector: expected at least one parameter, got none.")
    return cat([parameter.reshape(-1) for parameter in members])


@of_tensors
def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Copy the elements of a vector into the parameters, one after another. Its length must be theirs together."""
    members = _listed(parameters, "vector_to_parameters")
    count = sum(parameter.numel() for parameter in members)
    if vec.shape != (count,):
        raise ShapeError(f"vector_to_parameters: expected a vector of {count} elements, got shape {vec.shape}.")
    values, end = vec.detach(), 0
    for parameter in members:
        start, end = end, end + parameter.numel()
        parameter.detach().copy_(values[start:end].reshape(parameter.shape))


def _listed(parameters: Tensor | Iterable[Tensor], caller: str) -> list[Tensor]:
    members = [parameters] if isinstance(parameters, Tensor) or not isinstance(parameters, Iterable) else [*parameters]
    for member in members:
        if not isinstance(member, Tensor):
            kind = type(member).__name__
            raise TypeError(f"{caller}: expected parameters, such as net.parameters(), got a {kind}.")
    return members


def _gradients(parameters: Tensor | Iterable[Tensor], caller: str) -> list[Tensor]:
    members = _listed(parameters, caller)
    if not members and isinstance(parameters, Iterator):
        warnings.warn(f"{caller}: no parameters are left in this generator, nothing is clipped.", stacklevel=4)
    return [parameter.grad for parameter in members if parameter.grad is not None]


def _norm_of_all(arrays: list[Array], p: float) -> Tensor:
    """The norm of the arrays' norms: that of all elements together (for p = 0 the number of arrays that are not 0)."""
    arrays = [array for array in arrays if array.size]  # no elements have no largest one
    if not arrays:
        return Tensor(as_array(0.0).astype(float32))
    norms = array_module(arrays[0]).stack([_norm(array, p) for array in arrays])
    return Tensor(_norm(norms, p))


def _norm(array: Array, p: float) -> Array:
    """(Σ |x|^p)^(1/p), and what it tends to for p = inf, -inf and 0, a 0-d array of the same dtype."""
    if p == 2:
        return (array * array).sum() ** 0.5
    size = abs(array)
    if p == math.inf:
        return size.max()
    if p == -math.inf:
        return size.min()
    if p == 0:
        return (size != 0).sum().astype(array.dtype)
    return (size**p).sum() ** (1 / p)
