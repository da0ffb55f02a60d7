"""`autograd.gradcheck`, with PyTorch's signature: the whole Jacobian, element by element.

`minigrad.testing.gradcheck` says more.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.autograd import grad
from minigrad.backend import float64, is_float, to_host
from minigrad.creation import from_numpy
from minigrad.numeric import numeric_jacobian
from minigrad.tensor import Tensor
from minigrad.testing.case import Case
from minigrad.testing.subjects import TensorFunction


class GradcheckError(RuntimeError):
    """A gradient that is not the slope of its function."""


def gradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
) -> bool:
    """Whether the gradients of `func(*inputs)` are its slopes; if not, GradcheckError says where they differ.

    func: gives a Tensor or several. inputs: its arguments; those that require grad are checked, each element of them
    against each element of the results, and should be float64: float32 is too coarse for differences this small.
    eps: how far an element is moved. A gradient a and a slope s agree if |a - s| <= atol + rtol |s|.
    raise_exception: give False instead of an error. nondet_tol: how far gradients of two backward passes may differ.
    """
    arguments = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    checked = [i for i, x in enumerate(arguments) if isinstance(x, Tensor) and x.requires_grad]
    if not checked:
        raise ValueError("gradcheck: at least one input must require grad, or there is nothing to check.")
    for i in checked:
        if arguments[i].dtype != float64:
            warnings.warn(
                f"gradcheck: input {i} is {arguments[i].dtype}; differences need float64 to mean anything.",
                stacklevel=2,
            )
    subject = TensorFunction(func, tuple(arguments))
    case = subject.case()
    try:
        for number, output in enumerate(_outputs(func, arguments)):
            if is_float(output.dtype):
                _check(subject, case, number, output, eps, atol, rtol, nondet_tol)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _outputs(func: Callable, arguments: list) -> list[Tensor]:
    result = func(*arguments)
    return list(result) if isinstance(result, (tuple, list)) else [result]


def _check(
    subject: TensorFunction,
    case: Case,
    number: int,
    output: Tensor,
    eps: float,
    atol: float,
    rtol: float,
    nondet_tol: float,
) -> None:
    """Compare all gradients of output `number` with its slopes."""
    targets = [subject.inputs[i] for i in subject.checked]
    analytic = _analytic_jacobians(output, targets)
    again = _analytic_jacobians(output, targets)
    for i, x, jacobian, second in zip(subject.checked, targets, analytic, again, strict=True):
        where = f"gradcheck: the gradient of output {number} with respect to input {i} (shape {x.shape})"
        if not np.allclose(jacobian, second, rtol=0, atol=nondet_tol, equal_nan=True):
            raise GradcheckError(
                f"{where} differs between two backward passes by up to {abs(jacobian - second).max()}."
            )
        slopes = numeric_jacobian(_nth_output(subject, case, i, number), to_host(x.array).copy(), eps)
        wrong = ~np.isclose(jacobian, slopes, rtol=rtol, atol=atol)
        if wrong.any():
            worst = np.unravel_index(np.where(wrong, abs(jacobian - slopes), -1).argmax(), wrong.shape)
            of = tuple(map(int, np.unravel_index(worst[1], output.shape))) if output.ndim else ()
            at = tuple(map(int, np.unravel_index(worst[0], x.shape))) if x.ndim else ()
            raise GradcheckError(
                f"{where} is not its slope in {wrong.sum()} of {wrong.size} places. The worst: d output{list(of)} / "
                f"d input{list(at)} is {jacobian[worst]:.6g} by backward and {slopes[worst]:.6g} by differences."
            )


def _nth_output(subject: TensorFunction, case: Case, i: int, number: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: subject.run(case.with_array((i,), x))[0][number]


def _analytic_jacobians(output: Tensor, targets: list[Tensor]) -> list[np.ndarray]:
    """For each target (its elements, output's elements): a backward pass for each element of the output."""
    jacobians = [np.zeros((x.array.size, output.array.size)) for x in targets]
    if not output.requires_grad:
        return jacobians
    for column, place in enumerate(np.ndindex(output.shape)):
        upstream = np.zeros(output.shape, output.dtype)
        upstream[place] = 1
        gradients = grad(
            output, targets, from_numpy(upstream).to(output.device), retain_graph=True, materialize_grads=True
        )
        for jacobian, gradient in zip(jacobians, gradients, strict=True):
            assert gradient is not None
            jacobian[:, column] = to_host(gradient.array).ravel()
    return jacobians
