"""Tensors are called what the user's code calls them."""

import sys
import weakref
from collections.abc import Mapping

import pytest

import minigrad as mg
import minigrad.nn as nn
import minigrad.nn.functional as F
from minigrad.teach.names import MEMBERS, Named, scopes_at
from minigrad.teach.rows import read


def names(*ends):
    """The names of all values behind tensors, in order, as the caller's variables give them."""
    rows = read(ends, scopes_at(sys._getframe(1)))
    return [value.name for row in rows for value in row.outputs]


def test_variables_and_expressions():
    a = mg.tensor(3.0, requires_grad=True)
    b = a + a
    c = b + b * a
    assert names(c) == ["a", "b", "b * a", "c"]


def test_a_name_that_was_set_comes_first():
    a = mg.tensor(3.0, requires_grad=True, name="weight of the apple")
    b = a * 2
    b.name = "price"
    assert names(b) == ["weight of the apple", "price"]
    assert a.name == "weight of the apple"
    with pytest.raises(TypeError, match="expected a str or None, got int"):
        a.name = 3


def test_a_name_stays_when_requires_grad_is_switched():
    a = mg.tensor(3.0, name="a of old")
    a.requires_grad_()
    renamed = a
    del a
    assert names(renamed * 2)[0] == "a of old"


def test_results_that_no_variable_holds_any_more_are_found_in_the_source():
    def inside(x):
        hidden = x.exp()
        return hidden.sum()

    x = mg.tensor([1.0, 2.0], requires_grad=True)
    loss = inside(x)
    assert names(loss) == ["x", "hidden", "loss"]


def test_loops_give_one_name_to_each_turn():
    h = mg.tensor([1.0], requires_grad=True)
    for _ in range(3):
        h = h * 2
    assert names(h) == ["h"] * 4


def test_steps_inside_a_module_are_not_called_what_it_gave():
    net, x = nn.RNN(2, 2), mg.ones(3, 1, 2)
    out, _ = net(x)
    found = [name for name in names(out) if name in ("linear", "out", "rnn_cell") or "(x)" in name]
    assert found == ["linear", *["rnn_cell"] * 3, "out"]


def test_a_leaf_that_was_overwritten_is_called_what_the_first_operator_called_it():
    w = mg.tensor(2.0, requires_grad=True)
    w = w - 0.5 * w.square()
    assert names(w)[0] == "w"


def test_augmented_assignment():
    y = mg.tensor([1.0], requires_grad=True) * 2
    y += 1
    assert names(y)[-1] == "y"


def test_modules_lists_and_dicts():
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    params = {"W": mg.ones(1, 1, requires_grad=True), "more": [mg.ones(1, requires_grad=True)]}
    x = mg.ones(4, 2)
    out = net(x) @ params["W"] + params["more"][0]
    assert names(out) == [
        *("x", "net.0.weight", "net.0.bias", "net.0", "net.1", "net.2.weight", "net.2.bias", "net(x)"),
        *("params['W']", "net(x) @ params['W']", "params['more'][0]", "out"),
    ]


def test_several_outputs_are_numbered():
    x = mg.tensor([[1.0, 3.0], [4.0, 2.0]], requires_grad=True)
    largest = x.max(dim=1)
    loss = largest.values.sum()
    assert names(loss) == ["x", "largest[0]", "largest[1]", "loss"]


def test_what_has_no_name_is_called_after_its_place_in_an_op():
    loss = F.cross_entropy(mg.ones(2, 3, requires_grad=True), mg.tensor([0, 1]))
    assert names(loss) == ["x of cross_entropy", "y of cross_entropy", "loss"]


def test_a_class_of_ones_own_with_a_dict_of_parameters():
    class Net:
        def __init__(self):
            self.params = {"W1": mg.ones(2, 2, requires_grad=True)}

    net = Net()
    assert names(mg.ones(1, 2) @ net.params["W1"])[:2] == ["mg.ones(1, 2)", "net.params['W1']"]


def test_something_that_contains_itself_ends():
    around = {"x": mg.ones(1, requires_grad=True)}
    around["around"] = around
    assert names(around["x"] * 2)[0] == "around['x']"


class Hostile:
    """It runs code whenever it is looked at."""

    def __getattribute__(self, name):
        raise OSError(name)


class HostileDict:
    @property
    def __dict__(self):
        raise OSError


class HostileMapping(Mapping):
    def __getitem__(self, key):
        raise OSError

    __len__ = __iter__ = __getitem__


class HostileModule(nn.Module):
    def named_parameters(self, *args, **settings):
        raise OSError


class HalfMade(nn.Module):
    def __init__(self):
        pass


class HostileKey:
    def __repr__(self):
        raise OSError


def test_no_code_of_what_lies_about_is_run():
    w = mg.tensor(2.0, requires_grad=True)
    cyclic = []
    cyclic.append(cyclic)
    others = [Hostile(), HostileDict(), HostileMapping(), HostileModule(), HalfMade(), {HostileKey(): w}, cyclic]
    scope = {**{f"v{i}": one for i, one in enumerate(others)}, 5: w, "some": [Hostile(), w]}
    assert [name for name, _ in Named([scope]).tensors.values()] == ["some[1]"]


def test_a_network_is_found_behind_many_other_things_of_which_only_so_many_are_looked_at():
    class Counted(Named):
        looks = 0

        def _enter(self, name, value, depth):
            self.looks += 1
            super()._enter(name, value, depth)

    net = nn.Linear(2, 2)
    numbers = list(range(30_000))
    nested = [[[n] * 100 for n in numbers[:2000]] for _ in range(9)]
    scope = {
        "numbers": numbers,
        "nested": nested,
        "by_name": {str(n): n for n in numbers},
        **{f"v{n}": [n] for n in numbers},
        "net": net,
    }
    named = Counted([scope])
    assert named.tensors[net.weight.node][0] == "net.weight"
    assert named.looks < MEMBERS + 2 * len(scope)


def test_a_function_that_was_looked_into_lets_go_of_its_variables():
    w = mg.tensor([2.0], requires_grad=True)
    loss = (w * w).sum()
    mg.trace(loss)
    gone = weakref.ref(loss)
    del loss
    assert gone() is None


def test_what_locals_gave_stays_as_it_is():
    w = mg.tensor([2.0], requires_grad=True)
    here = locals()
    assert mg.trace(w * w).gradients[0]["name"] == "w" and here["w"] is w
