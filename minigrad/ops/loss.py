"""Losses of scores against classes: cross-entropy in PyTorch's full form, nll_loss, and the course's `softmax_loss`.

Inside, scores (N, C, d_1, ..., d_k) are columns (C, M): each of the M examples (and places) is a column of C classes.
So the sums over the classes add up whole rows, which is what NumPy does fastest.
"""

from __future__ import annotations

from typing import Any

from minigrad.backend import Array, DtypeError, ShapeError, array_module, divided, float16, float32
from minigrad.bounds import all_within, surely_within
from minigrad.kernels import loss as kernels
from minigrad.kernels.kernel import fit_a_kernel

REDUCTIONS = ("mean", "sum", "none")


def reduced(losses: Array, reduction: str, name: str, total: Any = None) -> tuple[Array, Any]:
    """The losses as "mean", "sum" or (as they are) "none", and what an upstream gradient is to be divided by.

    total: what a "mean" divides by, if not the number of losses.
    """
    if reduction == "none":
        return losses, 1
    if reduction == "sum":
        return losses.sum(), 1
    if reduction != "mean":
        raise ValueError(f"{name}: reduction must be one of {', '.join(REDUCTIONS)}, got {reduction!r}.")
    total = losses.size if total is None else total
    if losses.dtype == float16:  # the sum may be larger than its largest number, 65504
        return (losses.sum(dtype=float32) / total).astype(float16), total
    return losses.sum() / total, total


def cross_entropy_forward(
    x: Array,
    y: Array,
    weight: Array | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
):
    """Cross-entropy between softmax(x) and the truth y.

    x: (N, C), (N, C, d_1, ..., d_k) or (C,), the class scores (logits). y: integer labels, x's shape without C; or
    floating point and x's shape, how much of each class is true. weight: (C,), how much a class counts. An example
    whose label is `ignore_index` counts nothing.

    With p = softmax(x) over the classes, the loss of one example is -w[y] log p[y]; "mean" divides the sum by the sum
    of w[y] (the number of examples without weights), "none" keeps a loss for each example. With shares t[c] it is
    -Σ_c w[c] t[c] log p[c], and "mean" divides by the number of examples. Label smoothing e takes e of what is true and
    gives it to all C classes equally, t (1 - e) + e / C: a label's loss is then
    -(1 - e) w[y] log p[y] - (e / C) Σ_c w[c] log p[c].

    Source: PyTorch, `CrossEntropyLoss`.
    """
    name = "cross_entropy"
    shares = hasattr(y, "dtype") and y.dtype.kind == "f" and y.shape == x.shape
    _check_scores(x, y, weight, shares, name)
    if shares and ignore_index >= 0:
        raise ValueError(f"{name}: ignore_index is for labels, got {ignore_index} with shares of the classes.")
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"{name}: label_smoothing must lie in 0..1, got {label_smoothing}.")
    xp = array_module(x)
    plain = not shares and _all_count(x, y, ignore_index, name) and weight is None and not label_smoothing
    if plain and _has_kernels(x):
        p, losses = xp.empty(x.shape, x.dtype), xp.empty(y.shape, x.dtype)
        kernels.cross_entropy_forward(xp.ascontiguousarray(x), y, losses, p, CLASSES=x.shape[1])
        out, divisor = reduced(losses, reduction, name)
        return out, (p.T, y, None, divisor, x.shape)
    shifted = _columns(x)
    shifted = shifted - shifted.max(axis=0)  # as in log_softmax
    exps = xp.exp(shifted)
    sums = exps.sum(axis=0)
    p = exps / sums
    by_share = total = None
    if plain:
        target = y.reshape(-1)  # one class in each column, of which all is true
        losses = xp.log(sums) - shifted[target, xp.arange(y.size)]
    else:
        log_p = shifted - xp.log(sums)
        class_weight = (xp.ones(len(p), x.dtype) if weight is None else weight.astype(x.dtype))[:, None]
        even = class_weight * (label_smoothing / len(p))
        if shares:
            total = y.size // len(p)
            target = class_weight * (1 - label_smoothing) * _columns(y).astype(x.dtype, copy=False) + even
            by_share = class_weight * (label_smoothing - 1) * log_p
            losses = -(target * log_p).sum(axis=0)
        else:
            place, pulls = _pulls(y, class_weight[:, 0], ignore_index)
            total = _total(pulls)
            target = even * (y.reshape(-1) != ignore_index)
            target[place] += (1 - label_smoothing) * pulls
            losses = -(target * xp.where(target == 0, 0, log_p)).sum(axis=0)  # 0 * -inf is 0: no pull, no loss
    out, divisor = reduced(losses, reduction, name, total)
    if reduction == "mean" and hasattr(total, "dtype"):
        divisor = _or_one(total, y, ignore_index)
    return out.reshape(_without_classes(x)) if reduction == "none" else out, (p, target, by_share, divisor, x.shape)


