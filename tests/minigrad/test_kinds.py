"""Settings of the wrong kind: one sentence, read from the annotation, before anything else happens."""

import inspect
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import data, nn, optim
from minigrad.kinds import Checked, described, look_of
from minigrad.optim import lr_scheduler
from minigrad.tensor import Tensor
from minigrad.training import Trainer


class Odd:
    """A thing of no kind that a setting may have."""

    def __repr__(self) -> str:
        return "<odd>"


ODD = Odd()


def settings():
    """Each setting of each class that one makes, whose annotation says what it may be."""
    classes = [Trainer] + [one for room in (nn, optim, lr_scheduler, data) for one in vars(room).values()]
    for made in sorted({one for one in classes if inspect.isclass(one)}, key=lambda one: one.__name__):
        if issubclass(made, Checked) and "__init__" in dir(made):
            for word, parameter in inspect.signature(made).parameters.items():
                kind = parameter.annotation
                if any(plain in kind for plain in ("int", "float", "bool", "str", "Callable")) and not (
                    "Any" in kind or "Generator" in kind
                ):
                    yield pytest.param(made, word, id=f"{made.__name__}.{word}")


def test_the_sweep_finds_the_settings():
    assert len(list(settings())) > 250


@pytest.mark.parametrize(("made", "word"), list(settings()))
def test_a_setting_of_no_kind_is_refused_by_name(made, word):
    with pytest.raises(TypeError, match=rf"^{made.__name__}: {word} must be .+, got <odd>\.$"):
        made(**{word: ODD})


NET, X = nn.Linear(2, 2), mg.ones(2, 2)
LOADED = data.TensorDataset(X)


def sgd(**settings: Any) -> optim.SGD:
    return optim.SGD([mg.ones(2, requires_grad=True)], **settings)


def trainer() -> Trainer:
    return Trainer(NET, optim.SGD(NET.parameters()), progress=False)


