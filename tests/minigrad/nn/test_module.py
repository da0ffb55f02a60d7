import copy
import itertools

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


class Net(nn.Module):
    """Two layers and a buffer, the layers assigned in an order that is not the alphabet's."""

    def __init__(self):
        super().__init__()
        self.second = nn.Linear(3, 4)
        self.first = nn.Linear(4, 2)
        self.register_buffer("scale", mg.ones(2))
        self.own = nn.Parameter(mg.zeros(2))

    def forward(self, x):
        return self.first(self.second(x)) * self.scale + self.own


NAMES = ["own", "second.weight", "second.bias", "first.weight", "first.bias"]


def values(module):
    return {name: tensor.numpy().copy() for name, tensor in module.state_dict().items()}


def same(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


# -- what a module knows -----------------------------------------------------------------------------------------------


def test_parameters_come_in_the_order_of_assignment_own_ones_first():
    net = Net()
    assert [name for name, _ in net.named_parameters()] == NAMES
    assert [name for name, _ in net.named_parameters("net")] == [f"net.{name}" for name in NAMES]
    assert [name for name, _ in net.named_parameters(recurse=False)] == ["own"]
    assert [name for name, _ in net.named_buffers()] == ["scale"]
    assert [name for name, _ in net.named_modules()] == ["", "second", "first"]
    assert next(net.parameters()) is net.own and list(net.buffers()) == [net.scale]
    assert list(net.children()) == [net.second, net.first] == list(net.modules())[1:]
    assert list(net.state_dict()) == ["own", "scale", *NAMES[1:]]


def test_names_and_order_are_pytorchs(torch):
    class Theirs(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.second = torch.nn.Linear(3, 4)
            self.first = torch.nn.Linear(4, 2)
            self.register_buffer("scale", torch.ones(2))
            self.own = torch.nn.Parameter(torch.zeros(2))

    assert list(Net().state_dict()) == list(Theirs().state_dict())
    assert [n for n, _ in Net().named_parameters()] == [n for n, _ in Theirs().named_parameters()]


def test_a_shared_module_is_counted_once_among_parameters_and_saved_under_both_names():
    net = nn.Module()
    net.a = nn.Linear(2, 2)
    net.b = net.a
    net.tied = net.a.weight
    assert [name for name, _ in net.named_parameters()] == ["tied", "a.bias"]
    assert [name for name, _ in net.named_modules()] == ["", "a"]
    assert list(net.state_dict()) == ["tied", "a.weight", "a.bias", "b.weight", "b.bias"]


def test_names_of_what_is_shared_and_prefixes_are_torchs(torch):
    def names(lib):
        net = lib.nn.Module()
        net.a = lib.nn.Sequential(lib.nn.Linear(2, 2), lib.nn.BatchNorm1d(2))
        net.b = net.a
        net.tied = net.a[0].weight
        found = [list(net.state_dict(prefix="net.")), list(net.state_dict())]
        for settings in ({}, {"remove_duplicate": False}, {"prefix": "net", "remove_duplicate": False}):
            found += [[name for name, _ in net.named_modules(**settings)]]
            for recurse in (True, False):
                found += [[name for name, _ in net.named_parameters(recurse=recurse, **settings)]]
                found += [[name for name, _ in net.named_buffers(recurse=recurse, **settings)]]
        return found

    assert names(mg) == names(torch)


def test_a_shared_module_is_one_child_and_is_found_by_all_its_names(torch):
    for lib in (mg, torch):
        net = lib.nn.Module()
        net.a = lib.nn.Linear(2, 2)
        net.b, net.inner, net.nothing = net.a, lib.nn.Sequential(net.a), None
        assert [name for name, _ in net.named_children()] == ["a", "inner"]
        assert list(net.children()) == [net.a, net.inner]
        assert net.get_submodule("b") is net.get_submodule("inner.0") is net.a and net.get_submodule("") is net
        assert net.get_parameter("inner.0.weight") is net.a.weight
        applied = []
        net.apply(applied.append)
        assert applied == [net.a, net.a, net.inner, net]  # once for each module that holds it
        for missing in ("c", "a.b", "nothing"):
            with pytest.raises(AttributeError):
                net.get_submodule(missing)


def test_a_parameter_is_learned_and_shares_the_memory_it_was_given():
    data = np.ones(2, np.float32)
    parameter = nn.Parameter(mg.from_numpy(data))
    assert parameter.requires_grad and parameter.is_leaf and np.shares_memory(parameter.array, data)
    assert not nn.Parameter(mg.ones(2), requires_grad=False).requires_grad
    assert repr(parameter) == "Parameter containing:\ntensor([1., 1.], requires_grad=True)"


# -- attributes --------------------------------------------------------------------------------------------------------


def test_a_reassigned_parameter_keeps_its_place():
    net = Net()
    net.second = nn.Linear(3, 4)
    net.own = nn.Parameter(mg.ones(2))
    assert [name for name, _ in net.named_parameters()] == NAMES
    assert net.own.tolist() == [1, 1]


@pytest.mark.parametrize("value", [3, mg.ones(2), nn.Linear(1, 1), "text"], ids=["int", "Tensor", "Module", "str"])
def test_a_parameter_is_only_replaced_by_a_parameter(value):
    net = Net()
    with pytest.raises(TypeError, match=r"Net\.own: expected a Parameter or None"):
        net.own = value
    assert isinstance(net.own, nn.Parameter)


@pytest.mark.parametrize("value", [3, mg.ones(2), np.tanh], ids=["int", "Tensor", "function"])
def test_a_module_is_only_replaced_by_a_module(value):
    net = Net()
    with pytest.raises(TypeError, match=r"Net\.first: expected a Module or None"):
        net.first = value
    assert isinstance(net.first, nn.Linear)


def test_a_buffer_is_only_replaced_by_a_tensor():
    net = Net()
    with pytest.raises(TypeError, match=r"Net\.scale: expected a Tensor or None"):
        net.scale = 3
    net.scale = mg.zeros(2)
    assert net.state_dict()["scale"].tolist() == [0, 0]


@pytest.mark.parametrize("kind", ["own", "scale", "first"])
def test_none_keeps_the_name_and_leaves_it_out_of_everything(kind):
    net = Net()
    setattr(net, kind, None)
    assert getattr(net, kind) is None
    assert not any(name.startswith(kind) for name in net.state_dict())
    net.train().to(dtype=mg.float64).apply(lambda module: None)


@pytest.mark.parametrize("kind", ["own", "scale", "first"])
def test_a_deleted_attribute_is_gone_and_its_name_free(kind):
    net = Net()
    delattr(net, kind)
    assert not hasattr(net, kind)
    assert not any(name.startswith(kind) for name in net.state_dict())
    setattr(net, kind, 3)
    assert getattr(net, kind) == 3
    delattr(net, kind)
    with pytest.raises(AttributeError):
        delattr(net, kind)


def test_a_name_is_one_thing_at_a_time():
    net = nn.Module()
    net.x = 3
    net.x = nn.Parameter(mg.ones(1))
    assert "x" not in vars(net) and list(net.state_dict()) == ["x"]
    net.y = nn.Linear(1, 1)
    net.y = nn.Parameter(mg.ones(1))
    assert not list(net.children())
    net.register_buffer("z", mg.ones(1))
    net.z = nn.Parameter(mg.ones(1))
    assert not list(net.buffers()) and [name for name, _ in net.named_parameters()] == ["x", "y", "z"]
    net.register_buffer("w", mg.ones(1))
    net.w = nn.ReLU()
    assert not list(net.buffers()) and [name for name, _ in net.named_children()] == ["w"]


def test_a_plain_tensor_is_an_ordinary_attribute():
    net = nn.Module()
    net.x = mg.ones(2)
    assert not net.state_dict() and net.x.tolist() == [1, 1]


def test_a_missing_super_init_says_so():
    class Early(nn.Module):
        def __init__(self):
            self.fc = nn.Linear(1, 1)

    class Never(nn.Module):
        def __init__(self):
            self.width = 3

    with pytest.raises(AttributeError, match=r"Early: call super\(\).__init__\(\) before assigning self\.fc"):
        Early()
    never = Never()
    assert never.width == 3 and not hasattr(never, "fc")
    for use in (lambda: never(1), never.parameters, lambda: never.register_buffer("b", None), never.train):
        with pytest.raises(AttributeError, match=r"Never .*Call super\(\).__init__\(\) first"):
            list(use() or ())


def test_ordinary_attributes_may_come_before_super_init():
    class Net(nn.Module):
        def __init__(self):
            self.width = 3
            super().__init__()
            self.fc = nn.Linear(self.width, 1)

    assert Net().fc.in_features == 3


def test_an_unknown_attribute_is_named():
    with pytest.raises(AttributeError, match="Net has no attribute 'thrid'"):
        Net().thrid  # noqa: B018


def test_dir_lists_what_was_assigned():
    assert {"own", "scale", "first", "forward"} <= set(dir(Net()))


@pytest.mark.parametrize(("add", "value"), [
    ("register_parameter", nn.Parameter(mg.ones(1))), ("register_buffer", mg.ones(1)), ("register_module", nn.ReLU()),
    ("add_module", nn.ReLU()),
])  # fmt: skip
def test_registering_refuses_what_does_not_fit(add, value):
    net = Net()
    getattr(net, add)("new", value)
    assert net.new is value
    for name in ("", "a.b", "forward"):
        with pytest.raises(KeyError):
            getattr(net, add)(name, value)
    with pytest.raises(TypeError, match=r"Net\.other: expected a"):
        getattr(net, add)("other", 3)


def test_a_buffer_that_is_not_persistent_moves_but_is_not_saved():
    net = nn.Module()
    net.register_buffer("mask", mg.ones(2), persistent=False)
    assert not net.state_dict() and net.double().mask.dtype == mg.float64
    net.register_buffer("mask", mg.ones(2))
    assert list(net.state_dict()) == ["mask"]


def test_a_module_without_forward_says_so():
    class Empty(nn.Module):
        pass

    with pytest.raises(NotImplementedError, match="Empty needs a method forward"):
        Empty()(1)


# -- changing all of it ------------------------------------------------------------------------------------------------


def test_train_and_eval_reach_all_modules_through_their_own_train():
    class Frozen(nn.Linear):
        def train(self, mode=True):
            return super().train(False)

    net = nn.Sequential(nn.Linear(1, 1), nn.Sequential(Frozen(1, 1)))
    assert net.eval() is net and not any(module.training for module in net.modules())
    assert net.train() is net
    assert [module.training for module in net.modules()] == [True, True, True, False]
    with pytest.raises(TypeError, match="train: mode is True or False, got list"):
        net.train([1, 2])


def test_apply_visits_the_inner_modules_first_and_the_module_itself_last():
    net, seen = Net(), []
    assert net.apply(seen.append) is net
    assert seen == [net.second, net.first, net]


def test_requires_grad_and_zero_grad_reach_all_parameters():
    net = Net()
    net(mg.ones(1, 3)).sum().backward()
    gradients = [parameter.grad for parameter in net.parameters()]
    net.zero_grad(set_to_none=False)
    assert all(p.grad is g and not g.array.any() for p, g in zip(net.parameters(), gradients, strict=True))
    net.zero_grad()
    assert all(parameter.grad is None for parameter in net.parameters())
    net.zero_grad(set_to_none=False)
    assert net.requires_grad_(False) is net and not any(p.requires_grad for p in net.parameters())
    assert not net(mg.ones(1, 3)).requires_grad


def test_to_changes_the_dtype_of_floats_and_keeps_the_objects():
    net = Net()
    net.register_buffer("count", mg.tensor([2**40 + 1]))
    net(mg.ones(1, 3)).sum().backward()
    before = list(net.parameters())
    assert net.to(dtype=mg.float64) is net
    assert all(a is b for a, b in zip(before, net.parameters(), strict=True))
    assert all(p.dtype == p.grad.dtype == mg.float64 and p.requires_grad for p in net.parameters())
    assert net.scale.dtype == mg.float64 and net.count.dtype == mg.int64 and net.count.item() == 2**40 + 1
    assert net.float().own.dtype == mg.float32 and net.double().own.dtype == mg.float64
    assert net.to(mg.zeros(1)).own.dtype == mg.float32
    array = net.own.array
    assert net.cpu().to("cpu", mg.float32).own.array is array
    with pytest.raises(TypeError, match="floating point, got int64"):
        net.to(mg.int64)


def test_an_optimiser_goes_on_with_the_parameters_after_to():
    net = nn.Linear(2, 1)
    optimizer = mg.optim.SGD(net.parameters(), lr=1.0)
    net.double()(mg.ones(1, 2, dtype=mg.float64)).sum().backward()
    before = net.weight.detach().numpy().copy()
    optimizer.step()
    assert np.array_equal(net.weight.detach().numpy(), before - 1)


def test_moving_to_where_it_is_already_is_no_change_in_place():
    net = Net()
    loss = net(mg.ones(1, 3)).square().sum()
    net.to("cpu")
    loss.backward()


def test_a_deep_copy_is_apart():
    net = Net()
    twin = copy.deepcopy(net)
    assert same(values(net), values(twin))
    with mg.no_grad():
        net.own.fill_(7)
    assert twin.own.tolist() == [0, 0] and twin.own.requires_grad
    assert not {id(p) for p in net.parameters()} & {id(p) for p in twin.parameters()}


# -- saving ------------------------------------------------------------------------------------------------------------


def test_a_state_dict_is_detached_and_on_the_modules_own_memory():
    net = Net()
    state = net.state_dict()
    assert not any(tensor.requires_grad for tensor in state.values())
    assert all(np.shares_memory(state[name].array, parameter.array) for name, parameter in net.named_parameters())


def test_a_loaded_state_dict_is_copied_into_the_same_parameters():
    net, other = Net(), Net()
    before, memory = list(net.parameters()), net.own.array
    assert net.load_state_dict(other.state_dict()) == ([], [])
    assert same(values(net), values(other))
    assert all(a is b for a, b in zip(before, net.parameters(), strict=True)) and net.own.array is memory
    with mg.no_grad():
        other.own.fill_(7)
    assert net.own.tolist() == [0, 0] and net.own.requires_grad


def test_a_loaded_value_takes_the_parameters_dtype():
    net = nn.Linear(2, 1)
    net.load_state_dict({"weight": np.array([[1, 2]]), "bias": np.array([0.1])})
    assert net.weight.dtype == net.bias.dtype == mg.float32 and net.weight.tolist() == [[1, 2]]


def test_what_does_not_fit_is_listed_together_and_changes_nothing():
    net = Net()
    before = values(net)
    wrong = {name: mg.full(tensor.shape, 9.0) for name, tensor in net.state_dict().items()}
    del wrong["own"], wrong["first.weight"]
    wrong |= {"extra": mg.ones(1), "second.weight": mg.ones(3, 4), "first.bias": mg.ones(3)}
    with pytest.raises(RuntimeError) as error:
        net.load_state_dict(wrong)
    for part in (
        "does not fit Net",
        "own: missing",
        "first.weight: missing",
        "extra: unexpected",
        "second.weight: expected shape (4, 3), got (3, 4)",
        "first.bias: expected shape (2,), got (3,)",
    ):
        assert part in str(error.value)
    assert same(values(net), before)
    with pytest.raises(ValueError, match="expected shape") as error:
        net.load_state_dict(wrong, strict=False)
    assert "missing" not in str(error.value) and same(values(net), before)


def test_without_strict_what_fits_is_loaded_and_the_rest_is_named():
    net = Net()
    result = net.load_state_dict({"own": mg.ones(2), "extra": mg.ones(1)}, strict=False)
    assert net.own.tolist() == [1, 1]
    assert result.missing_keys == ["scale", *NAMES[1:]] and result.unexpected_keys == ["extra"]
    assert repr(result).startswith("Unmatched(missing_keys=['scale', ") and "['extra']" in repr(result)
    assert repr(net.load_state_dict(net.state_dict())) == "<all keys matched>"
    with pytest.raises(TypeError, match="expected a dict of named Tensors, got str"):
        net.load_state_dict("weights.safetensors")


# -- where in the network ----------------------------------------------------------------------------------------------


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.ReLU()))
        self.head = nn.Linear(2, 2)

    def forward(self, x):
        return self.block(self.head(x)) + 1


