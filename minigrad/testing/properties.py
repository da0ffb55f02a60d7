"""What is asked of every op besides its gradients: a question is put for one call, and raises AssertionError if the
answer is no, or Unfit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.backend import is_array
from minigrad.cuda import is_available
from minigrad.lift import differentiable, takes
from minigrad.tensor import Tensor
from minigrad.testing.case import Case
from minigrad.testing.diagnosis.axes import AXES
from minigrad.testing.examine import examine
from minigrad.testing.report import WRONG
from minigrad.testing.slopes import quiet
from minigrad.testing.spec import OpSpec
from minigrad.testing.subjects import Pair, Subject, upstream_for

SAME_ON_GPU = {"float64": 1e-10, "float32": 1e-4, "float16": 1e-2}  # the order of a sum decides its last digits

Question = Callable[[OpSpec, Subject, Case], None]


class Unfit(Exception):
    """The op cannot be called like this, so the question does not arise."""


def reference_agrees(spec: OpSpec, subject: Subject, case: Case) -> None:
    """Forward gives what the reference gives."""
    if spec.reference is None:
        raise Unfit("there is no reference")
    given = case.copied()
    expected = spec.reference(*given.args, **given.settings)
    expected = expected if isinstance(expected, tuple) else (expected,)
    outs = quiet(subject.run, case.copied())[0]
    for out, right in zip(outs, expected, strict=False):
        assert np.shape(out) == np.shape(right), f"forward must give shape {np.shape(right)}, gives {np.shape(out)}"
        size = float(np.abs(right).max(initial=1.0))
        assert np.allclose(out, right, rtol=1e-6, atol=1e-8 * size, equal_nan=True), "forward gives other values"


def dtype_kept(spec: OpSpec, subject: Subject, case: Case) -> None:
    """float32 in, float32 out, in forward and in every gradient."""
    if not case.places():
        raise Unfit("no floating-point argument")
    case = case.each(lambda array: array.astype(np.float32) if array.dtype.kind == "f" else array)
    outs, backward = quiet(subject.run, case.copied())
    for out in outs:
        dtype = np.asarray(out).dtype
        assert isinstance(out, float) or dtype.kind != "f" or dtype == np.float32, f"float32 in, {dtype} out"
    for place, gradient in backward(upstream_for(outs, subject, np.random.default_rng(0))).items():
        dtype = np.asarray(gradient).dtype
        name = subject.gradient_names(case)[place]
        assert gradient is None or dtype.kind != "f" or dtype == np.float32, f"{name} is {dtype} for float32 arguments"


def scalars(spec: OpSpec, subject: Subject, case: Case) -> None:
    """0-d arrays, where forward takes them."""
    if any(word in AXES for word in case.settings):
        raise Unfit("an axis is given")
    _right(subject, _accepted(subject, case.each(lambda array: np.asarray(array).ravel()[:1].reshape(()))))


def zero_size(spec: OpSpec, subject: Subject, case: Case) -> None:
    """An empty batch, where forward takes one: gradients of the right shapes, and nothing that is not a number."""
    arrays = [array for _, array in case.arrays() if array.ndim]
    if not arrays:
        raise Unfit("no array with an axis")
    batch = arrays[0].shape[0]
    shrunk = case.each(lambda array: array[:0] if array.ndim and array.shape[0] == batch else array)
    first = case.with_array(next(place for place, array in case.arrays() if array.ndim), arrays[0][:0])
    try:
        _right(subject, _accepted(subject, first))
    except Unfit:
        _right(subject, _accepted(subject, shrunk))


def broadcasting(spec: OpSpec, subject: Subject, case: Case) -> None:
    """Arguments of length 1 along an axis, or without a leading one, get gradients of their own shape."""
    arrays = dict(case.arrays())
    if not spec.broadcasts or len(arrays) < 2:
        raise Unfit("it does not broadcast")
    for place, array in arrays.items():
        for smaller in [array[:1], array[0]] if array.ndim else []:
            _right(subject, _accepted(subject, case.with_array(place, smaller)))


def finite_at_kinks(spec: OpSpec, subject: Subject, case: Case) -> None:
    """On a kink there is no slope, but there must be a gradient."""
    if not spec.kinks:
        raise Unfit("no kinks are given")
    rng = np.random.default_rng(0)
    case = case.each(
        lambda array: (
            rng.choice(np.asarray(spec.kinks), array.shape).astype(array.dtype) if array.dtype.kind == "f" else array
        )
    )
    outs, backward = quiet(subject.run, case.copied())
    for place, gradient in backward(upstream_for(outs, subject, rng)).items():
        finite = np.isfinite(np.asarray(gradient, float)).all()
        assert finite, f"{subject.gradient_names(case)[place]} is not finite at a kink"


def not_aliased(spec: OpSpec, subject: Subject, case: Case) -> None:
    """On the tape: two gradients never lie in the same memory, nor in that of an argument or of dout."""
    leaves, out, upstream = _on_the_tape(spec, subject, case)
    out.backward(Tensor(upstream))
    owned = [leaf.grad.array for leaf in leaves if leaf.grad is not None]
    for i, one in enumerate(owned):
        for other in [*owned[i + 1 :], *(leaf.array for leaf in leaves), upstream]:
            assert not np.shares_memory(one, other), "a gradient lies in the memory of another array"


def accumulated(spec: OpSpec, subject: Subject, case: Case) -> None:
    """On the tape: a second backward adds to the gradients, it does not replace them."""
    leaves, out, upstream = _on_the_tape(spec, subject, case)
    out.backward(Tensor(upstream), retain_graph=True)
    once = [None if leaf.grad is None else leaf.grad.array.copy() for leaf in leaves]
    out.backward(Tensor(upstream))
    for leaf, first in zip(leaves, once, strict=True):
        if leaf.grad is not None and first is not None:
            assert np.allclose(leaf.grad.array, 2 * first, equal_nan=True), "a second backward does not add"


def same_on_gpu(spec: OpSpec, subject: Subject, case: Case) -> None:
    """CuPy arrays, where forward takes them, give what NumPy arrays give, as CuPy arrays."""
    if not is_available():
        raise Unfit("no GPU")
    here = case.copied()
    there = Case(tuple(map(_on_gpu, here.args)), {word: _on_gpu(value) for word, value in here.settings.items()})
    outs, backward = quiet(subject.run, here)
    try:
        outs_there, backward_there = subject.run(there)
    except TypeError as error:
        raise Unfit(f"forward does not take CuPy arrays: {error}") from error
    upstream = upstream_for(outs, subject, np.random.default_rng(0))
    found, found_there = backward(upstream), backward_there(_on_gpu(upstream))
    names = subject.gradient_names(case)
    for out, other in zip(outs, outs_there, strict=True):
        _same_there("forward", out, other)
    for place, gradient in found.items():
        _same_there(names[place], gradient, found_there[place])


def _on_gpu(thing: Any) -> Any:
    """Arrays as CuPy's, also those in a list or tuple."""
    if isinstance(thing, (list, tuple)):
        return type(thing)(map(_on_gpu, thing))
    if not is_array(thing):
        return thing
    import cupy

    return cupy.asarray(thing)


