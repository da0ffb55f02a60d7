"""Losses: what is wrong, as one number."""

from __future__ import annotations

from minigrad.teach.explain.explanation import Explanation, Gradient, Step

_OF_DIFFERENCE = "It is a function of x - y alone, so y's slope is x's with the other sign."


def _pointwise(
    op: str,
    title: str,
    loss: str,
    by_x: str,
    by_y: str,
    x_steps: tuple[Step, ...],
    y_steps: tuple[Step, ...],
    where: str = "",
    note: str = "",
) -> Explanation:
    """Losses that compare x and y element by element. Their story is one; what differs is ℓ and its slopes."""

    def gradient(argument: str, slope: str, steps: tuple[Step, ...]) -> Gradient:
        partial = rf"\frac{{\partial \ell}}{{\partial {argument}}}"
        return Gradient(
            argument,
            rf"d{argument} = \frac{{dout}}{{n}} \odot \left({slope}\right)",
            slope,
            (
                Step(
                    "Each ℓ depends on its own x and y alone, and is divided by n in the mean.",
                    rf"d{argument} = \frac{{dout}}{{n}} \odot {partial}",
                ),
                *steps,
            ),
        )

    return Explanation(
        op,
        f"pointwise_loss.{op}",
        title,
        rf"out = \frac{{1}}{{n}} \sum \ell, \quad \ell = {loss}",
        f"x and y of shapes that broadcast; ℓ is the loss of one pair of elements, and n how many "
        f"there are{where}. For the reductions sum and none, n is 1.",
        ("x", "y"),
        (gradient("x", by_x, x_steps), gradient("y", by_y, y_steps)),
        note=note,
    )


def _where(condition: str, inside: str, outside: str) -> str:
    return rf"\begin{{cases}} {inside} & \text{{where }} {condition} \\ {outside} & \text{{elsewhere}} \end{{cases}}"


MINUS = (Step(_OF_DIFFERENCE, r"\frac{\partial \ell}{\partial y} = -\frac{\partial \ell}{\partial x}"),)
D = r"\lvert d \rvert"