def modules_of(function):
    with mg.Tape() as tape:
        function()
    return [record.module for record in tape]


def test_records_carry_the_path_of_the_module_they_ran_in():
    net = Block()
    x = mg.ones(1, 2, requires_grad=True)
    paths = modules_of(lambda: net(x * 2).sum())
    assert paths == ["", "net.head", "net.block.0", "net.block.1.0", "net", ""]


def test_a_module_without_a_variable_is_called_by_its_class():
    assert modules_of(lambda: Block()(mg.ones(1, 2)))[0] == "Block.head"


def test_a_module_that_is_run_by_a_method_of_its_own_is_not_called_self():
    class Predictor(nn.Linear):
        def predict(self, x):
            return self(x)

    assert modules_of(lambda: Predictor(2, 2).predict(mg.ones(1, 2))) == ["Predictor"]


def test_a_module_that_lies_in_no_attribute_is_named_under_the_one_that_runs_it():
    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden = [nn.Linear(2, 2)]

        def forward(self, x):
            for layer in self.hidden:
                x = layer(x)
            return x

    outer = Outer()
    assert modules_of(lambda: outer(mg.ones(1, 2))) == ["outer.layer"]


def test_a_module_that_runs_itself_keeps_its_path():
    class Twice(nn.Linear):
        def forward(self, x, again=True):
            return super().forward(self(x, again=False) if again else x)

    twice = Twice(2, 2)
    assert modules_of(lambda: twice(mg.ones(1, 2))) == ["twice", "twice"]


