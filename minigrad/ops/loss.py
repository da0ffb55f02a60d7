"""Losses: cross-entropy of a softmax, as PyTorch's full pair and as the course's one function `softmax_loss`."""

from __future__ import annotations

from minigrad.backend import Array, DtypeError, ShapeError, array_module

REDUCTIONS = ("mean", "sum", "none")


def log_softmax(x: Array, axis: int) -> Array:
    """log(eˣ / Σ eˣ) over `axis`, without ever forming eˣ of a large number or the log of a small one.

    Subtracting the maximum m changes nothing, since it cancels in the fraction, and leaves exponents <= 0:
    log softmax(x) = (x - m) - log Σ exp(x - m). The sum holds exp(0) = 1, so its log is finite.
    """
    xp = array_module(x)
    shifted = x - x.max(axis=axis, keepdims=True)
    return shifted - xp.log(xp.exp(shifted).sum(axis=axis, keepdims=True))


def cross_entropy_forward(
    x: Array,
    y: Array,
    weight: Array | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
):
    """Cross-entropy between softmax(x) and the labels y.

    x: (N, C), (N, C, d_1, ..., d_k) or (C,), the class scores (logits). y: integer labels, x's shape without C.
    weight: (C,), how much a class counts. An example whose label is `ignore_index` counts nothing.

    With p = softmax(x) over the classes, the loss of one example is -w[y] log p[y]; "mean" divides the sum by the sum
    of w[y] (the number of examples without weights), "none" keeps a loss for each example. With label smoothing e the
    target is not the class y alone: it gets 1 - e, and all C classes together, y too, share e equally:
    -(1 - e) w[y] log p[y] - (e / C) Σ_c w[c] log p[c].

    Source: PyTorch, `CrossEntropyLoss`.
    """
    xp = array_module(x)
    axis = 0 if x.ndim == 1 else 1
    _check_arguments(x, y, weight, axis, ignore_index, reduction, label_smoothing)
    classes = x.shape[axis]
    counted = y != ignore_index
    one_hot = xp.expand_dims(xp.where(counted, y, 0), axis) == _along(xp.arange(classes), axis, x.ndim)
    # target[c] is how much the class c pulls: the weighted, smoothed one-hot row, and 0 for ignored examples.
    class_weight = xp.ones(classes, x.dtype) if weight is None else weight.astype(x.dtype)
    target = (one_hot * (1 - label_smoothing) + label_smoothing / classes) * _along(class_weight, axis, x.ndim)
    target = (target * xp.expand_dims(counted, axis)).astype(x.dtype)

    log_p = log_softmax(x, axis)
    losses = -(target * xp.where(target == 0, 0, log_p)).sum(axis=axis)  # 0 * -inf is 0 here: no pull, no loss
    if reduction == "none":
        return losses, (log_p, target, axis, None)
    if reduction == "sum":
        return losses.sum(), (log_p, target, axis, 1)
    total = (counted * (1 if weight is None else class_weight[xp.where(counted, y, 0)])).sum().astype(x.dtype)
    # With every example ignored the mean is 0 / 0 = nan, but nothing pulls: the gradient is 0 / 1.
    return losses.sum() / total, (log_p, target, axis, xp.where(counted.any(), total, 1).astype(x.dtype))


def cross_entropy_backward(dout: Array, cache):
    """dx = (p Σ_c t[c] - t) / total: what the model believes, minus what is true.

    For one example with targets t, loss = -Σ_c t[c] log p[c] and log p[c] = x[c] - log Σ_k exp(x[k]). The second term
    has derivative exp(x[j]) / Σ exp(x[k]) = p[j] with respect to x[j], so d log p[c] / d x[j] = [c = j] - p[j] and

        dx[j] = -Σ_c t[c] ([c = j] - p[j]) = p[j] Σ_c t[c] - t[j].

    For one-hot targets, Σ t = 1 and this is p - one_hot. The labels and the weight have no gradient.
    """
    log_p, target, axis, total = cache
    xp = array_module(log_p)
    dx = xp.exp(log_p) * target.sum(axis=axis, keepdims=True) - target
    upstream = xp.expand_dims(dout, axis) if total is None else dout / total
    return dx * upstream, None, None


def softmax_loss(x: Array, y: Array):
    """The course's face of the pair: mean cross-entropy and its gradient at once.

    x: (N, C) scores, N >= 1. y: (N,) integer labels in 0..C-1. Returns the loss, a number, and dx (N, C).
    """
    if x.ndim != 2 or len(x) == 0:
        raise ShapeError(f"softmax_loss: expected scores (N, C) of at least one example, got x.shape = {x.shape}.")
    loss, cache = cross_entropy_forward(x, y)
    if (y < 0).any():  # the full pair ignores -100; in the course every example counts
        raise IndexError(f"softmax_loss: labels must lie in 0..{x.shape[1] - 1}, got {int(y.min())}.")
    dx, _, _ = cross_entropy_backward(array_module(x).ones_like(loss), cache)
    return loss, dx


def _along(values: Array, axis: int, ndim: int) -> Array:
    """`values` (C,) as an array of `ndim` axes, with C on `axis` and length 1 elsewhere."""
    return values.reshape([-1 if a == axis else 1 for a in range(ndim)])


def _check_arguments(
    x: Array,
    y: Array,
    weight: Array | None,
    axis: int,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
) -> None:
    name = "cross_entropy"
    if not hasattr(y, "dtype"):
        raise DtypeError(f"{name}: labels must be an array or a tensor, got a {type(y).__name__}.")
    if x.ndim == 0 or y.shape != x.shape[:axis] + x.shape[axis + 1 :]:
        raise ShapeError(
            f"{name}: scores (N, C, ...) need integer labels (N, ...), got x.shape = {x.shape}, y.shape = {y.shape}."
        )
    if x.dtype.kind != "f":
        raise DtypeError(f"{name}: scores must be floating point, got {x.dtype}.")
    if y.dtype.kind not in "iu":
        raise DtypeError(f"{name}: labels must be integers (class numbers), got {y.dtype}.")
    classes = x.shape[axis]
    if classes == 0:
        raise ShapeError(f"{name}: there must be at least one class, got x.shape = {x.shape}.")
    if weight is not None and weight.shape != (classes,):
        raise ShapeError(f"{name}: weight must be ({classes},), one a class, got weight.shape = {weight.shape}.")
    if reduction not in REDUCTIONS:
        raise ValueError(f"{name}: reduction must be one of {', '.join(REDUCTIONS)}, got {reduction!r}.")
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"{name}: label_smoothing must lie in 0..1, got {label_smoothing}.")
    wrong = ((y < 0) | (y >= classes)) & (y != ignore_index)
    if wrong.any():
        raise IndexError(
            f"{name}: labels must lie in 0..{classes - 1} for {classes} classes (x.shape = {x.shape}), "
            f"got {int(y[wrong][0])}."
        )
