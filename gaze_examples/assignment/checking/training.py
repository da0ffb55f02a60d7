"""Tasks 1.7, 1.9, 1.10, 2.2, 2.4 and 4: what has been trained, and how good it has become."""

from __future__ import annotations

from typing import Any

import numpy as np

from gaze_examples.assignment.accuracy import check_accuracy
from gaze_examples.assignment.checking.work import Step, Work
from gaze_examples.assignment.data import Data
from gaze_examples.assignment.solver import Solver
from minigrad import nn
from minigrad.exercises.answer import Complaint, described

BATCH = 250


def solver(net: str, at_least: float) -> dict[str, Step]:
    """Of the Solver called `solver`."""

    def is_trained(work: Work) -> None:
        _trained(work.value("solver"), "solver", net)

    def is_good(work: Work) -> None:
        is_trained(work)
        _reached(work.value("solver").best_val_acc, at_least)

    return {"trained": is_trained, f"{at_least:g} % on validation": is_good}


def comparison(work: Work) -> None:
    """Of the two Solvers in `solvers`."""
    solvers = work.value("solvers")
    rules = ("sgd", "sgd_momentum")
    if not isinstance(solvers, dict) or set(solvers) != set(rules):
        raise Complaint(f'solvers must be a dict with the keys "sgd" and "sgd_momentum", got {described(solvers)}')
    plain, momentum = (solvers[rule] for rule in rules)
    for rule, one in (("sgd", plain), ("sgd_momentum", momentum)):
        _trained(one, f'solvers["{rule}"]', "FullyConnectedNet")
    if momentum.update_rule is plain.update_rule:
        raise Complaint("both have the same update rule")
    if len(plain.loss_history) != len(momentum.loss_history):
        raise Complaint("one of them has made more steps than the other: that is no fair comparison")
    if not np.isclose(plain.loss_history[0], momentum.loss_history[0]):
        raise Complaint("their first losses differ: begin with the same weights, np.random.seed(228) before each")


def is_as_good(name: str, at_least: float) -> Step:
    """The network called so, on the validation part."""
    return lambda work: _reached(_accuracy(work, name), at_least)


def is_better(name: str, than: str) -> Step:
    """One network, against another."""

    def look(work: Work) -> None:
        found, other = _accuracy(work, name), _accuracy(work, than)
        if found <= other:
            raise Complaint(f"on the validation part {name} has {found:.1f} %, {than} has {other:.1f} %")

    return look


def _trained(one: Any, name: str, net: str) -> None:
    if not isinstance(one, Solver):
        raise Complaint(f"{name} must be a Solver, got {described(one)}")
    if type(one.model).__name__ != net:
        raise Complaint(f"{name} must train a {net}, it has a {type(one.model).__name__}")
    if not one.val_acc_history:
        raise Complaint(f"{name} has not trained yet: {name}.train()")


def _accuracy(work: Work, name: str) -> float:
    """In per cent, on the validation part."""
    model, dataset = work.value(name), work.value("dataset")
    forward = "forward" if isinstance(model, nn.Module) else "loss"
    return work.run(name, lambda: check_accuracy(model, Data(BATCH, dataset).load_val(), model_forward=forward))


def _reached(accuracy: float, at_least: float) -> None:
    if accuracy < at_least:
        raise Complaint(f"on the validation part it has {accuracy:.1f} %; at least {at_least:g} % are asked for")
