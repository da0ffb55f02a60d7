"""Normalization: three roads from the output back to each input."""

from __future__ import annotations

from minigrad.teach.explain.explanation import Explanation, Gradient, Step

NORMALIZED = r"out = weight \, \hat{x} + bias, \quad \hat{x} = \frac{x - m}{s}, \quad s = \sqrt{v + \varepsilon}"
DX = r"dx = \frac{1}{s} \left(g - \operatorname{mean}(g) - \hat{x} \operatorname{mean}(g \hat{x})\right)"

THREE_ROADS = (
    Step("The scale is a factor, so this arrives at x̂:", r"g = dout \, weight"),
    Step("From there three roads lead to x. Straight: x̂ has the slope 1 / s in its own x.", r"\frac{g}{s}"),
    Step(
        "By the variance v. It is in every x̂, so its gradient is a sum.",
        r"\frac{\partial \hat{x}}{\partial v} = -\frac{x - m}{2 s^3} \quad \text{so} \quad dv = -\sum "
        r"g \frac{x - m}{2 s^3} = -\frac{1}{2 s^2} \sum g \hat{x}",
    ),
    Step(
        "And v is a mean of squares. This road brings",
        r"\frac{\partial v}{\partial x} = \frac{2 (x - m)}{n} = \frac{2 s \hat{x}}{n} \quad \text{so} "
        r"\quad dv \frac{2 s \hat{x}}{n} = -\frac{\hat{x}}{s} \operatorname{mean}(g \hat{x})",
    ),
    Step(
        "By the mean m. It is in every x̂ too.",
        r"\frac{\partial \hat{x}}{\partial m} = -\frac{1}{s} \quad \text{so} \quad dm = -\frac{1}{s} \sum g",
    ),
    Step(
        "(m moves v as well, but with the slope of a sum of distances from the mean, which is 0.)",
        r"\frac{\partial v}{\partial m} = -\frac{2}{n} \sum (x - m) = 0",
    ),
    Step("And m has the slope 1 / n in x. This road brings", r"\frac{dm}{n} = -\frac{1}{s} \operatorname{mean}(g)"),
    Step("Add up the three.", DX),
    Step("To move all x alike, or to stretch them, changes no x̂: so the gradient has no part along either."),
)


def _weight(over: str) -> Gradient:
    return Gradient(
        "weight",
        r"dweight = \sum dout \, \hat{x}",
        r"\hat{x}",
        (Step(f"The weight is multiplied by x̂, for all {over}. Add up.", r"dweight = \sum dout \, \hat{x}"),),
    )


def _bias(over: str) -> Gradient:
    return Gradient(
        "bias",
        r"dbias = \sum dout",
        "1",
        (Step(f"The bias is added, with slope 1, for all {over}. Add up.", r"dbias = \sum dout"),),
    )


EXPLANATIONS = (
    Explanation(
        "batch_norm",
        "normalization.batch_norm",
        "batch normalization, while training",
        NORMALIZED,
        "x (N, C) or (N, C, d₁, ..., dₖ). For each channel, m and v are the mean and the (biased) "
        "variance of its n numbers, in all examples and places. weight and bias (C,). Sums and means "
        "run over the n numbers of a channel.",
        ("x", "weight", "bias"),
        (Gradient("x", DX, "", THREE_ROADS), _weight("n numbers of a channel"), _bias("n numbers of a channel")),
        note="m and v are outputs too, which the layer keeps for its running statistics. An example's "
        "gradient depends on all others of its batch.",
        source="Ioffe and Szegedy, Batch normalization (2015)",
    ),
    Explanation(
        "batch_norm_eval",
        "normalization.batch_norm_eval",
        "batch normalization, with statistics that are known",
        NORMALIZED,
        "x (N, C) or (N, C, d₁, ..., dₖ); the mean m, the variance v, weight and bias are (C,), and "
        "m and v are given: the running statistics.",
        ("x", "mean", "var", "weight", "bias"),
        (
            Gradient(
                "x",
                r"dx = \frac{dout \, weight}{s}",
                r"\frac{weight}{s}",
                (
                    Step(
                        "m and v are constants now: to move one x moves no mean and no variance. Of "
                        "the three roads of batch_norm the straight one is left."
                    ),
                    Step("Two factors lie on it.", r"\frac{\partial out}{\partial x} = \frac{weight}{s}"),
                ),
            ),
            _weight("n numbers of a channel"),
            _bias("n numbers of a channel"),
        ),
        note="No element has a say in another's gradient.",
    ),
    Explanation(
        "layer_norm",
        "normalization.layer_norm",
        "layer normalization",
        NORMALIZED,
        "x (*, d₁, ..., dₖ). For each example, m and v are the mean and the (biased) variance of its "
        "n = d₁ · ... · dₖ numbers. weight and bias (d₁, ..., dₖ). The means below run over the n "
        "numbers of an example.",
        ("x", "weight", "bias"),
        (Gradient("x", DX, "", THREE_ROADS), _weight("examples"), _bias("examples")),
        note="A weight belongs to a place within the example here, so it stays inside the means. Each "
        "example is on its own.",
        source="Ba et al., Layer normalization (2016)",
    ),
)
