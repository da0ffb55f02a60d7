"""Running totals along an axis."""

from __future__ import annotations

from minigrad.teach.explain.explanation import Explanation, Gradient, Step

EXPLANATIONS = (
    Explanation(
        "cumsum",
        "cumulative.cumsum",
        "running sum",
        r"y_i = x_0 + x_1 + \cdots + x_i",
        "Along one axis of x; y has x's shape.",
        ("x",),
        (
            Gradient(
                "x",
                r"dx_i = \sum_{j \ge i} dout_j",
                r"[j \ge i]",
                (
                    Step(
                        "xᵢ is in yᵢ and in all that follow, with slope 1.",
                        r"\frac{\partial y_j}{\partial x_i} = [j \ge i]",
                    ),
                    Step("Add up what comes back from those.", r"dx_i = dout_i + dout_{i+1} + \cdots"),
                    Step("That is a running sum again, from the other end."),
                ),
            ),
        ),
    ),
    Explanation(
        "cumprod",
        "cumulative.cumprod",
        "running product",
        r"y_i = x_0 x_1 \cdots x_i",
        "Along one axis of x; y has x's shape.",
        ("x",),
        (
            Gradient(
                "x",
                r"dx_i = dy_i \, y_{i-1}, \quad dy_i = dout_i + dy_{i+1} \, x_{i+1}",
                "y_{i-1}",
                (
                    Step("Write it step by step, beginning with a 1 in front.", r"y_i = y_{i-1} \, x_i"),
                    Step(
                        "yᵢ is an output, and a factor of the next one. So its whole gradient has two parts.",
                        r"dy_i = dout_i + dy_{i+1} \, x_{i+1}",
                    ),
                    Step("xᵢ is a factor of yᵢ alone; the other one is yᵢ₋₁.", r"dx_i = dy_i \, y_{i-1}"),
                    Step(
                        "Go through it from the last to the first. There is no division, so zeros are nothing special."
                    ),
                ),
            ),
        ),
        note="A backward pass in small: each step hands on to the one before it.",
    ),
)
