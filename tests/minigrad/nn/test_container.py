import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


def test_a_sequential_runs_its_modules_in_order():
    a, b = nn.Linear(3, 2), nn.Linear(2, 1)
    x = mg.randn(4, 3)
    assert np.array_equal(nn.Sequential(a, b)(x).tolist(), b(a(x)).tolist())
    assert nn.Sequential()(x) is x


def test_a_sequential_is_a_sequence():
    layers = [nn.Linear(1, 1), nn.ReLU(), nn.Flatten()]
    net = nn.Sequential(*layers)
    assert list(net) == layers and len(net) == 3
    assert net[0] is layers[0] and net[-1] is layers[-1]
    part = net[1:]
    assert isinstance(part, nn.Sequential) and list(part) == layers[1:]
    assert [name for name, _ in part.named_children()] == ["1", "2"]
    with pytest.raises(IndexError):
        net[3]
    net[-1] = new = nn.ReLU()
    assert list(net) == [*layers[:2], new]


def test_modules_are_added_at_the_end():
    net = nn.Sequential(nn.ReLU())
    assert net.append(nn.Flatten()).extend([nn.ReLU(), nn.ReLU()]) is net
    assert [name for name, _ in net.named_children()] == ["0", "1", "2", "3"]


def test_a_dict_gives_names():
    net = nn.Sequential({"fc": nn.Linear(1, 1), "act": nn.ReLU()})
    assert list(net.state_dict()) == ["fc.weight", "fc.bias"] and net.fc is net[0]


@pytest.mark.parametrize("wrong", [[nn.ReLU()], np.tanh, nn.ReLU])
def test_what_is_no_module_is_refused(wrong):
    with pytest.raises(TypeError, match=r"Sequential\.0: expected a Module"):
        nn.Sequential(wrong)


@pytest.mark.parametrize("make", [nn.ModuleList, lambda modules: nn.Sequential(*modules)], ids=["list", "sequential"])
def test_numbered_modules_are_edited_like_a_list_and_stay_numbered(make):
    a, b, c = nn.Linear(1, 1), nn.ReLU(), nn.Identity()
    net = make([a, c])
    net.insert(1, b)
    assert list(net) == [a, b, c] and b in net and nn.ReLU() not in net
    assert net.pop(0) is a and list(net._modules) == ["0", "1"] and list(net) == [b, c]
    del net[-1]
    net += [a]
    assert list(net) == [b, a] and list(net + [c]) == [b, a, c] and len(net) == 2
    assert type(net[:1]) is type(net) and list(net[:1]) == [b]
    assert [name for name, _ in net.named_parameters()] == ["1.weight", "1.bias"]
    with pytest.raises(TypeError, match="expected a Module"):
        net.insert(0, 3)
    assert list(net) == [b, a]


def test_a_module_dict_is_a_dict_whose_parameters_are_known():
    a, b = nn.Linear(1, 1), nn.ReLU()
    net = nn.ModuleDict({"a": a})
    net["b"] = b
    net.update([("c", nn.Identity())])
    assert list(net) == ["a", "b", "c"] and net["b"] is b and "c" in net and len(net) == 3
    assert net.pop("c") is not None and list(net.items()) == [("a", a), ("b", b)]
    assert [name for name, _ in net.named_parameters()] == ["a.weight", "a.bias"]
    del net["a"]
    assert list(net.keys()) == ["b"] and list(net.values()) == [b]
    net.clear()
    assert len(net) == 0


def test_parameters_in_a_list_or_dict_are_known_to_the_module_they_lie_in():
    net = nn.Module()
    net.rows = nn.ParameterList([mg.ones(2), nn.Parameter(mg.ones(1))])
    net.by_name = nn.ParameterDict({"w": mg.zeros(3)})
    assert list(net.state_dict()) == ["rows.0", "rows.1", "by_name.w"]
    assert all(isinstance(parameter, nn.Parameter) and parameter.requires_grad for parameter in net.parameters())
    (net.rows[0].sum() + (net.by_name["w"] * 2).sum()).backward()
    assert net.rows[0].grad.tolist() == [1, 1] and net.by_name["w"].grad.tolist() == [2, 2, 2]


def test_a_parameter_list_is_edited_like_a_list(torch):
    for lib in (mg, torch):
        parameters = lib.nn.ParameterList([lib.ones(2)])
        own = lib.nn.Parameter(lib.zeros(1))
        assert parameters.append(own) is parameters and parameters[-1] is own and parameters[1] is own
        parameters += [lib.ones(3)]
        parameters.extend(lib.ones(n) for n in (4, 5))
        parameters[-2] = lib.zeros(7)
        assert [parameter.numel() for parameter in parameters] == [2, 1, 3, 7, 5] and len(parameters) == 5
        assert isinstance(parameters[1:3], lib.nn.ParameterList) and parameters[1:3][0] is own
        assert [name for name, _ in parameters.named_parameters()] == list("01234")
        with pytest.raises(IndexError):
            parameters[5]


def test_a_parameter_dict_is_a_dict(torch):
    for lib in (mg, torch):
        own = lib.nn.Parameter(lib.zeros(1))
        parameters = lib.nn.ParameterDict({"a": lib.ones(2)})
        parameters["b"] = own
        parameters.update({"a": lib.ones(3), "c": lib.ones(4)})
        assert list(parameters) == list(parameters.keys()) == ["a", "b", "c"] and len(parameters) == 3
        assert parameters["b"] is own and parameters.get("d") is None and "a" in parameters
        assert parameters.pop("b") is own and [value.numel() for value in parameters.values()] == [3, 4]
        del parameters["a"]
        assert [name for name, _ in parameters.items()] == ["c"]
        parameters.clear()
        assert len(parameters) == 0


def test_what_is_no_parameter_is_refused():
    for make in (lambda: nn.ParameterList([3]), lambda: nn.ParameterDict({"a": np.ones(2)})):
        with pytest.raises(TypeError, match=r"^Parameter(List|Dict): expected a Parameter or a Tensor, got"):
            make()
    assert repr(nn.ParameterList([mg.ones(2)])) == "ParameterList(0: float32 (2,))"


def test_identity_gives_back_its_input():
    x = mg.ones(2)
    assert nn.Identity(54, unused=True)(x) is x


def test_layers_of_a_list_that_look_alike_are_told_once(torch):
    def text(lib):
        kinds = [lib.nn.Linear(2, 3), lib.nn.Linear(2, 3), lib.nn.ReLU(), lib.nn.ModuleList(), lib.nn.Linear(2, 3)]
        return repr(lib.nn.ModuleList([*kinds, lib.nn.ModuleList([lib.nn.Tanh(), lib.nn.Tanh()])]))

    assert text(mg) == text(torch)
