"""softmax and its logarithm: scores become probabilities."""

from __future__ import annotations

from minigrad.teach.explain.explanation import Explanation, Gradient, Step

EXPLANATIONS = (
    Explanation(
        "softmax",
        "softmax.softmax",
        "scores as probabilities",
        r"y_i = \frac{e^{x_i}}{\sum_k e^{x_k}}",
        "Along one axis of x, the classes; y has x's shape, is positive, and adds up to 1.",
        ("x",),
        (
            Gradient(
                "x",
                r"dx_j = y_j \left(dout_j - \sum_i dout_i \, y_i\right)",
                r"y_i \left([i = j] - y_j\right)",
                (
                    Step(
                        "Call the sum s. Only one of its terms has xⱼ in it.",
                        r"y_i = \frac{e^{x_i}}{s}, \quad \frac{\partial s}{\partial x_j} = e^{x_j}",
                    ),
                    Step(
                        "The quotient rule. The numerator has a slope in xⱼ only if it is its own, i = j.",
                        r"\frac{\partial y_i}{\partial x_j} = \frac{[i = j] \, e^{x_i} s - e^{x_i} e^{x_j}}{s^2}",
                    ),
                    Step(
                        "Divide, and call the fractions by their names. This is the Jacobian.",
                        r"\frac{\partial y_i}{\partial x_j} = y_i \left([i = j] - y_j\right)",
                    ),
                    Step(
                        "Every output depends on every score, so the chain rule's sum stays.",
                        r"dx_j = \sum_i dout_i \, y_i \left([i = j] - y_j\right)",
                    ),
                    Step(
                        "The first term is there for i = j only; from the second, yⱼ comes out of the sum.",
                        r"dx_j = y_j \, dout_j - y_j \sum_i dout_i \, y_i",
                    ),
                ),
            ),
        ),
        note="Each gradient is compared with the mean gradient, weighted by the probabilities. So dx adds "
        "up to 0: to raise all "
        "scores alike changes nothing.",
    ),
    Explanation(
        "log_softmax",
        "softmax.log_softmax",
        "logarithm of softmax",
        r"y_i = x_i - \log \sum_k e^{x_k}",
        "Along one axis of x, the classes; y has x's shape. p is the softmax of x, the exponential of y.",
        ("x",),
        (
            Gradient(
                "x",
                r"dx_j = dout_j - p_j \sum_i dout_i",
                "[i = j] - p_j",
                (
                    Step(
                        "The first term has the slope 1 in its own score. The logarithm of the sum "
                        "has the slope of softmax.",
                        r"\frac{\partial}{\partial x_j} \log \sum_k e^{x_k} = \frac{e^{x_j}}{\sum_k e^{x_k}} = p_j",
                    ),
                    Step("Together:", r"\frac{\partial y_i}{\partial x_j} = [i = j] - p_j"),
                    Step(
                        "Every output depends on every score, so the chain rule's sum stays.",
                        r"dx_j = \sum_i dout_i \left([i = j] - p_j\right) = dout_j - p_j \sum_i dout_i",
                    ),
                ),
            ),
        ),
        note="The largest score is taken off first: it cancels, nothing overflows, and no logarithm is "
        "taken of a number near 0.",
    ),
)
