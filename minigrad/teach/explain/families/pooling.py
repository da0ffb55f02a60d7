"""Pooling: of what each window sees, one number goes on."""

from __future__ import annotations

from minigrad.teach.explain.explanation import Explanation, Gradient, Step

OVERLAP = "Where windows overlap, an element gets the sum of what they hand back."

EXPLANATIONS = (
    Explanation(
        "max_pool2d",
        "pooling.max_pool2d",
        "the largest number of each window",
        r"out[h, v] = \max_{i, j} x[h s + i, v s + j]",
        "In each image and channel of x (N, C, H, W): windows of kernel_size, one every s (stride) "
        "pixels, i and j the places in a window.",
        ("x",),
        (
            Gradient(
                "x",
                r"dx[p, q] = \sum_{h, v} dout[h, v] \, [x[p, q] \text{ won in } (h, v)]",
                r"[x[p, q] \text{ won in } (h, v)]",
                (
                    Step(
                        "The output is one of the elements that the window sees: the winner. A small "
                        "step of another one changes nothing.",
                        r"\frac{\partial out[h, v]}{\partial x[p, q]} = [x[p, q] \text{ won in } (h, v)]",
                    ),
                    Step(
                        "So all of dout[h, v] goes to the winner, and nothing to the others: forward "
                        "notes who won, backward routes."
                    ),
                    Step(OVERLAP),
                    Step(
                        "Where several are equally large, the first takes all, row by row: a window "
                        "hands back what it was given, no more and no less."
                    ),
                ),
            ),
        ),
        note="The border that padding adds never wins.",
    ),
    Explanation(
        "avg_pool2d",
        "average_pooling.avg_pool2d",
        "the mean of each window",
        r"out[h, v] = \frac{1}{n} \sum_{i, j} x[h s + i, v s + j]",
        "In each image and channel of x (N, C, H, W): windows of kernel_size, one every s (stride) "
        "pixels; n is how many elements a window has.",
        ("x",),
        (
            Gradient(
                "x",
                r"dx[p, q] = \frac{1}{n} \sum_{h, v} dout[h, v]",
                r"\frac{1}{n}",
                (
                    Step(
                        "The mean has the slope 1/n in each element that the window sees.",
                        r"\frac{\partial out[h, v]}{\partial x[p, q]} = \frac{1}{n}",
                    ),
                    Step(
                        "So dout[h, v] is shared out equally. The sum runs over the windows that see (p, q).",
                        r"dx[p, q] = \frac{1}{n} \sum_{h, v} dout[h, v]",
                    ),
                    Step(OVERLAP),
                ),
            ),
        ),
        note="n counts the border too, unless count_include_pad=False.",
    ),
    Explanation(
        "adaptive_avg_pool2d",
        "average_pooling.adaptive_avg_pool2d",
        "the means of as many windows as asked for",
        r"out[h, v] = \frac{1}{n} \sum_{p, q} x[p, q]",
        "In each image and channel of x (N, C, H, W): output_size (Ho, Wo) windows cover it; window "
        "h reaches from row ⌊h H / Ho⌋ up to row ⌈(h + 1) H / Ho⌉. n is how many elements window (h, v) has.",
        ("x",),
        (
            Gradient(
                "x",
                r"dx[p, q] = \sum_{h, v} \frac{dout[h, v]}{n}",
                r"\frac{1}{n}",
                (
                    Step(
                        "The mean has the slope 1/n in each element of its window.",
                        r"\frac{\partial out[h, v]}{\partial x[p, q]} = \frac{1}{n}",
                    ),
                    Step(
                        "Each element gets its share from all windows that it lies in; they overlap "
                        "where H is no multiple of Ho.",
                        r"dx[p, q] = \sum_{h, v} \frac{dout[h, v]}{n}",
                    ),
                ),
            ),
        ),
    ),
)
