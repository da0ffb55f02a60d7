"""The rules of the optimisers, one launch for each parameter: the lines of `optim`, for one weight `w`.

Portable code reads and writes all weights once a line; here a weight, its gradient and what is remembered of it are
read once, and written once. MAXIMIZE and NESTEROV are 1 or 0.
"""

from __future__ import annotations

import functools

from minigrad.kernels.kernel import Kernel

DOWNHILL = """
    T g = MAXIMIZE ? -gradient : gradient;
    if (decay != 0) g += decay * w;
"""

sgd = Kernel("sgd", "T gradient, T decay, T lr", "T w", DOWNHILL + "w -= lr * g;")

sgd_with_momentum = Kernel(
    "sgd_with_momentum",
    "T gradient, T decay, T lr, T momentum, T share",
    "T w, T velocity",
    DOWNHILL
    + """
    velocity = momentum * velocity + share * g;
    w -= lr * (NESTEROV ? g + momentum * velocity : velocity);
    """,
)


@functools.cache
def adam(amsgrad: bool) -> Kernel:
    """kept: what a weight is multiplied by before its step. The sums of beta and rest are 1."""
    return Kernel(
        "amsgrad" if amsgrad else "adam",
        "T gradient, T decay, T kept, T step, T beta1, T rest1, T beta2, T rest2, T correction, T eps",
        "T w, T mean, T square" + (", T largest" if amsgrad else ""),
        f"""
        w *= kept;
        {DOWNHILL}
        mean = beta1 * mean + rest1 * g;
        square = beta2 * square + rest2 * g * g;
        T size = square;
        {"if (square > largest || square != square) largest = square; size = largest;" if amsgrad else ""}
        w -= step * mean / (sqrt(size / correction) + eps);
        """,
    )


@functools.cache
def rmsprop(centered: bool, momentum: bool) -> Kernel:
    """alpha + rest = 1."""
    return Kernel(
        "rmsprop",
        "T gradient, T decay, T lr, T alpha, T rest, T eps, T momentum",
        "T w, T square" + (", T mean" if centered else "") + (", T velocity" if momentum else ""),
        f"""
        {DOWNHILL}
        square = alpha * square + rest * g * g;
        T size = square;
        {"mean = alpha * mean + rest * g; size -= mean * mean;" if centered else ""}
        T step = g / (sqrt(size) + eps);
        {"step = velocity = momentum * velocity + step;" if momentum else ""}
        w -= lr * step;
        """,
    )


adagrad = Kernel(
    "adagrad",
    "T gradient, T decay, T lr, T eps",
    "T w, T sum",
    DOWNHILL
    + """
    sum += g * g;
    w -= lr * g / (sqrt(sum) + eps);
    """,
)

# rho + rest = 1.
adadelta = Kernel(
    "adadelta",
    "T gradient, T decay, T lr, T rho, T rest, T eps",
    "T w, T square, T steps",
    DOWNHILL
    + """
    square = rho * square + rest * g * g;
    T step = g * sqrt(steps + eps) / sqrt(square + eps);
    steps = rho * steps + rest * step * step;
    w -= lr * step;
    """,
)
