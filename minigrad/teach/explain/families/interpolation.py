"""Interpolation: an image in another size."""

from __future__ import annotations

from minigrad.teach.explain.explanation import Explanation, Gradient, Step

EXPLANATIONS = (
    Explanation(
        "interpolate",
        "interpolation.interpolate",
        "an image in another size, each new pixel a mix of old ones",
        r"out = A x B^T",
        "Each image and channel of x (N, C, H, W) is a matrix; A (Ho, H) mixes its rows, B (Wo, W) its columns. They "
        "do not depend on x. mode nearest: a single 1 in each row of A. bilinear: 1 - t and t, where the new "
        "pixel lies a part t of the way from an old one to the next.",
        ("x",),
        (
            Gradient(
                "x",
                r"dx = A^T dout B",
                r"A[h, p] \, B[v, q]",
                (
                    Step(
                        "Write one new pixel out, element by element.",
                        r"out[h, v] = \sum_{p, q} A[h, p] \, B[v, q] \, x[p, q]",
                    ),
                    Step(
                        "It is linear in x: the slope is the weight.",
                        r"\frac{\partial out[h, v]}{\partial x[p, q]} = A[h, p] \, B[v, q]",
                    ),
                    Step(
                        "One old pixel collects from all new pixels that it went into.",
                        r"dx[p, q] = \sum_{h, v} A[h, p] \, B[v, q] \, dout[h, v]",
                    ),
                    Step("The sum runs over the rows of A and B now, so they stand transposed.", r"dx = A^T dout B"),
                ),
            ),
        ),
        note="The pair as it runs leaves out the products with the zeros of A and B, which are nearly all. The "
        "blackboard version multiplies the matrices.",
        parts=("_mix", "_weights"),
    ),
)
