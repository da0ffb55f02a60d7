"""gradcheck tells apart: right, wrong, a kink, rounding, chance, and a changed input; and says what it saw."""

import html
import re

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing import CAUSES, VERDICTS, Loss, Pair, gradcheck
from tests.minigrad.parity import draw


def square(backward):
    return Pair(lambda x: (x * x, x), backward, "square")


def leaf(*shape, seed=0, dtype=None):
    return mg.tensor(draw(*shape, seed=seed), dtype=dtype or mg.float64, requires_grad=True)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0, 2)])
@pytest.mark.parametrize("dtype", [mg.float64, mg.float32])
def test_a_right_function_of_tensors_is_ok(shape, dtype):
    report = gradcheck(lambda x, w: mg.tanh(x) * w, leaf(*shape, dtype=dtype), leaf(*shape, seed=1, dtype=dtype))
    assert report
    assert report.verdict == "ok"
    assert [one.name for one in report.gradients] == ["input 0", "input 1"]


def test_several_outputs_settings_and_constants():
    report = gradcheck(lambda x, k, dim: (x * k, x.argmax(), x.sum(dim)), leaf(2, 3), mg.tensor(2.0), dim=1)
    assert report.verdict == "ok"
    assert len(report.gradients) == 1


def test_parameters_that_the_function_closes_over_are_checked_and_restored():
    net = mg.nn.Linear(3, 2, dtype=mg.float64)
    before = [parameter.array.copy() for parameter in net.parameters()]
    x = mg.tensor(draw(4, 3))
    assert gradcheck(lambda *_: net(x), *net.parameters())
    for parameter, old in zip(net.parameters(), before, strict=True):
        np.testing.assert_array_equal(parameter.array, old)
        assert parameter.grad is None


def test_a_wrong_gradient_is_reported_with_its_worst_element_and_cause():
    report = gradcheck(square(lambda dout, x: dout * x), np.array([1.0, -3.0, 2.0]))
    (one,) = report.gradients
    assert not report
    assert (one.name, one.verdict, one.cause, one.index) == ("dx", "wrong", "constant-factor", (1,))
    np.testing.assert_allclose(one.analytic * 2, one.numeric, rtol=1e-6)
    assert one.relative_error == pytest.approx(0.5, rel=1e-6)
    assert "dx: wrong (constant-factor)" in str(report)
    assert "too small by a factor of 2" in str(report)


def test_a_report_says_0_and_not_minus_0():
    report = gradcheck(Pair(lambda x: (0 * x, None), lambda dout, cache: -0.0 * abs(dout)), np.ones(3))
    assert np.signbit(report.worst.analytic)
    assert ": 0 by backward, 0 by differences" in str(report)


def test_a_factor_that_ones_as_upstream_would_hide_is_found():
    assert gradcheck(square(lambda dout, x: 2 * x), np.ones(3)).worst.cause == "upstream-ignored"


@pytest.mark.parametrize("at", [0.0, 1e-7, -1e-7])
def test_a_kink_is_never_called_wrong(at):
    relu = Pair(lambda x: (np.maximum(x, 0), x), lambda dout, x: dout * (x > 0) * 1.0, "relu")
    half = Pair(lambda x: (np.maximum(x, 0), x), lambda dout, x: dout * (x >= 0) * 0.5 * (x == at), "relu")
    x = np.array([1.0, at])
    assert gradcheck(relu, x).verdict == "at a kink"
    assert gradcheck(half, x[1:]).verdict == "at a kink"
    assert gradcheck(half, x).verdict == "wrong"  # the other element is at none


def test_a_jump_and_an_edge_of_the_domain_are_kinks():
    assert (
        gradcheck(Pair(lambda x: (np.floor(x), None), lambda dout, _: dout * 0), np.array([1.0])).verdict == "at a kink"
    )
    root = Pair(lambda x: (np.sqrt(x), x), lambda dout, x: dout / (2 * np.sqrt(x)), "sqrt")
    assert gradcheck(root, np.array([0.0])).verdict == "at a kink"
    assert gradcheck(root, np.array([1e-9, 1e-4, 1e4])).verdict == "ok"


def test_what_rounding_drowns_is_ill_conditioned_and_not_wrong():
    drowned = Pair(lambda x: (x + 1e12, None), lambda dout, _: dout * 1.0001, "add")
    assert gradcheck(drowned, np.array([1.0])).verdict == "ill-conditioned"


def test_ties_moved_together_must_share_what_they_get():
    def paid(share):
        return Pair(lambda x: (x.max(), x), lambda dout, x: dout * share(x == x.max()), "max")

    x = np.array([1.0, 2.0, 2.0])
    assert gradcheck(paid(lambda mask: mask * 1.0), x).worst.cause == "ties"
    assert gradcheck(paid(lambda mask: mask / mask.sum()), x).verdict == "at a kink"
    assert gradcheck(paid(lambda mask: np.eye(3)[mask.argmax()]), x).verdict == "at a kink"