def test_the_path_is_restored_after_an_exception_and_the_error_names_the_layer():
    net = Block()
    with pytest.raises(RuntimeError, match=r"net\.head: linear: the last axis of x"):
        net(mg.ones(1, 3))
    x = mg.ones(1, 2, requires_grad=True)
    assert modules_of(lambda: x * 2) == [""]
    nested = nn.Sequential(nn.Sequential(nn.Linear(2, 3), nn.Linear(2, 3)))
    with pytest.raises(RuntimeError, match=r"nested\.0\.1: linear"):
        nested(x)


# -- looking at it -----------------------------------------------------------------------------------------------------


def nets(lib):
    nn = lib.nn
    yield nn.Sequential()
    yield nn.Sequential(nn.Flatten(), nn.Linear(4320, 128), nn.ReLU(inplace=True), nn.Linear(128, 4, bias=False))
    yield nn.Sequential(nn.Sequential(nn.ReLU()), nn.Flatten(0, 2), nn.CrossEntropyLoss(), nn.Module())

    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Sequential(nn.Linear(1, 2))
            self.nothing = nn.ReLU()
            self.nothing = None

        def extra_repr(self):
            return "width=3"

    yield Both()


def test_the_repr_is_pytorchs(torch):
    for ours, theirs in itertools.zip_longest(nets(mg), nets(torch)):
        assert repr(ours) == repr(theirs)


