"""Which elements of dout reach which elements of the gradient: some are lost, some take the wrong way."""

from __future__ import annotations

import numpy as np

from minigrad.testing.diagnosis.axes import subsets
from minigrad.testing.diagnosis.evidence import Evidence


def overwritten(e: Evidence) -> list[str]:
    """Of all contributions to an element only the last one, or the first, is there."""
    outputs = [one for one in e.upstream if one is not None]
    if len(outputs) != 1 or outputs[0].ndim == 0 or not e.found.any():
        return []
    dout = outputs[0]
    terms = (e.jacobian * dout.ravel()).reshape(e.x.size, *dout.shape)
    for axes in subsets(dout.ndim):
        rest = tuple(i + 1 for i in range(dout.ndim) if i not in axes)
        groups = terms.sum(rest).reshape(e.x.size, -1)
        there = np.abs(groups) > 1e-7
        if not (there.sum(axis=1) > 1).any():
            continue
        for which, pick in (("last", lambda row: row[-1]), ("first", lambda row: row[0])):
            kept = [pick(row[mask]) if mask.any() else 0.0 for row, mask in zip(groups, there, strict=True)]
            if e.same(np.array(kept).reshape(e.x.shape), e.found):
                return [f"contributions are overwritten, not added: only the {which} one to each element is there"]
    return []


def wrong_mask(e: Evidence) -> list[str] | None:
    """Passed where it must be stopped, and stopped where it must be passed."""
    wrong = e.wrong
    if not e.found.any():
        return None  # all is stopped, by this mask or by another mistake
    if not wrong.any():
        return []
    generic = "it is stopped, or passed, in the wrong places: the mask is not the forward's"
    if _handed_to_others(e):
        return ["each element of dout goes to one element, but to another one than forward took", generic]
    with np.errstate(all="ignore"):
        stopped = np.abs(e.found) < 1e-9 + 1e-7 * np.abs(e.due)
        due_zero = np.abs(e.due) < 1e-7
        if (stopped | due_zero)[wrong].all():
            sentences = _mask_names(e)
            return [*sentences, generic]
        ratio = np.abs(e.found / e.due)[wrong]
        larger, ratio = ratio > 1, np.maximum(ratio, 1 / ratio)
    if not np.allclose(ratio, ratio[0], rtol=1e-4):
        return []
    if larger.all() or not larger.any():
        return None  # of two sides this call shows only one
    return ["it takes the slope of one side on the other one: the mask is not the forward's", generic]


def _handed_to_others(e: Evidence) -> bool:
    """Every output is one of the inputs, as in a maximum; all of dout arrives in its image or row, but elsewhere."""
    jacobian = e.jacobian
    is_choice = np.isclose(jacobian, 1, atol=1e-6) | np.isclose(jacobian, 0, atol=1e-6)
    if e.x.ndim < 2 or not is_choice.all() or not np.allclose(jacobian.sum(axis=0), 1, atol=1e-5):
        return False
    axes = tuple(range(2, e.x.ndim)) or (1,)
    return bool(np.allclose(e.found.sum(axes), e.due.sum(axes), rtol=1e-5, atol=1e-6))


def _mask_names(e: Evidence) -> list[str]:
    """Which mask it is, where a simple one fits."""
    if e.dout.shape != e.found.shape or e.out.shape != e.found.shape:
        return []
    passed = (np.abs(e.found) > 1e-9)[~e.kink]
    candidates = {
        "it is passed where dout is positive; the mask must come from the forward": e.dout > 0,
        "it is passed where the argument is negative; the mask is turned round": e.x < 0,
    }
    return [sentence for sentence, mask in candidates.items() if np.array_equal(passed, mask[~e.kink])]
