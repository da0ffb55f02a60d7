"""`gradcheck`: every gradient of a function against the slope of the function itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.testing.case import Case
from minigrad.testing.diagnosis import diagnose
from minigrad.testing.examine import examine
from minigrad.testing.judge import Tolerance
from minigrad.testing.report import Report
from minigrad.testing.subjects import Subject, TensorFunction


def gradcheck(
    function: Callable[..., Any] | Subject,
    *inputs: Any,
    seed: int = 0,
    rtol: float = 1e-5,
    atol: float = 1e-7,
    **settings: Any,
) -> Report:
    """Check the gradients of `function(*inputs, **settings)`, and say which are wrong, where, and probably why.

    function: of Tensors, giving a Tensor or several; or a `Pair(forward, backward)` or `Loss(function)` of arrays.
    inputs: its arguments. Tensors that require grad, and floating-point arrays, are checked; float32 is compared with
        what the same backward says in float64. Large ones (more than 600 elements together) in a sample of their
        elements and along random lines.
    seed: of the random upstream gradients.
    rtol, atol: a gradient a and a slope s agree if |a - s| <= atol + rtol |s|, or if differences can tell no better.
    Returns a Report, which is true if nothing is wrong: `assert gradcheck(f, x)`. Errors of the function pass through.

    >>> x = mg.tensor([1.0, 2.0], dtype=mg.float64, requires_grad=True)
    >>> gradcheck(mg.tanh, x)
    tanh: ok, for float64 (2,) [1.0, 2.0]
      input 0: ok
          worst at [1]: -0.0543861 by backward, -0.0543861 by differences (relative error 7.0e-11)
    """
    subject, case = _subject_and_case(function, inputs, settings)
    if not case.places():
        raise ValueError(
            "gradcheck: nothing to check. Give at least one Tensor that requires grad, or a floating-point array."
        )
    examination = examine(subject, case, seed, Tolerance(rtol, atol))
    gradients = tuple(diagnose(subject, place, [examination], seed) for place in examination.gradients)
    return Report(subject.name, gradients, case.describe(), examination.notes)


def _subject_and_case(function: Any, inputs: tuple[Any, ...], settings: dict[str, Any]) -> tuple[Subject, Case]:
    if isinstance(function, Subject):
        return function, Case(inputs, settings)
    with_settings = (lambda *tensors: function(*tensors, **settings)) if settings else function
    subject = TensorFunction(with_settings, inputs, name=getattr(function, "__name__", type(function).__name__))
    return subject, subject.case()