EXPLANATIONS = (
    Explanation(
        "cross_entropy",
        "loss.cross_entropy",
        "cross-entropy of softmax",
        r"out = -\frac{1}{N} \sum_n \log p[n, y_n], \quad p = \operatorname{softmax}(x)",
        "x (N, C): scores of N examples for C classes. y (N,): the number of the true class of each. "
        "t is y as rows of C numbers, 1 at the true class and 0 elsewhere (one-hot).",
        ("x", "y", "weight"),
        (
            Gradient(
                "x",
                r"dx = \frac{dout}{N} (p - t)",
                r"\frac{p - t}{N}",
                (
                    Step(
                        "One example's loss, with its row t, which picks the true class out of the sum:",
                        r"loss = -\sum_c t_c \log p_c",
                    ),
                    Step("The logarithm of softmax is a difference.", r"\log p_c = x_c - \log \sum_k e^{x_k}"),
                    Step(
                        "Its slope in xⱼ: 1 if it is its own score; and the logarithm of the sum has "
                        "the slope of softmax.",
                        r"\frac{\partial}{\partial x_j} \log p_c = [c = j] - \frac{e^{x_j}}{\sum_k "
                        r"e^{x_k}} = [c = j] - p_j",
                    ),
                    Step(
                        "Put it into the loss.",
                        r"\frac{\partial loss}{\partial x_j} = -\sum_c t_c \left([c = j] - p_j\right) "
                        r"= p_j \sum_c t_c - t_j",
                    ),
                    Step(
                        "The t of one example add up to 1: what the model believes, minus what is true.",
                        r"\frac{\partial loss}{\partial x_j} = p_j - t_j",
                    ),
                    Step("The mean divides by N."),
                ),
            ),
        ),
        note="Labels are integers, and have no gradient. With a class weight w, t is w times the one-hot "
        "row, and N becomes the sum of the "
        "weights; label smoothing e takes e of each t and gives it to all classes equally; then Σ t "
        "stays in the formula. If y gives shares of "
        "the classes instead of a label, they have a gradient: -w (1 - e) log p / N.",
        source="PyTorch, CrossEntropyLoss",
    ),
    Explanation(
        "nll_loss",
        "loss.nll_loss",
        "negative log-likelihood",
        r"out = -\frac{1}{N} \sum_n x[n, y_n]",
        "x (N, C): logarithms of probabilities, for N examples and C classes. y (N,): the number of "
        "the true class of each.",
        ("x", "y", "weight"),
        (
            Gradient(
                "x",
                r"dx[n, c] = -\frac{dout}{N} [c = y_n]",
                r"-\frac{[c = y_n]}{N}",
                (
                    Step(
                        "Of each row only the element of the true class is read, with the factor -1 / N.",
                        r"\frac{\partial out}{\partial x[n, c]} = -\frac{1}{N} [c = y_n]",
                    ),
                    Step("All others are not in the loss at all: 0."),
                ),
            ),
        ),
        note="It is cross-entropy without its softmax. With a class weight w, -w[yₙ] stands in place of "
        "-1, and N becomes the sum of the w[yₙ].",
        source="PyTorch, NLLLoss",
    ),
    _pointwise(
        "mse_loss",
        "mean squared error",
        "(x - y)^2",
        "2 (x - y)",
        "-2 (x - y)",
        (Step("A square has twice its base as its slope.", r"\frac{\partial \ell}{\partial x} = 2 (x - y)"),),
        MINUS,
    ),
    _pointwise(
        "l1_loss",
        "mean absolute error",
        r"\lvert x - y \rvert",
        r"\operatorname{sign}(x - y)",
        r"-\operatorname{sign}(x - y)",
        (
            Step(
                "The slope of an absolute value is its sign. At the kink, x = y, 0 is taken.",
                r"\frac{\partial \ell}{\partial x} = \operatorname{sign}(x - y)",
            ),
        ),
        MINUS,
    ),
    _pointwise(
        "smooth_l1_loss",
        "absolute error with a rounded kink",
        _where(rf"{D} < \beta", r"\frac{d^2}{2 \beta}", rf"{D} - \frac{{\beta}}{{2}}"),
        _where(rf"{D} < \beta", r"\frac{d}{\beta}", r"\operatorname{sign}(d)"),
        _where(rf"{D} < \beta", r"-\frac{d}{\beta}", r"-\operatorname{sign}(d)"),
        (
            Step(
                "Inside it is a square, outside a straight line; the two meet at |d| = β with the "
                "same slope. So the slope is d / β, cut off at ±1."
            ),
        ),
        MINUS,
        where="; d = x - y, and β is a setting",
    ),
    _pointwise(
        "huber_loss",
        "Huber's loss",
        _where(rf"{D} \le \delta", r"\frac{d^2}{2}", rf"\delta ({D} - \frac{{\delta}}{{2}})"),
        _where(rf"{D} \le \delta", "d", r"\delta \operatorname{sign}(d)"),
        _where(rf"{D} \le \delta", "-d", r"-\delta \operatorname{sign}(d)"),
        (
            Step(
                "Inside it is a square, outside a straight line; the two meet at |d| = δ with the "
                "same slope. So the slope is d, cut off at ±δ: an outlier pulls no harder than that."
            ),
        ),
        MINUS,
        where="; d = x - y, and δ is a setting",
    ),
    _pointwise(
        "binary_cross_entropy_with_logits",
        "cross-entropy of the sigmoid",
        r"-y \log \sigma(x) - (1 - y) \log(1 - \sigma(x))",
        r"\sigma(x) - y",
        "-x",
        (
            Step(
                "The sigmoid σ has the slope σ(1 - σ), so the logarithms have the slopes",
                r"\frac{\partial}{\partial x} \log \sigma = 1 - \sigma, \quad "
                r"\frac{\partial}{\partial x} \log(1 - \sigma) = -\sigma",
            ),
            Step(
                "Put them in, and see most of it cancel: what the model believes, minus what is true.",
                r"\frac{\partial \ell}{\partial x} = -y (1 - \sigma) + (1 - y) \sigma = \sigma - y",
            ),
        ),
        (
            Step("In y it is a straight line.", r"\frac{\partial \ell}{\partial y} = \log(1 - \sigma) - \log \sigma"),
            Step("The ratio of the two is e⁻ˣ.", r"\log \frac{1 - \sigma}{\sigma} = \log e^{-x} = -x"),
        ),
        where="; σ is the sigmoid of x",
        note="A pos_weight multiplies the first term, and what comes from it. It is computed without a "
        "sigmoid, by log(1 + e⁻ˣ), so that nothing overflows.",
    ),
    _pointwise(
        "binary_cross_entropy",
        "cross-entropy of a probability",
        r"-y \log x - (1 - y) \log(1 - x)",
        r"\frac{x - y}{x (1 - x)}",
        r"\log(1 - x) - \log x",
        (
            Step(
                "The slopes of the two logarithms:",
                r"\frac{\partial \ell}{\partial x} = -\frac{y}{x} + \frac{1 - y}{1 - x}",
            ),
            Step(
                "Over one divisor; x y cancels.", r"\frac{-y (1 - x) + (1 - y) x}{x (1 - x)} = \frac{x - y}{x (1 - x)}"
            ),
        ),
        (Step("In y it is a straight line.", r"\frac{\partial \ell}{\partial y} = \log(1 - x) - \log x"),),
        note="No logarithm below -100 is taken, and no divisor below 1e-12. With scores instead of "
        "probabilities use binary_cross_entropy_with_logits.",
    ),
    _pointwise(
        "kl_div",
        "Kullback-Leibler divergence",
        r"y (\log y - x)",
        "-y",
        r"\log y + 1 - x",
        (Step("In x it is a straight line.", r"\frac{\partial \ell}{\partial x} = -y"),),
        (
            Step(
                "The product rule: y times the slope 1 / y of its logarithm is 1.",
                r"\frac{\partial \ell}{\partial y} = (\log y - x) + y \cdot \frac{1}{y} = \log y + 1 - x",
            ),
        ),
        where="; x is the logarithm of a probability, y a probability",
        note="With log_target y is a logarithm too, and its exponential stands where y does: ℓ = e^y (y - "
        "x), with the slopes -e^y and e^y (y - x + 1).",
    ),
)
