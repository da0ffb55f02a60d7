import xml.etree.ElementTree as ElementTree

import pytest

from minigrad.teach.explain import ALL
from minigrad.teach.explain.explanation import latex
from minigrad.teach.explain.render import mathml_of, text_of

FORMULAS = sorted(
    {one.formula for one in ALL}
    | {formula for one in ALL for gradient in one.gradients for formula in (gradient.rule, gradient.local) if formula}
    | {step.math for one in ALL for gradient in one.gradients for step in gradient.steps if step.math}
)


@pytest.mark.parametrize(
    "source, text",
    [
        (r"dx = dout \odot w^{\mathsf T}", "dx = dout ⊙ wᵀ"),
        (r"\frac{\partial out_i}{\partial x_j}", "∂outᵢ/∂xⱼ"),
        (r"\frac{g - m}{\sqrt{v + \varepsilon}}", "(g - m)/√(v + ε)"),
        (r"-\frac{1}{2} y^3", "-1/2 y³"),
        (r"\frac{1}{2 y}", "1/(2y)"),
        (r"\sum_{i=1}^{n} \hat{x}_i", "Σᵢ₌₁ⁿ x̂ᵢ"),
        (r"\sum_{n, h} dout[n, h]", "Σ[n, h] dout[n, h]"),
        (r"e^{x_i - out}", "e^(xᵢ - out)"),
        (r"2^{x y}", "2^(x y)"),
        (r"y'(x) = -\sin x", "y'(x) = -sin x"),
        (r"x (-y) - 2", "x(-y) - 2"),
        (r"\begin{cases} x & \text{where } x > 0 \\ -x & \text{elsewhere} \end{cases}", "x where x > 0, -x elsewhere"),
        (r"\left\lfloor \lvert x \rvert \right\rfloor", "⌊|x|⌋"),
    ],
)
def test_latex_reads_well_in_a_line(source, text):
    assert text_of(latex(source)) == text


@pytest.mark.parametrize("source", [r"\unknown x", r"x^", r"^2", r"{x", r"\begin{matrix} x \end{matrix}"])
def test_what_cannot_be_read_is_an_error(source):
    with pytest.raises(ValueError, match="text_of"):
        text_of(source)


def test_words_become_names_and_commands_stay():
    assert latex(r"dx = \text{the dout} \cdot dout") == r"\mathit{dx} = \text{the dout} \cdot \mathit{dout}"
    assert latex(latex("dx_i")) == latex("dx_i")


def test_every_formula_reads_as_text():
    for formula in FORMULAS:
        text = text_of(formula)
        assert text and not set("\\{}&$") & set(text), (formula, text)
        assert text.count("(") == text.count(")") and text.count("[") == text.count("]"), text


def test_every_formula_becomes_mathml():
    for formula in FORMULAS:
        root = ElementTree.fromstring(mathml_of(formula, block=True))
        words = "".join(root.itertext())
        assert root.get("display") == "block"
        assert words and not set("\\{}$_") & set(words.replace("{", "", formula.count("cases"))), (formula, words)