@pytest.mark.parametrize(("call", "words"), [
    (lambda: nn.Linear(3.5, 2), "Linear: in_features must be an int, got 3.5."),
    (lambda: nn.Linear(2, 2, "relu"), "Linear: bias must be True or False, got 'relu'."),
    (lambda: nn.Conv2d(3, 8, kernel_size="3"), "Conv2d: kernel_size must be an int or a tuple of ints, got '3'."),
    (lambda: nn.Conv2d(3, 8), "Conv2d() missing 1 required positional argument: 'kernel_size'"),
    (lambda: nn.Conv2d(3, 8, (1, 2, 3)), "Conv2d: kernel_size must be an int, at least 1, or a tuple of 2, got (1"),
    (lambda: nn.Conv1d(3, 8, 3, stride=0), "Conv1d: stride must be an int, at least 1, or a tuple of 1, got 0."),
    (lambda: nn.CrossEntropyLoss("mean"), "CrossEntropyLoss: weight must be a Tensor or None, got 'mean'."),
    (lambda: nn.Sequential([NET]), "Sequential.0: expected a Module or None, got list. Give the modules one by one"),
    (lambda: nn.Sequential(F.relu), "Sequential.0: expected a Module or None, got function. A function is called in"),
    (lambda: nn.Sequential(nn.ReLU), "Sequential.0: expected a Module or None, got type. That is a class; make one"),
    (lambda: nn.ModuleList(3), "ModuleList: modules must be something to iterate over or None, got 3."),
    (lambda: nn.ModuleDict([1]), "ModuleDict: expected a dict, or pairs (name, member), got list."),
    (lambda: NET.register_buffer(3, X), "Linear: a name must be a str, got 3."),
    (lambda: NET.register_forward_hook(None), "register_forward_hook: hook must be a function, got None."),
    (lambda: nn.init.normal_("a"), "normal_: expected Tensors, got a str."),
    (lambda: nn.init.zeros_([1.0]), "zeros_: tensor must be a Tensor, got [1.0]."),
    (lambda: nn.init.normal_(X, 0, -1), "normal_: std must be >= 0, got -1."),
    (lambda: nn.init.uniform_(X, 2, 1), "uniform_: a must be <= b, got 2 and 1."),
    (lambda: nn.init.kaiming_normal_(X, nonlinearity=3), "kaiming_normal_: nonlinearity must be a str, got 3."),
    (lambda: nn.utils.clip_grad_norm_(NET.parameters(), "a"), "clip_grad_norm_: max_norm must be a number, got 'a'."),
    (lambda: sgd(lr="0.1"), "SGD: lr must be a number, got '0.1'."),
    (lambda: sgd(momentum=None), "SGD: momentum must be a number, got None."),
    (lambda: optim.Adam(NET.parameters(), betas=0.9), "Adam: betas must be a list of numbers, got 0.9."),
    (lambda: optim.SGD([{"params": [X], "lr": "a"}]), "SGD: lr must be a number, got 'a'."),
    (lambda: sgd().add_param_group({"lr": 1}), 'SGD: expected a group to be a dict with a list of Tensors, "params"'),
    (lambda: sgd().step(3), "step: closure must be a function or None, got 3."),
    (lambda: sgd().load_state_dict({"state": 3, "param_groups": 4}), "SGD.load_state_dict: nothing was loaded"),
    (lambda: sgd().load_state_dict(NET.state_dict()), "SGD.load_state_dict: nothing was loaded"),
    (lambda: lr_scheduler.StepLR(sgd(), "x"), "StepLR: step_size must be a number, got 'x'."),
    (lambda: lr_scheduler.LambdaLR(sgd(), [1]), "LambdaLR: lr_lambda must be a function or a list of functions, got "),
    (lambda: lr_scheduler.ReduceLROnPlateau(sgd()).step("a"), "step: metrics must be a number, got 'a'."),
    (lambda: data.DataLoader("abc"), "DataLoader: dataset must be a dataset, got 'abc'."),
    (lambda: data.DataLoader(LOADED, batch_size=2.5), "DataLoader: batch_size must be an int or None, got 2.5."),
    (lambda: data.DataLoader(LOADED, sampler=3), "DataLoader: sampler must be something to iterate over or None, "),
    (lambda: data.random_split(LOADED, 3), "random_split: lengths must be a list of numbers, got 3."),
    (lambda: Trainer(NET, NET), "Trainer: optimizer must be an Optimizer, got Linear("),
    (lambda: trainer().fit(LOADED, epochs="3"), "fit: epochs must be an int, got '3'."),
    (lambda: trainer().fit([(X[0], mg.tensor(1))], epochs=1), "Trainer: a batch must be a pair (inputs, labels)"),
    (lambda: trainer().evaluate([[X]]), "Trainer: a batch must be a pair (inputs, labels), as a DataLoader makes it, "),
    (lambda: mg.manual_seed(None), "manual_seed: a seed is a whole number, at least 0, got None."),
    (lambda: mg.randint("a", (2,)), "randint: low and high must be ints, got 0 and 'a'."),
    (lambda: mg.full_like(X), "full_like() missing 1 required positional argument: 'fill_value'"),
    (lambda: mg.ones(2, requires_grad="a"), "requires_grad: expected True or False, got 'a'."),
    (lambda: X.chunk("a"), "chunk: chunks must be an int, got 'a'."),
    (lambda: X.chunk(2.5), "chunk: chunks must be an int, got 2.5."),
    (lambda: X.split([1, 1.5]), "split: each length must be an int, got 1.5."),
    (lambda: X.sum(dim=2.5), "sum: dim must be an int, got 2.5."),
    (lambda: X.sum(dim=True), "sum: dim must be an int, got True."),
    (lambda: X.add(X, alpha="a"), "add: alpha must be a number, got 'a'."),
    (lambda: X.scatter(0, mg.tensor([[0, 1]]), "a"), "scatter: expected a tensor or a number, got 'a'."),
    (lambda: mg.square(x=X), "square: expected at least one Tensor, got nothing but settings."),
    (lambda: mg.ones(2, requires_grad=True).register_hook(None), "register_hook: hook must be a function, got None."),
    (lambda: F.leaky_relu(X, "a"), "leaky_relu: negative_slope must be a number, got 'a'."),
    (lambda: F.dropout(X, "x"), "dropout: p must be a number, got 'x'."),
    (lambda: F.layer_norm(X, 2), "layer_norm: normalized_shape must be a list of ints, got 2."),
    (lambda: mg.load(3.5), "load: path must be a str or a path, got 3.5."),
], ids=lambda part: part if isinstance(part, str) else None)  # fmt: skip
def test_what_is_wrong_is_said_in_one_sentence(call, words):
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    assert str(caught.value).startswith(words)