def _same_there(what: str, here: Any, there: Any) -> None:
    if here is None or there is None:
        assert here is there, f"{what} is None on one of CPU and GPU only"
        return
    if isinstance(here, (bool, int, float)):
        there = float(there)
    else:
        kind = type(there).__module__.partition(".")[0]
        assert kind == "cupy", f"{what} gives a {kind} {type(there).__name__} for CuPy arrays"
        assert (there.dtype, there.shape) == (here.dtype, here.shape), f"{what} differs on the GPU"
        there = there.get()
    digits = SAME_ON_GPU.get(np.asarray(here).dtype.name, 0)
    assert np.allclose(there, here, rtol=digits, atol=digits, equal_nan=True), f"{what} differs on the GPU"


PROPERTIES: dict[str, Question] = {
    "reference": reference_agrees,
    "dtype kept": dtype_kept,
    "0-d": scalars,
    "zero-size": zero_size,
    "broadcasting": broadcasting,
    "finite at kinks": finite_at_kinks,
    "gradients not aliased": not_aliased,
    "accumulation": accumulated,
    "NumPy = CuPy": same_on_gpu,
}


def _accepted(subject: Subject, case: Case) -> Case:
    """The call, if forward takes it."""
    try:
        outs, _ = quiet(subject.run, case.copied())
    except Exception as error:
        raise Unfit(f"forward does not take it: {type(error).__name__}") from error
    if not outs:
        raise Unfit("it has no output then")
    return case


def _right(subject: Subject, case: Case) -> None:
    for gradient in examine(subject, case).gradients.values():
        assert gradient.report.verdict != WRONG, f"{gradient.report.name} is wrong there: {gradient.report.detail}"


def _on_the_tape(spec: OpSpec, subject: Subject, case: Case) -> tuple[list[Tensor], Tensor, np.ndarray]:
    """(the tensors, the first output, an upstream gradient for it) of the op as `differentiable` lifts it."""
    if spec.backward is None:
        raise Unfit("a loss is no op")
    assert isinstance(subject, Pair)
    if any(isinstance(argument, (list, tuple)) for argument in case.args):
        raise Unfit("its arguments are lists")
    backward = spec.backward

    def one_for_each(dout: Any, kept: Any, needs: tuple[bool, ...]) -> tuple:
        cache, given = kept
        found = backward(dout, cache, needs=needs) if takes(backward, "needs") else backward(dout, cache)
        placed = subject._placed(given, found)
        return tuple(placed.get((i,)) for i in range(len(given.args)))

    def forward(*args: Any, **settings: Any) -> tuple[Any, Any]:
        out, cache = spec.forward(*args, **settings)
        return out, (cache, Case(args, settings))

    copied = case.copied()
    tensors = [
        Tensor(one, requires_grad=(i,) in case.places()) if (i,) in dict(case.arrays()) else one
        for i, one in enumerate(copied.args)
    ]
    result = differentiable(forward, one_for_each, name=subject.name)(*tensors, **copied.settings)
    out = result[0] if isinstance(result, tuple) else result
    leaves = [tensor for tensor in tensors if isinstance(tensor, Tensor) and tensor.requires_grad]
    if not out.requires_grad:
        raise Unfit("nothing flows back")
    return leaves, out, np.random.default_rng(0).standard_normal(out.shape).astype(out.dtype)