def test_the_repr_of_a_network_is_indented():
    net = nn.Sequential(nn.Linear(2, 1), nn.Sequential(nn.ReLU()))
    linear = "Linear(in_features=2, out_features=1, bias=True)"
    assert repr(net) == f"Sequential(\n  (0): {linear}\n  (1): Sequential(\n    (0): ReLU()\n  )\n)"


def test_forward_hooks_see_and_may_replace_what_goes_in_and_comes_out():
    layer, seen = nn.Identity(), []
    first = layer.register_forward_hook(lambda module, args, output: seen.append((module, args, output)))
    assert layer(3) == 3 and seen == [(layer, (3,), 3)]
    first.remove()
    pre = layer.register_forward_pre_hook(lambda module, args: args[0] + 1)
    post = layer.register_forward_hook(lambda module, args, output: output * 10)
    layer.register_forward_hook(lambda module, args, kwargs, output: output + 5, with_kwargs=True, prepend=True)
    assert layer(3) == (3 + 1 + 5) * 10 and len(seen) == 1
    pre.remove()
    post.remove()
    assert layer(3) == 8
    layer.register_forward_pre_hook(lambda module, args, kwargs: ((), {"input": 7}), with_kwargs=True)
    assert layer(3) == 12
    with pytest.raises(NotImplementedError, match="register_full_backward_hook"):
        layer.register_full_backward_hook(print)


