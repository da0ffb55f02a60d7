"""Recurrent cells: what each does between two linear layers, and the way back through it."""

from __future__ import annotations

from minigrad.teach.explain.explanation import Explanation, Gradient, Step

ONCE_A_STEP = (
    "The cell is one step. The same weights serve at every step, and what comes back to them from all steps adds up; "
    "what comes back to h is the dout of the step before. nn.RNN and its kin weigh the x of all steps beforehand, "
    "in one product. Then there is no weight_ih here, and x gets what arrives where it was weighed, as it is."
)


def _weighed(argument: str, row: str, weight: str, before: tuple[Step, ...]) -> Gradient:
    """The gradient of x or h, which `weight` weighed."""
    rule = f"d{argument} = {row} \\, {weight}"
    return Gradient(argument, rule, "", (*before, Step(f"{argument} was weighed as in linear.", rule)))


def _weight(place: str, argument: str, row: str) -> Gradient:
    """The gradient of a weight, from that of what it made."""
    rule = rf"dweight_{{{place}}} = {row}^{{\mathsf T}} {argument}"
    return Gradient(
        f"weight_{place}",
        rule,
        "",
        (Step(f"{row} is worked out as for {argument}, and a weight's gradient is that of linear.", rule),),
    )


def _bias(place: str, row: str) -> Gradient:
    """The gradient of a bias."""
    rule = rf"dbias_{{{place}}} = \sum_n {row}[n]"
    return Gradient(
        f"bias_{place}", rule, "", (Step("It is added to the row of each example, with slope 1. Add up.", rule),)
    )


def _parameters(of_x: str, of_h: str) -> tuple[Gradient, ...]:
    return _weight("ih", "x", of_x), _weight("hh", "h", of_h), _bias("ih", of_x), _bias("hh", of_h)


IN_ONE = r"a = x \, weight_{ih}^{\mathsf T} + bias_{ih} + h \, weight_{hh}^{\mathsf T} + bias_{hh}"
PLAIN = (
    Step("The slope of tanh is known from its value; that of relu is 1 where a is positive, else 0."),
    Step("So this arrives at a:", r"da = dout \odot (1 - h'^2)"),
)
GATES = (
    Step(
        "h' is a product. Each factor gets dh' times the other one.",
        r"do = dh' \odot \tanh c', \quad d(\tanh c') = dh' \odot o",
    ),
    Step(
        "The second goes through tanh, and comes to c' beside the dc' that arrived from the next step. Together:",
        r"e = dc' + dh' \odot o \odot (1 - \tanh^2 c')",
    ),
    Step(
        "c' is a sum of two products. Each factor gets e times the other one.",
        r"df = e \odot c, \quad di = e \odot g, \quad dg = e \odot i",
    ),
    Step(
        "The slope of σ is σ (1 - σ), that of tanh is 1 - tanh².",
        r"da_i = di \odot i (1 - i), \quad da_f = df \odot f (1 - f), \quad da_g = dg \odot (1 - g^2), "
        r"\quad da_o = do \odot o (1 - o)",
    ),
    Step("The four side by side are da."),
)
UPDATE = (
    Step(
        "h' is a sum of two products. Each factor gets dout times the other one.",
        r"dn = dout \odot (1 - z), \quad dz = dout \odot (h - n)",
    ),
    Step(
        "n is a tanh, and inside it r is a factor of vₙ.",
        r"du_n = dn \odot (1 - n^2), \quad dr = du_n \odot v_n, \quad dv_n = du_n \odot r",
    ),
    Step(
        "r and z are each the σ of a sum, and both terms of a sum get the same.",
        r"du_r = dv_r = dr \odot r (1 - r), \quad du_z = dv_z = dz \odot z (1 - z)",
    ),
    Step("Three side by side are du, and three are dv: they differ in the last, where r stands."),
)

