"""Activations with settings, element by element."""

from __future__ import annotations

from minigrad.teach.explain.explanation import Explanation, Step
from minigrad.teach.explain.families.elementwise import elementwise


def _activation(
    op: str, title: str, value: str, local: str, *steps: Step, note: str = "", where: str = "", source: str = ""
) -> Explanation:
    return elementwise(op, title, value, local, *steps, file="activation", note=note, where=where, source=source)


def _cases(right: str, left: str) -> str:
    return rf"\begin{{cases}} {right} & \text{{where }} x > 0 \\ {left} & \text{{elsewhere}} \end{{cases}}"


SIGMA = r"; σ(x) is the sigmoid, whose slope is σ(x)(1 - σ(x))"

EXPLANATIONS = (
    _activation(
        "leaky_relu",
        "leaky rectified linear unit",
        _cases("x", "s x"),
        _cases("1", "s"),
        Step("Two straight lines, each with its own slope. At the kink the left one is taken."),
        where="; s is the negative_slope",
        note="No unit dies: where x is negative, a little still passes.",
    ),
    _activation(
        "elu",
        "exponential linear unit",
        _cases("x", r"\alpha (e^x - 1)"),
        _cases("1", r"\alpha e^x"),
        Step(
            "Right of 0 it is the identity. Left of it only the exponential has a slope, its own.",
            r"\frac{\partial}{\partial x} \alpha (e^x - 1) = \alpha e^x",
        ),
        Step(
            "For α = 1 the two meet at 0 with the same slope. Otherwise there is a kink, and the left slope is taken."
        ),
        source="Clevert et al., Fast and accurate deep network learning by exponential linear units (2016)",
    ),
    _activation(
        "selu",
        "scaled exponential linear unit",
        _cases(r"\lambda x", r"\lambda \alpha (e^x - 1)"),
        _cases(r"\lambda", r"\lambda \alpha e^x"),
        Step("λ times elu, so λ times its slope."),
        where="; λ = 1.0507 and α = 1.6733, with which mean 0 and variance 1 stay what they are",
        source="Klambauer et al., Self-normalizing neural networks (2017)",
    ),
    _activation(
        "silu",
        "sigmoid linear unit (swish)",
        r"x \sigma(x)",
        r"\sigma(x) (1 + x (1 - \sigma(x)))",
        Step("The product rule.", r"y'(x) = \sigma(x) + x \, \sigma'(x)"),
        Step(
            "The sigmoid's slope is σ(1 - σ). Take σ out of both terms.", r"y'(x) = \sigma(x) (1 + x (1 - \sigma(x)))"
        ),
        where=SIGMA,
    ),
    _activation(
        "gelu",
        "Gaussian error linear unit",
        r"x \Phi(x)",
        r"\Phi(x) + x \varphi(x)",
        Step(
            "The product rule. Φ is an area under the bell curve φ: it grows by the height of the curve.",
            r"y'(x) = \Phi(x) + x \, \Phi'(x) = \Phi(x) + x \, \varphi(x)",
        ),
        Step(
            "The bell curve, the density of the normal distribution:", r"\varphi(x) = \frac{1}{\sqrt{2 \pi}} e^{-x^2/2}"
        ),
        where="; Φ(x) is how much of the standard normal distribution lies below x",
        source="Hendrycks and Gimpel, Gaussian error linear units (2016)",
    ),
    _activation(
        "gelu_tanh",
        "Gaussian error linear unit, by the formula close to it",
        r"\frac{x}{2} (1 + \tanh u)",
        r"\frac{1 + \tanh u}{2} + \frac{x}{2} (1 - \tanh^2 u) u'",
        Step(
            "The product rule. tanh has the slope 1 - tanh².",
            r"y'(x) = \frac{1 + \tanh u}{2} + \frac{x}{2} (1 - \tanh^2 u) \, u'",
        ),
        Step("And u is a polynomial.", r"u' = \sqrt{\frac{2}{\pi}} (1 + 3 \cdot 0.044715 \, x^2)"),
        where="; u = √(2/π) (x + 0.044715 x³)",
        source="Hendrycks and Gimpel, Gaussian error linear units (2016)",
    ),
    _activation(
        "softplus",
        "smooth relu",
        r"\frac{1}{\beta} \log(1 + e^{\beta x})",
        r"\sigma(\beta x)",
        Step(
            "The chain rule: the logarithm, the exponential, β x.",
            r"y'(x) = \frac{1}{\beta} \cdot \frac{1}{1 + e^{\beta x}} \cdot e^{\beta x} \cdot \beta",
        ),
        Step(
            "β cancels. Divide above and below by the exponential: it is the sigmoid.",
            r"y'(x) = \frac{e^{\beta x}}{1 + e^{\beta x}} = \sigma(\beta x)",
        ),
        where="; β and the threshold are settings",
        note="Where β x is above the threshold, y is x and the slope 1: the two can no longer be told apart there.",
    ),
    _activation(
        "mish",
        "mish",
        r"x \tanh s",
        r"\tanh s + x (1 - \tanh^2 s) \sigma(x)",
        Step("The product rule. tanh has the slope 1 - tanh².", r"y'(x) = \tanh s + x (1 - \tanh^2 s) \, s'"),
        Step("s is softplus, whose slope is the sigmoid.", r"s' = \frac{e^x}{1 + e^x} = \sigma(x)"),
        where="; s = log(1 + eˣ)",
        source="Misra, Mish: a self regularized non-monotonic activation function (2020)",
    ),
    _activation(
        "logsigmoid",
        "logarithm of the sigmoid",
        r"\log \sigma(x)",
        r"1 - \sigma(x)",
        Step(
            "The logarithm has the slope 1 / σ, and σ has σ(1 - σ).",
            r"y'(x) = \frac{1}{\sigma(x)} \cdot \sigma(x) (1 - \sigma(x)) = 1 - \sigma(x)",
        ),
        where=SIGMA,
        note="It is computed as -log(1 + e⁻ˣ), in which nothing becomes 0 before the logarithm is taken.",
    ),
    _activation(
        "hardtanh",
        "brought between two numbers",
        r"\min(\max(x, low), high)",
        "[low < x < high]",
        Step("Inside it is the identity, outside a constant. On the bounds, where the two meet, 0 is taken."),
        where="; low and high are the settings min_val and max_val",
    ),
)