def test_modules_and_parameters_are_found_by_their_dotted_names():
    net = nn.Sequential(nn.Sequential(nn.Linear(1, 1)), nn.ReLU())
    assert net.get_submodule("0.0") is net[0][0] and net.get_submodule("") is net
    assert net.get_parameter("0.0.weight") is net[0][0].weight
    for wrong in (lambda: net.get_submodule("0.1"), lambda: net.get_parameter("0.0.other")):
        with pytest.raises(AttributeError, match="Sequential has no"):
            wrong()


def test_a_buffer_is_found_by_its_dotted_name_and_half_is_float16():
    net = nn.Sequential(nn.Linear(1, 1))
    net[0].register_buffer("seen", mg.zeros(1, dtype=mg.int64))
    assert net.get_buffer("0.seen") is net[0].seen
    for wrong in ("0.weight", "seen", "1.seen"):
        with pytest.raises(AttributeError, match=r"has no (buffer|module)"):
            net.get_buffer(wrong)
    assert net.half() is net and net[0].weight.dtype == mg.float16 and net[0].seen.dtype == mg.int64


def test_assigning_a_state_is_refused_and_changes_nothing():
    net = nn.Linear(1, 1)
    weight = net.weight
    with pytest.raises(NotImplementedError, match=r"^load_state_dict: assign=True is not supported"):
        net.load_state_dict({"weight": mg.zeros(1, 1), "bias": mg.zeros(1)}, assign=True)
    assert net.weight is weight and net.load_state_dict(net.state_dict(), assign=False) == ([], [])