EXPLANATIONS = (
    Explanation(
        "rnn_cell",
        "recurrent.rnn_cell",
        "one step of a plain recurrent network",
        rf"h' = \tanh(a), \quad {IN_ONE}",
        "x (N, I); h and the new state h', which is out, (N, H). weight_ih (H, I), weight_hh (H, H), the biases (H,). "
        "Instead of tanh it may be relu.",
        ("x", "h", "weight_ih", "weight_hh", "bias_ih", "bias_hh"),
        (
            _weighed("x", "da", "weight_{ih}", PLAIN),
            _weighed("h", "da", "weight_{hh}", (Step("da is worked out as for x."),)),
            *_parameters("da", "da"),
        ),
        note=f"{ONCE_A_STEP} Each step brings dout times weight_hh and a slope below 1: over many steps gradients "
        "vanish, or with large weights explode.",
        source="Elman, Finding structure in time (1990)",
        parts=("_weighed", "_to_arguments"),
    ),
    Explanation(
        "lstm_cell",
        "recurrent.lstm_cell",
        "one step of long short-term memory",
        r"c' = f \odot c + i \odot g, \quad h' = o \odot \tanh c', \quad i, f, o = \sigma(a_i), \sigma(a_f), "
        rf"\sigma(a_o), \quad g = \tanh(a_g), \quad {IN_ONE}",
        "x (N, I); h, c, and the new h', c' (N, H). weight_ih (4H, I), weight_hh (4H, H), the biases (4H,): the rows "
        "of i, f, g and o, in this order. f says what is kept of c, i what is added to it, o what of it is shown.",
        ("x", "h", "c", "weight_ih", "weight_hh", "bias_ih", "bias_hh"),
        (
            _weighed("x", "da", "weight_{ih}", GATES),
            _weighed("h", "da", "weight_{hh}", (Step("da is worked out as for x."),)),
            Gradient(
                "c",
                r"dc = \left(dc' + dh' \odot o \odot (1 - \tanh^2 c')\right) \odot f",
                "",
                (
                    *GATES[:2],
                    Step("c is a factor of c', beside f.", r"dc = e \odot f"),
                    Step(
                        "There is no weight and no tanh on this way. Where f is near 1, the gradient goes back through "
                        "many steps as it is."
                    ),
                ),
            ),
            *_parameters("da", "da"),
        ),
        note=ONCE_A_STEP,
        source="Hochreiter and Schmidhuber, Long short-term memory (1997); the forget gate, Gers et al. (2000)",
        parts=("_weighed", "_gates", "_to_arguments"),
    ),
    Explanation(
        "gru_cell",
        "recurrent.gru_cell",
        "one step of a gated recurrent unit",
        r"h' = (1 - z) \odot n + z \odot h, \quad r = \sigma(u_r + v_r), \quad z = \sigma(u_z + v_z), \quad "
        r"n = \tanh(u_n + r \odot v_n), \quad u = x \, weight_{ih}^{\mathsf T} + bias_{ih}, \quad "
        r"v = h \, weight_{hh}^{\mathsf T} + bias_{hh}",
        "x (N, I); h and the new state h', which is out, (N, H). weight_ih (3H, I), weight_hh (3H, H), the biases "
        "(3H,): the rows of r, z and n, in this order. z says how much of h stays, r how much of it n sees.",
        ("x", "h", "weight_ih", "weight_hh", "bias_ih", "bias_hh"),
        (
            _weighed("x", "du", "weight_{ih}", UPDATE),
            Gradient(
                "h",
                r"dh = dv \, weight_{hh} + dout \odot z",
                "",
                (
                    Step(
                        "dv is worked out as for x. Two roads lead to h. One is by v, as in linear.",
                        r"dv \, weight_{hh}",
                    ),
                    Step("The other is straight: h is a factor of h', beside z. Add up.", r"dout \odot z"),
                ),
            ),
            *_parameters("du", "dv"),
        ),
        note=ONCE_A_STEP,
        source="Cho et al., Learning phrase representations using RNN encoder-decoder (2014)",
        parts=("_weighed", "_gates", "_to_arguments"),
    ),
)