def test_a_setting_of_a_group_that_is_loaded_is_looked_at_before_anything_is_changed():
    optimizer = sgd(lr=0.5)
    state = optimizer.state_dict()
    state["param_groups"][0]["lr"] = "0.1"
    with pytest.raises(ValueError, match=r"nothing was loaded.*\n  - group 0: SGD: lr must be a number, got '0\.1'\.$"):
        optimizer.load_state_dict(state)
    assert optimizer.param_groups[0]["lr"] == 0.5


def test_what_pytorch_takes_is_taken():
    three, half = np.int64(3), mg.tensor(0.5)
    assert nn.Linear(three, mg.tensor(2), bias=None).weight.shape == (2, 3)
    assert nn.Conv2d(1, 1, [three, 2], padding=(0, three)).weight.shape == (1, 1, 3, 2)
    assert nn.LayerNorm(three)(mg.ones(2, 3)).shape == (2, 3)
    assert nn.Dropout(half).p is half
    assert set(nn.Dropout(half)(mg.ones(99)).tolist()) == {0.0, 2.0}
    assert X.norm(np.float32(2)) == 2
    assert sgd(lr=np.float32(0.25), nesterov=0).param_groups[0]["lr"] == 0.25
    for betas in ([0.9, 0.99], np.array([0.9, 0.99]), deque([0.9, 0.99])):
        assert optim.Adam(NET.parameters(), betas=betas).param_groups[0]["betas"] is betas
    assert lr_scheduler.CosineAnnealingLR(sgd(), 10.0).T_max == 10.0
    assert lr_scheduler.StepLR(sgd(), 2.5).step_size == 2.5
    assert lr_scheduler.LinearLR(sgd(), total_iters=4.0).total_iters == 4.0
    assert lr_scheduler.MultiStepLR(sgd(), np.array([1, 2]) * 1.0).milestones[2] == 1
    assert lr_scheduler.ReduceLROnPlateau(sgd(), patience=np.inf, cooldown=2.0).patience == np.inf
    assert len(data.DataLoader([1, 2, 3], three)) == 1
    assert nn.LayerNorm(deque([2, 3]))(mg.ones(1, 2, 3)).shape == (1, 2, 3)
    assert nn.BatchNorm1d(3, affine=np.int64(0), track_running_stats=mg.tensor(True)).weight is None
    assert list(nn.ModuleList([NET, None])) == [NET, None]
    assert X.sum(mg.tensor(1)).shape == X.sum(np.int64(1)).shape == X.sum((1,)).shape == (2,)