def cross_entropy_backward(dout: Array, cache):
    """dx = (p Σ_c t[c] - t) / total: what the model believes, minus what is true.

    For one example with targets t (the weighted, smoothed shares), loss = -Σ_c t[c] log p[c] and
    log p[c] = x[c] - log Σ_k exp(x[k]). The second term has derivative exp(x[j]) / Σ exp(x[k]) = p[j] with respect to
    x[j], so d log p[c] / d x[j] = [c = j] - p[j] and

        dx[j] = -Σ_c t[c] ([c = j] - p[j]) = p[j] Σ_c t[c] - t[j].

    For one-hot targets, Σ t = 1 and this is p - one_hot: 1 is taken away in one place of each column. Shares y enter as
    t = w ((1 - e) y + e / C), so dy[c] = -w[c] (1 - e) log p[c]. Labels and the weight have no gradient.
    """
    p, target, by_share, total, shape = cache
    if target.ndim == 1 and len(shape) == 2 and _has_kernels(p.T):
        dx = kernels.cross_entropy_backward(p.T, target[:, None], dout.reshape(-1, 1), total, CLASSES=len(p))
        return dx, None, None
    upstream = divided(dout.reshape(-1), total)  # one for each column, or one for all
    if target.ndim == 1:
        dx = p * upstream
        dx[target, array_module(p).arange(target.size)] -= upstream
        return _from_columns(dx, shape), None, None
    dx = (p * target.sum(axis=0) - target) * upstream
    return _from_columns(dx, shape), None if by_share is None else _from_columns(by_share * upstream, shape), None


def nll_loss_forward(
    x: Array, y: Array, weight: Array | None = None, *, ignore_index: int = -100, reduction: str = "mean"
):
    """The loss -w[y] x[y] of an example, for log-probabilities x: cross-entropy without its softmax.

    x: (N, C), (N, C, d_1, ..., d_k) or (C,). y: integer labels, x's shape without C. weight: (C,). "mean" divides by
    the sum of w[y] over the examples that are not ignored.

    Source: PyTorch, `NLLLoss`.
    """
    name = "nll_loss"
    _check_scores(x, y, weight, False, name)
    columns = _columns(x)
    _all_count(x, y, ignore_index, name)
    xp = array_module(x)
    class_weight = xp.ones(len(columns), x.dtype) if weight is None else weight.astype(x.dtype)
    place, pulls = _pulls(y, class_weight, ignore_index)
    losses = -(pulls * xp.where(pulls == 0, 0, columns[place]))
    total = _total(pulls)
    out, divisor = reduced(losses, reduction, name, total)
    if reduction == "mean":
        divisor = _or_one(total, y, ignore_index)
    return out.reshape(y.shape) if reduction == "none" else out, (place, pulls, divisor, x.shape)


def nll_loss_backward(dout: Array, cache):
    """Only x[y] is read, with the factor -w[y]: dx is -w[y] / total there and 0 in the other classes."""
    place, pulls, total, shape = cache
    xp = array_module(pulls)
    classes = shape[0 if len(shape) == 1 else 1]
    dx = xp.zeros((classes, pulls.size), pulls.dtype)
    dx[place] = -pulls * divided(dout.reshape(-1), total)
    return _from_columns(dx, shape), None, None


def softmax_loss(x: Array, y: Array):
    """The course's face of the pair: mean cross-entropy and its gradient at once.

    x: (N, C) scores, N >= 1. y: (N,) integer labels in 0..C-1. Returns the loss, a number, and dx (N, C).
    """
    if x.ndim != 2 or len(x) == 0:
        raise ShapeError(f"softmax_loss: expected scores (N, C) of at least one example, got x.shape = {x.shape}.")
    loss, cache = cross_entropy_forward(x, y)
    if not all_within(y, x.shape[1]):  # the full pair ignores -100; in the course every example counts
        raise IndexError(f"softmax_loss: labels must lie in 0..{x.shape[1] - 1}, got {int(y.min())}.")
    dx, _, _ = cross_entropy_backward(array_module(x).ones_like(loss), cache)
    return loss, dx