def test_the_median_of_equal_numbers_has_no_slope():
    median = Pair(lambda x: (np.sort(x)[1], x), lambda dout, x: dout * np.eye(3)[np.argsort(x)[1]], "median")
    assert gradcheck(median, np.ones(3)).verdict == "at a kink"
    assert gradcheck(median, np.array([1.0, 3.0, 2.0])).verdict == "ok"


def test_what_is_not_the_same_twice_is_not_deterministic():
    rng = np.random.default_rng(0)
    assert gradcheck(Pair(lambda x: (x * rng.random(), x), lambda dout, x: dout), np.ones(2)).verdict == (
        "not deterministic"
    )
    assert gradcheck(square(lambda dout, x: dout * rng.random()), np.ones(2)).verdict == "not deterministic"


def writes_into_x(x):
    x += 1
    return x * 1, x


MUTATING = {
    "forward into x": Pair(writes_into_x, lambda dout, x: dout * 1),
    "backward into dout": square(lambda dout, x: np.multiply(dout, 2 * x, out=dout)),
    "backward into x": square(lambda dout, x: np.multiply(x, 2 * dout, out=x)),
}


@pytest.mark.parametrize("pair", MUTATING.values(), ids=MUTATING)
def test_a_changed_input_is_found_and_ours_stay_as_they_were(pair):
    x = draw(3)
    before = x.copy()
    report = gradcheck(pair, x)
    assert (report.verdict, report.worst.cause) == ("input mutated", "input-mutated")
    np.testing.assert_array_equal(x, before)


def test_a_backward_that_fails_on_strided_arrays_only_is_wrong():
    def by_memory(dout, x):
        return dout * 2 * (x if x.flags.c_contiguous else x + 1)

    assert gradcheck(square(by_memory), draw(3, 4)).verdict == "wrong"


def test_a_backward_that_writes_into_a_copy_of_transposed_arrays_only_is_wrong():
    def masked(dout, x):
        dx = np.zeros_like(dout)  # lies as dout lies; then ravel() may be a copy
        dx.ravel()[:] = (dout * 2 * x).ravel()
        return dx

    one = gradcheck(square(masked), draw(3, 4)).worst
    assert (one.verdict, one.cause) == ("wrong", "memory-layout")
    assert "with transposed arrays" in one.detail


RETURNED = {
    "None": (lambda dout, x: None, "returned None"),
    "too many": (lambda dout, x: (dout, dout), "must return 1 gradients"),
    "another shape": (lambda dout, x: (2 * x * dout)[None], "reshape it"),
    "a string": (lambda dout, x: "no", "must return an array"),
}


@pytest.mark.parametrize(("backward", "said"), RETURNED.values(), ids=RETURNED)
def test_what_is_no_gradient_at_all_is_a_wrong_shape(backward, said):
    one = gradcheck(square(backward), draw(3)).worst
    assert (one.verdict, one.cause) == ("wrong", "wrong-shape")
    assert said in one.detail


@pytest.mark.parametrize("wrong", [0, 1])
def test_float32_is_judged_by_float64(wrong):
    assert gradcheck(square(lambda dout, x: dout * 2 * x + np.float32(0.01 * wrong)), draw(3, 4).astype("f")).ok is (
        not wrong
    )


def test_large_inputs_are_sampled_and_moved_along_lines():
    x = draw(60, 50)
    assert gradcheck(square(lambda dout, x: 2 * x * dout), x)
    hidden = np.ones_like(x)
    hidden[17, 23] = 1.5  # one of 3,000
    assert not gradcheck(square(lambda dout, x: 2 * x * dout * hidden), x)


def test_a_loss_that_returns_its_gradient():
    assert gradcheck(Loss(lambda x: (np.sum(x * x), 2 * x), "l2"), draw(3))
    assert gradcheck(Loss(lambda x: (np.sum(x * x), -2 * x), "l2"), draw(3)).worst.cause == "sign"


def test_errors_of_the_function_pass_through_and_nothing_to_check_is_one():
    with pytest.raises(KeyError, match="ours"):
        gradcheck(Pair(lambda x: {}["ours"], None, "f"), draw(2))
    with pytest.raises(ValueError, match="nothing to check"):
        gradcheck(mg.sin, mg.ones(2))


def test_a_report_uses_the_fixed_words():
    report = gradcheck(square(lambda dout, x: dout), draw(2))
    assert report.verdict in VERDICTS
    assert report.worst.cause in CAUSES
    assert "smallest" not in str(report)


def test_a_notebook_shows_every_line_of_a_report():
    report = gradcheck(Pair(lambda x: (2 * x, None), lambda dout, _: dout), np.ones((2, 3)))
    shown = report._repr_html_()
    texts = [html.unescape(text) for text in re.findall(r"<div[^>]*>([^<>]*)</div>", shown)]
    assert texts == [line.strip() for line in str(report).splitlines()]
    assert "&lt;lambda&gt;" in shown