@pytest.mark.parametrize(("kind", "words", "right", "wrong"), [
    (int, "an int", [3, np.int64(3), True, mg.tensor(3)], [3.0, "3", None, mg.tensor(3.0), mg.tensor([1, 2]), [3]]),
    (float, "a number", [3, 0.5, np.float32(0.5), mg.tensor(0.5), mg.tensor([0.5])], ["0.5", None, [0.5], X]),
    (bool, "True or False", [True, np.True_, 0, None, np.int64(1), np.array(True), mg.tensor(True)], ["yes", 0.5, X]),
    (str, "a str", ["a"], [1, None, ["a"]]),
    (Callable[[int], float], "a function", [abs, nn.ReLU()], [1, "abs"]),
    (int | None, "an int or None", [3, None], ["3", 3.5]),
    (bool | None, "True, False or None", [True], ["yes"]),
    (int | tuple[int, int] | str, "an int, a tuple of ints or a str", [1, (1, 2), [1, 2], "same"], [1.5, (1.5,), X]),
    (Sequence[float], "a list of numbers", [(0.5, 1), np.ones(2)], ["ab", 1, ["a"], mg.tensor(1.0)]),
    (Iterable[Tensor], "a list of Tensors", [[X], iter([X])], [["a"], 1]),
    (dict[str, int] | int, None, ["whatever is not looked at"], []),
])  # fmt: skip
def test_what_fits_a_kind_and_how_it_is_called(kind, words, right, wrong):
    assert words is None or described(kind) == words
    assert [value for value in right if not look_of(kind)(value)] == []
    assert [value for value in wrong if look_of(kind)(value)] == []


def test_a_users_own_classes_are_left_alone():
    class Layer(nn.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.width = width

    class Twice(nn.Linear):
        def __init__(self, width: str) -> None:
            super().__init__(width, 2)

    assert Layer("wide").width == "wide"
    with pytest.raises(TypeError, match=r"^Twice: in_features must be an int, got 'a'\.$"):
        Twice("a")


def test_what_is_long_is_not_printed():
    for long, called in ((mg.ones(20, 20), "Tensor"), (list(range(100)), "list")):
        with pytest.raises(TypeError, match=rf"^SGD: lr must be a number, got a {called}\.$"):
            sgd(lr=long)


def test_a_number_of_channels_that_is_not_used_is_only_warned_of():
    with pytest.warns(UserWarning, match=r"^InstanceNorm1d: expected 3 channels, got \(2, 4, 5\)\.") as told:
        nn.InstanceNorm1d(3)(mg.ones(2, 4, 5))
    assert told[0].filename == __file__
    with pytest.raises(mg.ShapeError, match="weight must be"):
        nn.InstanceNorm1d(3, affine=True)(mg.ones(2, 4, 5))
    nn.InstanceNorm1d(4)(mg.ones(4, 5))


def test_what_can_be_iterated_over_once_is_not_used_up():
    class Once:
        def __init__(self, members):
            self.members = iter(members)

        def __iter__(self):
            return self.members

    assert optim.SGD(Once([X]), lr=0.1).param_groups[0]["params"] == [X]
    assert lr_scheduler.MultiStepLR(sgd(), Once([1, 2])).milestones == {1: 1, 2: 1}


def test_an_error_of_the_users_own_passes_with_its_cause():
    def parameters():
        yield X
        raise OSError("the file is gone") from KeyError("weight")

    with pytest.raises(OSError, match=r"^the file is gone$") as caught:
        nn.utils.clip_grad_norm_(parameters(), 1.0)
    assert isinstance(caught.value.__cause__, KeyError)


def test_an_optimiser_of_ones_own_is_one():
    class Plain:
        """A course's own, of no base class of ours."""

        def __init__(self, params: Any, lr: float) -> None:
            self.param_groups = [{"params": list(params), "lr": lr}]

        def zero_grad(self) -> None:
            for p in self.param_groups[0]["params"]:
                p.grad = None

        def step(self) -> None:
            for p in self.param_groups[0]["params"]:
                p.data -= self.param_groups[0]["lr"] * p.grad

    net, pairs = nn.Linear(2, 3), data.TensorDataset(mg.rand(8, 2), mg.arange(8) % 3)
    own = Plain(net.parameters(), 0.5)
    schedule = lr_scheduler.StepLR(own, 1)
    history = Trainer(net, own, scheduler=schedule).fit(data.DataLoader(pairs, 8), epochs=3)
    assert history.epochs[-1].train_loss < history.epochs[0].train_loss
    assert own.param_groups[0]["lr"] == pytest.approx(0.5e-3)