def _total(pulls: Array) -> Any:
    """How much all examples count: in float32 at least, which has room for many."""
    return pulls.sum(dtype=float32 if pulls.dtype == float16 else None)


def _or_one(total: Any, y: Array, ignore_index: int) -> Any:
    """What to divide dout by. With every example ignored the mean is 0 / 0 = nan, but nothing pulls: 0 / 1."""
    return array_module(y).where((y == ignore_index).all(), 1, total).astype(total.dtype)


def _has_kernels(x: Array) -> bool:
    """Whether scores are on a GPU, and such as the kernels take."""
    return x.ndim == 2 and 0 < x.shape[1] <= kernels.MOST_CLASSES and fit_a_kernel(x)


def _columns(x: Array) -> Array:
    """Scores (N, C, d_1, ..., d_k) or (C,) as columns (C, M), side by side in memory."""
    if x.ndim == 2:
        return array_module(x).ascontiguousarray(x.T)
    axis = 0 if x.ndim == 1 else 1
    classes = x.shape[axis]
    return array_module(x).moveaxis(x, axis, 0).reshape(classes, x.size // classes)


def _without_classes(x: Array) -> tuple[int, ...]:
    """The shape of one number for each example: (N, d_1, ..., d_k), or () for scores (C,)."""
    return x.shape[:1] + x.shape[2:] if x.ndim > 1 else ()


def _from_columns(columns: Array, shape: tuple[int, ...]) -> Array:
    """Columns (C, M) as an array of the scores' `shape` again."""
    if len(shape) == 2:
        return columns.T
    axis = 0 if len(shape) == 1 else 1
    return array_module(columns).moveaxis(
        columns.reshape(shape[axis : axis + 1] + shape[:axis] + shape[axis + 1 :]), 0, axis
    )


def _pulls(y: Array, class_weight: Array, ignore_index: int) -> tuple[tuple[Array, Array], Array]:
    """Where the labels are in columns (C, M), and how much each counts (M,): 0 for those that are ignored."""
    xp = array_module(class_weight)
    y = y.reshape(-1)
    counted = y != ignore_index
    y = xp.where(counted, y, 0)
    return (y, xp.arange(y.size)), class_weight[y] * counted


def _all_count(x: Array, y: Array, ignore_index: int, name: str) -> bool:
    """Whether all labels are classes, none of them ignored. A label that is neither is an error."""
    classes = x.shape[0 if x.ndim == 1 else 1]
    in_range = surely_within(y, classes)
    if not (in_range or all_within(y, classes, but=ignore_index)):
        wrong = ((y < 0) | (y >= classes)) & (y != ignore_index)
        raise IndexError(
            f"{name}: labels must lie in 0..{classes - 1} for {classes} classes (x.shape = {x.shape}), "
            f"got {int(y[wrong][0])}."
        )
    return not 0 <= ignore_index < classes and (in_range or surely_within(y, classes))


def _check_scores(x: Array, y: Array, weight: Array | None, shares: bool, name: str) -> None:
    """Raise unless scores, truth and weight fit together."""
    if not hasattr(y, "dtype"):
        raise DtypeError(f"{name}: labels must be an array or a tensor, got a {type(y).__name__}.")
    if x.ndim == 0 or not (shares or y.shape == _without_classes(x)):
        raise ShapeError(
            f"{name}: scores (N, C, ...) need integer labels (N, ...), got x.shape = {x.shape}, y.shape = {y.shape}."
        )
    if x.dtype.kind != "f":
        raise DtypeError(f"{name}: scores must be floating point, got {x.dtype}.")
    if not shares and y.dtype.kind not in "iu":
        raise DtypeError(f"{name}: labels must be integers (class numbers), got {y.dtype}.")
    classes = x.shape[0 if x.ndim == 1 else 1]
    if classes == 0:
        raise ShapeError(f"{name}: there must be at least one class, got x.shape = {x.shape}.")
    if weight is not None and weight.shape != (classes,):
        raise ShapeError(f"{name}: weight must be ({classes},), one a class, got weight.shape = {weight.shape}.")
