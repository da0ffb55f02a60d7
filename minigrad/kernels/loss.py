"""Cross-entropy of scores (N, C) and labels: forwards a thread for each example, backwards one for each score.

So a thread reads one row of scores, CLASSES numbers that lie side by side, three times, and the cache has it after the
first: right for few classes. A label that is no class reads nothing, and its loss is NaN.
"""

from __future__ import annotations

from minigrad.kernels.kernel import Kernel

MOST_CLASSES = 64

cross_entropy_forward = Kernel(
    "cross_entropy_forward",
    "raw T x, L label",
    "T loss, raw T p",
    """
    const ptrdiff_t row = (ptrdiff_t) i * CLASSES;
    T largest = x[row], own = nan(""), sum = 0;
    for (int c = 0; c < CLASSES; c++) if (x[row + c] > largest) largest = x[row + c];
    for (int c = 0; c < CLASSES; c++) {
        const T shifted = x[row + c] - largest;
        if (c == label) own = shifted;
        sum += exp(shifted);
    }
    for (int c = 0; c < CLASSES; c++) p[row + c] = exp(x[row + c] - largest) / sum;
    loss = log(sum) - own;
    """,
)

# dout: one for all, or (N, 1).
cross_entropy_backward = Kernel(
    "cross_entropy_backward",
    "T p, L label, T dout, T total",
    "T dx",
    """
    const T upstream = dout / total;
    dx = p * upstream;
    if (i % CLASSES == label) dx -= upstream;
    """,
)
