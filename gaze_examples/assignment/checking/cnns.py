"""Tasks 2.1 to 2.4 and 3.1: the CNNs' layers, a step of their training, their filters, how many numbers they learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import minigrad as mg
from gaze_examples.assignment.checking.work import Step, Work, same, worked_out
from gaze_examples.assignment.cnns import CNNWithBatchNorm, CNNWithoutBatchNorm
from gaze_examples.assignment.nets import FullyConnectedNet
from gaze_examples.assignment.parameters import parameter_count
from minigrad import nn, optim
from minigrad.exercises.answer import Complaint, described

IMAGES = (3, 1, 36, 120)


# -- layers ------------------------------------------------------------------------------------------------------------


def architecture(ours: Callable[[], nn.Module]) -> dict[str, Step]:
    """Of the student's class of the same name as `ours`."""
    return {"layers": lambda work: _layers(work, ours), "scores": lambda work: _scores(work, ours)}


def _made(work: Work, name: str) -> nn.Module:
    net = work.function(name)()
    if not isinstance(net, nn.Module):
        raise Complaint(f"{name} must be an nn.Module, got {described(net)}")
    return net


def _layers(work: Work, ours: Callable[[], nn.Module]) -> None:
    """Parameters of the right shapes, in order. What the layers are called is the student's."""
    found = [(name, parameter.shape) for name, parameter in _made(work, ours.__name__).named_parameters()]
    due = [(name, parameter.shape) for name, parameter in ours().named_parameters()]
    for (name, shape), (of_ours, shape_due) in zip(found, due, strict=False):
        if shape != shape_due:
            raise Complaint(f"{of_ours} must have shape {shape_due}, got {name} of {shape}")
    if len(found) < len(due):
        raise Complaint(f"there should be {len(due)} parameters, with {due[len(found)][0]}; got {len(found)}")
    if len(found) > len(due):
        raise Complaint(f"there should be {len(due)} parameters; {found[len(due)][0]} is too many")


def _scores(work: Work, ours: Callable[[], nn.Module]) -> None:
    _layers(work, ours)
    name, images = ours.__name__, mg.tensor(np.random.default_rng(0).random(IMAGES, np.float32))
    net, reference = _made(work, name), ours()
    for theirs, parameter in zip(net.parameters(), reference.parameters(), strict=True):
        theirs.data = parameter.data
    for mode in ("training", "evaluation"):
        for one in (net, reference):
            one.train(mode == "training")
        with mg.no_grad():
            scores = work.run(f"{name}.forward", lambda: net(images))
            due = reference(images).numpy()
        if not isinstance(scores, mg.Tensor):
            raise Complaint(f"{name}.forward must return a Tensor, got {described(scores)}")
        same(scores.numpy(), due, f"in {mode} mode, with the weights of ours, the array of scores")


# -- a step of training ------------------------------------------------------------------------------------------------


def train_step(work: Work) -> None:
    """Two steps of the student's, against two of ours."""
    found, due = _two_steps(work.function("train_step")), _two_steps(_our_step)
    same(found["losses"][:1], due["losses"][:1], "the loss of the first step")
    unmoved, kept = _two_steps(_without_update), _two_steps(_without_zero_grad)
    mistakes = {"no weight has moved: backward, then step": unmoved["first"]}
    same(found["first"], due["first"], "the weights after one step", mistakes)
    mistakes = {"the gradients of the step before are still there: optimizer.zero_grad()": kept["second"]}
    same(found["second"], due["second"], "the weights after two steps", mistakes)


def _two_steps(step: Callable[..., Any]) -> Mapping[str, Any]:
    """The losses, and the weights after the first and after the second step, of a small network."""
    rng = np.random.default_rng(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(12, 4))
    net[1].weight.data = mg.tensor(rng.normal(size=(4, 12)).astype(np.float32))
    net[1].bias.data = mg.zeros(4)
    optimizer, criterion = optim.SGD(net.parameters(), lr=0.1), nn.CrossEntropyLoss()
    losses, weights = [], []
    for _ in range(2):
        loss = step(net, criterion, optimizer, rng.random((6, 3, 4)), rng.integers(4, size=6))
        if not isinstance(loss, (float, np.floating)):
            raise Complaint(f"train_step must return the loss as a number, loss.item(); got {described(loss)}")
        losses.append(loss)
        weights.append(net[1].weight.detach().numpy().copy())
    return {"losses": losses, "first": weights[0], "second": weights[1]}


def _our_step(net: nn.Module, criterion: nn.Module, optimizer: Any, images: np.ndarray, labels: np.ndarray) -> float:
    optimizer.zero_grad()
    return _without_zero_grad(net, criterion, optimizer, images, labels)


def _without_zero_grad(
    net: nn.Module, criterion: nn.Module, optimizer: Any, images: np.ndarray, labels: np.ndarray
) -> float:
    loss = criterion(net(mg.tensor(images).unsqueeze(1).float()), mg.tensor(labels))
    loss.backward()
    optimizer.step()
    return loss.item()


def _without_update(
    net: nn.Module, criterion: nn.Module, optimizer: Any, images: np.ndarray, labels: np.ndarray
) -> float:
    return criterion(net(mg.tensor(images).unsqueeze(1).float()), mg.tensor(labels)).item()


# -- filters, and numbers of parameters --------------------------------------------------------------------------------


def filters(work: Work) -> None:
    """`filters` are the weights of the first convolution of the network `cnn_bn`."""
    found = work.value("filters")
    due = next(work.value("cnn_bn").parameters()).detach().numpy()
    same(found.detach().numpy() if isinstance(found, mg.Tensor) else found, due, "filters")


def parameters(key: str, make: Callable[[], Any]) -> Step:
    """`counts[key]` is the number of parameters of the network that `make` gives."""

    def look(work: Work) -> None:
        counts = work.value("counts")
        if not isinstance(counts, dict) or key not in counts:
            raise Complaint(f"counts must be a dict with the key {key!r}, got {described(counts)}")
        net = make()
        sizes = _sizes(net)
        due, biases = sum(sizes), sizes[1::2]
        norms = sum(parameter_count(one) for one in _batch_norms(net))
        mistakes = {
            "all biases are missing": due - sum(biases),
            "the biases of the fully-connected layers are missing": due - sum(biases[-2:]),
            "the scales and shifts of batch-norm are missing": due - norms,
            "the biases of the fully-connected layers, and batch-norm's scales and shifts, are missing": (
                due - sum(biases[-2:]) - norms
            ),
        }
        worked_out(Work(counts).value(key), due, f'counts["{key}"]', mistakes)

    return look


def _sizes(net: Any) -> list[int]:
    """The numbers of elements of its parameters: weight, bias, weight, bias, ..."""
    arrays = net.parameters() if isinstance(net, nn.Module) else net.params.values()
    return [int(np.prod(one.shape)) for one in arrays]


def _batch_norms(net: Any) -> list[nn.Module]:
    return [one for one in net.modules() if isinstance(one, nn.BatchNorm2d)] if isinstance(net, nn.Module) else []


NETWORKS: dict[str, Callable[[], Any]] = {
    "fc": lambda: FullyConnectedNet([100, 100, 100]),
    "cnn": CNNWithoutBatchNorm,
    "cnn_bn": CNNWithBatchNorm,
}
