"""The graph behind a result, in rows: order, arguments, users, values."""

import sys

import numpy as np

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.teach.names import scopes_at
from minigrad.teach.rows import read


def rows_of(*ends):
    return read(ends, scopes_at(sys._getframe(1)))


def test_leaves_come_before_the_op_that_uses_them_first():
    x = mg.ones(2, 3)
    w, b = mg.ones(3, 1, requires_grad=True), mg.ones(1, requires_grad=True)
    rows = rows_of(x @ w + b)
    assert [(row.kind, row.op) for row in rows] == [
        *(("input", ""), ("parameter", ""), ("op", "matmul")),
        *(("parameter", ""), ("op", "add")),
    ]
    assert [row.users for row in rows] == [[2], [2], [4], [4], []]
    assert [(one.name, one.row, one.wants) for one in rows[2].arguments] == [("x", 0, False), ("y", 1, True)]


def test_a_value_that_is_used_twice_has_two_users():
    a = mg.tensor(2.0, requires_grad=True)
    assert rows_of(a * a)[0].users == [1, 1]


def test_numbers_are_told_where_a_tape_kept_them():
    a = mg.tensor(2.0, requires_grad=True)
    assert rows_of(a * 3.0)[-1].arguments[1].constant is None
    with mg.Tape():
        b = a * 3.0
    assert rows_of(b)[-1].arguments[1].constant == 3.0


def test_lists_are_opened():
    a, b = mg.ones(2, requires_grad=True), mg.ones(1, requires_grad=True)
    with mg.Tape():
        c = mg.cat([a, b])
    assert [one.name for one in rows_of(c)[-1].arguments] == ["arrays[0]", "arrays[1]"]


def test_values_are_there_under_a_tape_and_else_where_a_variable_holds_them():
    a = mg.tensor([1.0, 2.0], requires_grad=True)
    kept = [value.array is not None for row in rows_of((a * 2).exp().sum()) for value in row.outputs]
    assert kept == [True, False, False, True]
    with mg.Tape():
        loss = (a * 2).exp().sum()
    rows = rows_of(loss)
    np.testing.assert_array_equal(rows[1].outputs[0].array, [2, 4])
    assert all(value.array is not None for row in rows for value in row.outputs)


def test_a_value_that_was_changed_in_place_is_not_shown_as_what_it_was():
    a = mg.tensor([1.0], requires_grad=True)
    with mg.Tape():
        b = a * 2
    with mg.no_grad():
        a += 1
    assert rows_of(b)[0].outputs[0].array is None


def test_several_outputs_and_who_uses_which():
    x = mg.tensor([[1.0, 3.0]], requires_grad=True)
    values, _ = x.sort(dim=1)
    first, second = values.unbind(1)
    rows = rows_of(first * second)
    assert [(one.row, one.output) for one in rows[-1].arguments] == [(2, 0), (2, 1)]
    assert [value.shape for value in rows[2].outputs] == [(1,), (1,)]


def test_modules_of_ops():
    net = mg.nn.Sequential(mg.nn.Linear(1, 1))
    rows = rows_of(F.relu(net(mg.ones(1, 1))))
    assert [row.module for row in rows if row.kind == "op"] == ["net.0", ""]
