import gc
import inspect
import math

import numpy as np
import pytest

import minigrad.nn.functional
from minigrad.lift import Op
from minigrad.teach.explain import ALL, explanation_of
from minigrad.teach.explain.inputs import inputs_for
from minigrad.teach.explain.lookup import ALIASES
from minigrad.teach.explain.render import text_of
from minigrad.teach.explain.report import explained
from tests.minigrad.teach.explain.formulas import value_of

assert minigrad.nn.functional  # so that every op there is has been lifted
OPS = sorted((op for op in gc.get_objects() if isinstance(op, Op) and op.is_ours), key=repr)


@pytest.mark.parametrize("op", OPS, ids=repr)
def test_every_op_that_is_lifted_has_an_explanation_of_its_own_pair(op):
    explanation = explanation_of(op)
    assert explanation.forward.__code__ is op.forward.__code__
    assert explanation.backward.__code__ is op.backward.__code__
    assert explanation_of(op.name).op == op.name


def test_there_is_none_for_an_op_that_is_not_there():
    assert {explanation.pair for explanation in ALL} == {explanation_of(op).pair for op in OPS}
    assert not set(ALIASES) & {explanation.op for explanation in ALL}


@pytest.mark.parametrize("explanation", ALL, ids=lambda one: one.pair)
def test_arguments_and_gradients_are_those_of_the_pair(explanation):
    words = list(inspect.signature(explanation.forward).parameters)
    assert list(explanation.arguments) == words[: len(explanation.arguments)]
    given = [gradient.argument for gradient in explanation.gradients]
    example = explained(explanation).example
    assert given == list(dict.fromkeys(one.name[1:].split("[")[0] for one in example.gradients))


@pytest.mark.parametrize("explanation", ALL, ids=lambda one: one.pair)
def test_a_derivation_has_steps_and_ends_in_what_it_promised(explanation):
    assert explanation.title and explanation.where.endswith(".") and text_of(explanation.formula)
    for gradient in explanation.gradients:
        assert gradient.steps and gradient.rule
        assert all(step.text.strip() for step in gradient.steps)


# -- the formulas are true ---------------------------------------------------------------------------------------------

SETTINGS = {
    "leaky_relu": {"s": 0.1},
    "elu": {"α": 1.0},
    "selu": {"λ": 1.0507009873554805, "α": 1.6732632423543772},
    "softplus": {"β": 1.0},
    "hardtanh": {"low": -1.0, "high": 1.0},
    "smooth_l1_loss": {"β": 1.0},
    "huber_loss": {"δ": 1.0},
}
NOT_WRITTEN_OUT = {"erf"}  # its formula is an integral
ALONE = [one for one in ALL if one.pair.startswith(("elementwise.", "activation."))]
OF_TWO = [one for one in ALL if one.pair.startswith(("arithmetic.", "pointwise_loss.")) and one.op != "where"]


def names_at(op, x, **more):
    u = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    names = {"x": x, **more, **SETTINGS.get(op, {})}
    if op == "gelu_tanh":
        names |= {"u": u, "u'": math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x**2)}
    if op == "mish":
        names["s"] = math.log(1 + math.exp(x))
    return names


@pytest.mark.parametrize("explanation", ALONE, ids=lambda one: one.op)
def test_the_formula_and_the_slope_of_an_elementwise_op_are_what_the_pair_computes(explanation):
    inputs = inputs_for(explanation)
    (x,) = inputs.args
    y, cache = explanation.forward(x, **inputs.settings)
    slope = explanation.backward(np.ones_like(x), cache)
    formula = text_of(explanation.formula).removeprefix("y = ")
    local = text_of(explanation.gradients[0].local)
    for at, value, steep in zip(x, y, slope, strict=True):
        names = names_at(explanation.op, float(at), y=float(value))
        if explanation.op not in NOT_WRITTEN_OUT:
            assert value_of(formula, **names) == pytest.approx(value, rel=1e-6)
        assert value_of(local, **names) == pytest.approx(steep, rel=1e-6)


@pytest.mark.parametrize("explanation", OF_TWO, ids=lambda one: one.op)
def test_the_slopes_of_an_op_of_two_are_what_the_pair_computes(explanation):
    inputs = inputs_for(explanation)
    each = {"reduction": "none"} if explanation.pair.startswith("pointwise_loss.") else {}
    out, cache = explanation.forward(*inputs.args, **inputs.settings, **each)
    given = dict(zip(explanation.arguments, inputs.args, strict=True))
    found = dict(zip(explanation.arguments, explanation.backward(np.ones_like(out), cache), strict=True))
    for gradient in explanation.gradients:
        for i in range(len(out)):
            here = {name: float(array[i]) for name, array in given.items()}
            names = {**names_at(explanation.op, **here), "out": float(out[i])}
            if "y" in here:
                names |= {"d": here["x"] - here["y"], "r": math.hypot(here["x"], here["y"])}
                rounded = math.floor if explanation.op == "remainder" else math.trunc
                names["q"] = rounded(here["x"] / here["y"])
            slope = value_of(text_of(gradient.local), **names)
            assert slope == pytest.approx(found[gradient.argument][i], rel=1e-6)
