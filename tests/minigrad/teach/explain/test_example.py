import numpy as np
import pytest

from minigrad.teach.explain import ALL
from minigrad.teach.explain.example import Call, work_out
from minigrad.teach.explain.report import explained


@pytest.mark.parametrize("explanation", ALL, ids=lambda one: one.pair)
def test_every_example_agrees_with_differences_and_its_element_by_hand_with_backward(explanation):
    example = explained(explanation).example
    assert example.agrees and example.gradients
    for gradient in example.gradients:
        by_hand = sum(term.upstream_value * term.slope_value for term in gradient.terms)
        assert by_hand == pytest.approx(gradient.value, abs=1e-6)
        assert gradient.analytic.shape == gradient.numeric.shape


def square(factor):
    return Call(lambda x: (x * x, x), lambda dout, x: factor * dout * x, ["x"], [np.array([0.5, -1.5])], {})


def test_a_wrong_backward_differs():
    assert work_out(square(2)).agrees
    wrong = work_out(square(3))
    assert not wrong.agrees
    assert wrong.gradients[0].difference > 0.1


def test_the_slopes_of_a_product_are_called_by_their_names():
    (dx, dw, _) = explained(next(one for one in ALL if one.op == "fc")).example.gradients
    assert [(term.upstream, term.slope) for term in dx.terms] == [("dout[0, 0]", "w[0, 0]"), ("dout[0, 1]", "w[0, 1]")]
    assert [(term.upstream, term.slope) for term in dw.terms] == [("dout[0, 0]", "x[0, 0]"), ("dout[1, 0]", "x[1, 0]")]


def test_other_slopes_are_called_what_they_are():
    (dx,) = explained(next(one for one in ALL if one.op == "exp")).example.gradients
    assert [(term.upstream, term.slope) for term in dx.terms] == [("dout[0]", "∂out[0]/∂x[0]")]


def test_an_example_is_the_same_each_time():
    softmax = next(one for one in ALL if one.op == "softmax")
    first, second = explained(softmax).text, explained(softmax).text
    assert first == second
