"""A contribution is taken apart truly: local factors are the Jacobian's, for ops of every kind."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.numeric import numeric_jacobian
from minigrad.teach.trace.terms import SMALL, TERMS, Parts

x = np.random.default_rng(0).normal(size=(2, 3))
w = np.random.default_rng(1).normal(size=(3, 2))
image = np.random.default_rng(2).normal(size=(1, 1, 4, 4))

# Ops that use each element once, and ops that use it in several outputs.
CASES = {
    "exp": (lambda x: x.exp(), x),
    "sum": (lambda x: x.sum(dim=1), x),
    "permute": (lambda x: x.T, x),
    "getitem, one element twice": (lambda x: x[[0, 0, 1]], x),
    "amax": (lambda x: x.amax(dim=0), x),
    "cumsum": (lambda x: x.cumsum(dim=1), x),
    "softmax": (lambda x: x.softmax(dim=1), x),
    "matmul": (lambda x: x @ mg.tensor(w), x),
    "layer_norm": (lambda x: F.layer_norm(x, (3,)), x),
    "conv2d": (lambda x: F.conv2d(x, mg.ones(1, 1, 2, 2).double()), image),
    "max_pool2d": (lambda x: F.max_pool2d(x, 2, stride=1), image),
    "cross_entropy": (lambda x: F.cross_entropy(x, mg.tensor([0, 2])), x),
    "broadcast": (lambda x: x * mg.tensor(w.T[:, None]), x),
}


def parts_of(function, value, upstream=None):
    """(parts, dout, the contribution) of the one op of a function."""
    leaf = mg.tensor(value, requires_grad=True)
    with mg.Tape() as tape:
        out = function(leaf)
    assert len(tape) == 1 and out.record is tape[0]
    dout = np.random.default_rng(5).normal(size=out.shape) if upstream is None else upstream
    inward = tape[0].op.gradients(np.asarray(dout), tape[0])
    return Parts(tape[0], np.asarray(dout), inward), np.asarray(dout), inward[0]


@pytest.mark.parametrize("name", CASES)
def test_terms_are_upstream_times_the_jacobian_and_add_up(name):
    function, value = CASES[name]
    parts, dout, contribution = parts_of(function, value)
    sums = parts.of(0)
    assert len(sums) == contribution.size <= SMALL or len(sums) == 1
    jacobian = None
    if contribution.shape == value.shape:
        jacobian = numeric_jacobian(lambda x: function(mg.tensor(x)).detach().numpy(), value)
        jacobian = jacobian.reshape(value.size, dout.size).T
    for one in sums:
        total = sum(term.product for term in one.terms) + one.rest
        assert total == pytest.approx(contribution[one.place], abs=1e-12) and one.total == contribution[one.place]
        for term in one.terms:
            assert term.upstream == dout[term.place]
            if jacobian is not None:
                slope = jacobian[np.ravel_multi_index(term.place, dout.shape) if dout.shape else 0]
                assert term.local == pytest.approx(slope.reshape(value.shape)[one.place], abs=1e-6)


@pytest.mark.parametrize("name", [name for name in CASES if name not in ("getitem, one element twice", "broadcast")])
def test_equal_upstream_gradients_do_not_hide_who_takes_part(name):
    function, value = CASES[name]
    out = function(mg.tensor(value))
    random, ones = parts_of(function, value)[0], parts_of(function, value, np.ones(out.shape))[0]
    for one, other in zip(random.of(0), ones.of(0), strict=True):
        assert {term.place for term in one.terms} == {term.place for term in other.terms} or one.others


def test_of_a_large_sum_the_largest_products_are_told_and_the_rest_is_one_number():
    value = np.random.default_rng(0).normal(size=(2, 8))
    weight = np.random.default_rng(1).normal(size=(8, 60))
    parts, dout, contribution = parts_of(lambda x: x @ mg.tensor(weight), value)
    (one,) = parts.of(0)
    assert one.place == np.unravel_index(np.abs(contribution).argmax(), contribution.shape)
    products = dout[one.place[0]] * weight[one.place[1]]
    told = sorted((term.product for term in one.terms), key=abs, reverse=True)
    np.testing.assert_allclose(told, sorted(products, key=abs, reverse=True)[:TERMS])
    assert one.others == 60 - TERMS
    assert one.rest == pytest.approx(products.sum() - sum(told))


def test_without_a_tape_a_large_sum_is_not_taken_apart():
    leaf = mg.tensor(np.ones((2, 8)), requires_grad=True)
    record = (leaf @ mg.tensor(np.ones((8, 60)))).record
    dout = np.ones((2, 60))
    assert Parts(record, dout, record.op.gradients(dout, record)).of(0) == []


def test_several_outputs():
    leaf = mg.tensor(x, requires_grad=True)
    with mg.Tape() as tape:
        leaf.split([1, 2], dim=1)
    douts = (None, np.arange(4.0).reshape(2, 2))
    inward = tape[0].op.gradients(douts, tape[0])
    sums = Parts(tape[0], douts, inward).of(0)
    assert [(one.terms[0].output, one.terms[0].place) for one in sums if one.total] == [
        *((1, (0, 1)), (1, (1, 0)), (1, (1, 1))),
    ]


def test_a_matrix_for_a_whole_batch_is_taken_apart_in_each_of_its_places():
    left, right = np.random.default_rng(0).normal(size=(2, 5, 4)), np.random.default_rng(1).normal(size=(4, 3))
    for function, value in (
        (lambda right: mg.tensor(left) @ right, right),
        (lambda one: one @ mg.tensor(np.stack([right, right])), left[:1]),
    ):
        leaf = mg.tensor(value, requires_grad=True)
        with mg.Tape() as tape:
            out = function(leaf)
        dout = np.random.default_rng(5).normal(size=out.shape)
        (i,) = np.flatnonzero(tape[0].wants)
        inward = tape[0].op.gradients(dout, tape[0])
        contribution = inward[i]
        assert contribution.shape != value.shape
        one = Parts(tape[0], dout, inward).of(i)[-1]
        assert sum(term.product for term in one.terms) + one.rest == pytest.approx(contribution[one.place])
        assert all(term.place[0] == one.place[0] and term.upstream == dout[term.place] for term in one.terms)


def test_of_what_no_output_was_computed_from_there_are_no_products():
    parts, _, _ = parts_of(lambda x: x.expand(2, 0), np.ones((2, 1)), np.ones((2, 0)))
    assert [(one.terms, one.total) for one in parts.of(0)] == [((), 0)] * 2


def test_a_large_sum_of_an_op_with_several_outputs():
    weight = mg.tensor(np.ones(4), requires_grad=True)
    with mg.Tape() as tape:
        F.batch_norm(mg.tensor(np.random.default_rng(0).normal(size=(6, 4, 3, 3))), None, None, weight, training=True)
    douts = (np.random.default_rng(1).normal(size=(6, 4, 3, 3)), *[None] * (tape[0].count - 1))
    inward = tape[0].op.gradients(douts, tape[0])
    i = tape[0].wants.index(True)
    (one,) = Parts(tape[0], douts, inward).of(i)
    assert len(douts) > 1 and one.others == 54 - TERMS
    assert sum(term.product for term in one.terms) + one.rest == pytest.approx(inward[i][one.place])
    assert all(term.place[1] == one.place[0] for term in one.terms)
