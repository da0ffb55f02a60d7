"""Tasks 1.6 and 1.8: a network's parameters, scores and loss beside ours, and its gradients beside differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gaze_examples.assignment.checking.work import Step, Work, a_tuple, close, same
from gaze_examples.assignment.nets import FullyConnectedNet, TwoLayerNet
from minigrad.exercises.answer import Complaint, described
from minigrad.testing import Loss, gradcheck

Arrays = dict[str, np.ndarray]
IMAGE, CLASSES = (2, 3), 4  # small, so that every element can be moved
REG = 0.7
DEVIATION = 0.02
Network = TwoLayerNet | FullyConnectedNet


def steps(ours: Callable[..., Network], **sizes: Any) -> dict[str, Step]:
    """What is asked of the student's class of the same name as `ours`. sizes: of the network that is tried."""

    def both(work: Work, input_dim: int = int(np.prod(IMAGE)), **settings: Any) -> tuple[_Guarded, Network]:
        settings |= {"input_dim": input_dim, "num_classes": CLASSES, **sizes}
        make = work.function(ours.__name__)
        np.random.seed(0)
        return _Guarded(work, make(**settings)), ours(**settings)

    return {
        "parameters": lambda work: _parameters(*both(work, 400, weight_scale=DEVIATION)),  # many, so little is chance
        "scores": lambda work: _scores(*both(work)),
        "loss": lambda work: _loss(*both(work)),
        "gradients of W": lambda work: _gradients(*both(work, reg=REG), "W"),
        "gradients of b": lambda work: _gradients(*both(work, reg=REG), "b"),
    }


class _Guarded:
    """A student's network: what its `loss` raises, or returns in the wrong form, becomes a Complaint."""

    def __init__(self, work: Work, net: Any) -> None:
        self.work, self.net, self.name = work, net, type(net).__name__
        if not isinstance(getattr(net, "params", None), dict):
            raise Complaint(f"{self.name} must have a dict of arrays, self.params")

    def scores(self, images: np.ndarray) -> Any:
        return self.work.run(f"{self.name}.loss", lambda: self.net.loss(images))

    def loss(self, images: np.ndarray, labels: np.ndarray) -> tuple[Any, dict[str, Any]]:
        call = f"{self.name}.loss(X, y)"
        loss, grads = a_tuple(self.work.run(call, lambda: self.net.loss(images, labels)), ("loss", "grads"), call)
        if not isinstance(grads, dict):
            raise Complaint(f"{call} must return its gradients as a dict, got {described(grads)}")
        return loss, grads


def _parameters(net: _Guarded, ours: Network) -> None:
    found = net.net.params
    _same_names(found, ours.params, "self.params")
    for name, due in ours.params.items():
        if np.shape(found[name]) != due.shape:
            raise Complaint(f"{name} must have shape {due.shape}, got {described(found[name])}")
        if name.startswith("b") and np.any(found[name]):
            raise Complaint(f"{name} must be zeros at the start")
    deviation, mean = np.std(found["W1"]), np.mean(found["W1"])
    if abs(deviation - DEVIATION) > DEVIATION / 10:
        raise Complaint(f"the standard deviation of W1 must be weight_scale, here {DEVIATION}; it is {deviation:.3g}")
    if abs(mean) > DEVIATION / 10:
        raise Complaint(f"the mean of W1 must be 0, it is {mean:.3g}")


def _given(net: _Guarded, ours: Network) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels. Both networks get the same parameters, with which hidden values are above and below 0."""
    rng = np.random.default_rng(0)
    drawn = {name: rng.normal(size=np.shape(array)) for name, array in ours.params.items()}
    ours.params.update(drawn)
    net.net.params.update({name: array.copy() for name, array in drawn.items()})
    return rng.normal(size=(5, *IMAGE)), rng.integers(CLASSES, size=5)


def _scores(net: _Guarded, ours: Network) -> None:
    images, _ = _given(net, ours)
    due = np.asarray(ours.loss(images))
    mistakes = {
        "there is no ReLU between its layers": _without_relu(ours.params, images),
        "there is a ReLU after the last layer, too": np.maximum(due, 0),
    }
    same(net.scores(images), due, "with random weights, the array of scores", mistakes)


def _without_relu(params: Mapping[str, np.ndarray], images: np.ndarray) -> np.ndarray:
    out = images.reshape(len(images), -1)
    for i in range(1, len(params) // 2 + 1):
        out = out @ params[f"W{i}"] + params[f"b{i}"]
    return out


def _loss(net: _Guarded, ours: Network) -> None:
    images, labels = _given(net, ours)
    weights, biases = ([a for name, a in ours.params.items() if name.startswith(kind)] for kind in "Wb")
    for reg in (0.0, REG):
        net.net.reg = ours.reg = reg
        due, _ = ours.loss(images, labels)
        added = 0.5 * reg * sum(np.sum(W**2) for W in weights)
        mistakes = {
            "the regularization is missing": due - added,
            "the regularization has a factor of 0.5": due + added,
            "the biases are not regularized": due + 0.5 * reg * sum(np.sum(b**2) for b in biases),
            "the squares are added up, without a root": due - added + 0.5 * reg * sum(map(np.linalg.norm, weights)),
        }
        same(net.loss(images, labels)[0], due, f"with reg = {reg:g}, the loss", mistakes)


def _gradients(net: _Guarded, ours: Network, kind: str) -> None:
    """Those of all weights, or of all biases: are they the slopes of the network's own loss?"""
    images, labels = _given(net, ours)
    names = [name for name in ours.params if name.startswith(kind)]
    _, grads = net.loss(images, labels)
    _same_names(grads, ours.params, "grads")

    def loss(*arrays: np.ndarray) -> tuple:
        net.net.params.update(zip(names, arrays, strict=True))
        value, grads = net.loss(images, labels)
        return value, tuple(grads[name] for name in names)

    found = gradcheck(Loss(loss), *(ours.params[name].copy() for name in names))
    _, due = ours.loss(images, labels)
    for name, report in zip(names, found.gradients, strict=True):
        if report.ok:
            continue
        if kind == "W" and close(np.asarray(grads[name]), due[name] - REG * ours.params[name]):
            raise Complaint(f"{name}: the regularization is missing, + reg * {name}")
        raise Complaint(f"{name}: {_said(report)}")


def _said(report: Any) -> str:
    if report.index is None or report.cause == "wrong-shape":
        return report.detail
    place = f"at [{', '.join(map(str, report.index))}] "
    numbers = f"{place}it is {report.analytic:.6g}, differences say {report.numeric:.6g}"
    return "\n".join(filter(None, (report.detail, numbers)))


def _same_names(found: Mapping[str, Any], due: Mapping[str, Any], what: str) -> None:
    if set(found) != set(due):
        raise Complaint(f"{what} must have the keys {', '.join(due)}; it has {', '.join(map(str, found)) or 'none'}")
