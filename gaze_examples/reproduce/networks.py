"""The tasks that train: each network as the notebook trains it, on the data of this reproduction."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
from tqdm import tqdm

import minigrad as mg
import minigrad.nn as nn
from gaze_examples import document, runs
from gaze_examples.assignment import (
    CNNWithBatchNorm,
    CNNWithoutBatchNorm,
    Data,
    FullyConnectedNet,
    Solver,
    TwoLayerNet,
    check_accuracy,
    parameter_count,
    parameter_table,
    sgd_momentum,
)
from gaze_examples.models import MODELS, PIXELS
from gaze_examples.reproduce import checks, notebook, pictures
from gaze_examples.reproduce.findings import BATCH, Finding, Lab, Network, percent, settings_table
from minigrad import optim

# -- part 1 ------------------------------------------------------------------------------------------------------------


def solver(lab: Lab) -> Finding:
    """Task 1.7."""
    epochs = lab.epochs(10)
    lab.sow()
    net = TwoLayerNet(weight_scale=5e-2)
    first = net.params["W1"]
    network, _ = _solve(
        lab, "two-layer net", net, epochs, update_rule="sgd", optim_config={"learning_rate": 1e-3}, lr_decay=0.8
    )
    table = settings_table(
        ("hidden units", 128, 128), ("weight scale", 0.05, 0.05), ("update rule", "sgd", "sgd"),
        ("learning rate", 1e-3, 1e-3), ("its decay an epoch", 0.8, 0.8), ("batch size", BATCH, 256),
        ("epochs", epochs, 10), ("batches an epoch", len(network.losses) // epochs, notebook.BATCHES),
    )  # fmt: skip
    return Finding(
        _said(network, "two-layer"),
        [
            table,
            pictures.training(lab, "1.7-training", network, "two-layer"),
            _epoch_table(network, "two-layer"),
            _added(lab, "1.7-weights", net.params["W1"] - first),
        ],
        {"networks": {"two-layer": asdict(network)}},
    )  # fmt: skip


def update_rules(lab: Lab) -> Finding:
    """Task 1.9: from the same weights on the same batches."""
    epochs = lab.epochs(5)
    networks = {}
    for name, rule in (("sgd", "sgd"), ("sgd_momentum", sgd_momentum)):
        lab.sow()
        config = {"learning_rate": 1e-3} | ({"momentum": 0.9} if name == "sgd_momentum" else {})
        net = FullyConnectedNet([256, 128, 64], weight_scale=5e-2)
        networks[name], _ = _solve(lab, name, net, epochs, update_rule=rule, optim_config=config)
    table, made = checks.momentum()
    right = sum(check.right for check in made)
    settings = settings_table(
        ("hidden units", "256, 128, 64", "256, 128, 64"), ("weight scale", 0.05, 0.05), ("learning rate", 1e-3, 1e-3),
        ("momentum", "0 and 0.9", "0 and 0.9"), ("batch size", BATCH, 256), ("epochs", epochs, 5),
        ("first weights", "the same for both", "drawn for each"),
    )  # fmt: skip
    rows = [
        [name, f"{network.losses[-1]:.3f}", percent(network.train[-1]), percent(network.val[-1]),
         percent(network.scores["test"]), percent(notebook.TRAIN[name][-1]), percent(notebook.VAL[name][-1])]
        for name, network in networks.items()
    ]  # fmt: skip
    head = ["rule", "last loss", "training", "validation", "test", "notebook: training", "notebook: validation"]
    plain, with_momentum = (networks[name].val[-1] for name in ("sgd", "sgd_momentum"))
    return Finding(
        f"validation {plain:.1f} % without, {with_momentum:.1f} % with momentum",
        [
            document.Text("The update rule, against the values the notebook gives:"),
            table,
            document.Text("Both rules, on the same batches:"),
            settings,
            pictures.comparison(lab, "1.9-update-rules", networks),
            document.Table(head, rows),
        ],
        {"networks": {name: asdict(network) for name, network in networks.items()}, "checks": [right, len(made)]},
    )


def good_model(lab: Lab) -> Finding:
    """Task 1.10; the weights that were best on the validation part are tested, as in the notebook."""
    epochs = lab.epochs(20)
    lab.sow()
    net = FullyConnectedNet([100, 100, 100], weight_scale=5e-2)
    first = net.params["W1"]
    config = {"learning_rate": 1e-3, "momentum": 0.9}
    network, done = _solve(
        lab, "fully-connected net", net, epochs, best=True, update_rule=sgd_momentum, optim_config=config
    )
    table = settings_table(
        ("hidden units", "100, 100, 100", "100, 100, 100"), ("weight scale", 0.05, 0.05),
        ("update rule", "sgd_momentum", "sgd_momentum"), ("learning rate", 1e-3, 1e-3),
        ("its decay an epoch", "none", "none (in optim_config, where no rule reads it)"), ("momentum", 0.9, 0.9),
        ("batch size", BATCH, 256), ("epochs", epochs, 20),
        ("batches an epoch", len(network.losses) // epochs, notebook.BATCHES),
    )  # fmt: skip
    return Finding(
        _said(network, "fc"),
        [
            table,
            document.Text(f"The weights of epoch {int(np.argmax(done.val_acc_history)) + 1} were the best on the "
                          "validation part; these are tested."),
            _score_table(network, "fc"),
            pictures.training(lab, "1.10-training", network, "fc"),
            _epoch_table(network, "fc"),
            _added(lab, "1.10-weights", net.params["W1"] - first),
        ],
        {"networks": {"fc": asdict(network)}},
    )  # fmt: skip


def _solve(
    lab: Lab, title: str, net: Any, epochs: int, *, best: bool = False, **settings: Any
) -> tuple[Network, Solver]:
    start = time.perf_counter()
    # One epoch a call, for the bar: called again, a solver goes on.
    solver = Solver(
        net, num_epochs=1, batch_size=BATCH, dataset_directory=lab.data, verbose=False,
        num_train_samples=2000 if lab.quick else None, **settings,
    )  # fmt: skip
    for _ in tqdm(range(epochs), desc=title, unit="epoch", leave=False, disable=None):
        solver.train()
    if best:
        net.params.update(solver.best_params)
    scores = _scores(lab, net, "loss")
    parameters = sum(array.size for array in net.params.values())
    losses = [float(loss) for loss in solver.loss_history]
    seconds = time.perf_counter() - start
    return Network(parameters, losses, solver.train_acc_history, solver.val_acc_history, scores, seconds), solver


# -- part 2 ------------------------------------------------------------------------------------------------------------


def architecture(make: Callable[[], nn.Module], text: str) -> Callable[[Lab], Finding]:
    """Tasks 2.1 and 2.3."""

    def work(lab: Lab) -> Finding:
        lab.sow()
        net = make()
        shown = str(mg.summary(net, mg.zeros(1, 1, 36, 120)))
        count = parameter_count(net)
        return Finding(f"{count:,} parameters", [document.Text(text), document.Code(shown)])

    return work


def cnn(key: str, name: str, make: Callable[[], nn.Module]) -> Callable[[Lab], Finding]:
    """Tasks 2.2 and 2.4."""

    def work(lab: Lab) -> Finding:
        epochs = lab.epochs(10)
        lab.sow()
        net = make()
        first = _first_filters(net)
        network = _train_cnn(lab, name, net, epochs)
        batches = len(network.losses) // epochs
        table = settings_table(
            ("optimiser", "SGD", "SGD"), ("learning rate", 0.01, 0.01), ("momentum", 0.9, 0.9),
            ("its decay", "0.9 every 2 epochs", "0.9 every 2 epochs"), ("batch size", BATCH, 256),
            ("epochs", epochs, 10), ("batches an epoch", batches, notebook.BATCHES),
        )  # fmt: skip
        there = notebook.LAST_LOSS[name]
        rows = [
            [str(i + 1), f"{np.mean(network.losses[i * batches : (i + 1) * batches]):.3f}",
             f"{network.losses[(i + 1) * batches - 1]:.3f}", percent(network.val[i]),
             f"{there[i]:.3f}" if i < len(there) else "—"]
            for i in range(epochs)
        ]  # fmt: skip
        filters = pictures.filters(
            lab, f"{key}-filters", {"before training": first, "after training": _first_filters(net)}, (6, 2.3),
            columns=3, caption="The six filters of the first convolution, 3 x 3, each stretched from black to white.",
        )  # fmt: skip
        return Finding(
            _said(network, name),
            [
                table,
                _score_table(network, name),
                pictures.training(lab, f"{key}-training", network, name),
                document.Table(
                    ["epoch", "mean loss", "loss of the last batch", "validation", "notebook: loss of the last batch"],
                    rows,
                ),
                filters,
            ],
            {"networks": {name: asdict(network)}},
        )

    return work


def _train_cnn(lab: Lab, name: str, net: nn.Module, epochs: int) -> Network:
    """The notebook's loop, with minigrad in PyTorch's place."""
    start = time.perf_counter()
    data, device = Data(BATCH, lab.data), runs.work_on(lab.device)
    net.to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.9)
    losses, val = [], []
    batches = -(-len(lab.data.labels["train"]) // BATCH)
    with tqdm(total=epochs * batches, desc=name, unit="batch", leave=False, disable=None) as bar:
        for _ in range(epochs):
            for inputs, labels in data.load_train():
                images = mg.tensor(inputs, device=device).unsqueeze(1).float()
                optimizer.zero_grad()
                loss = criterion(net(images), mg.tensor(labels, device=device))
                loss.backward()
                optimizer.step()
                losses.append(loss.detach())
                bar.update()
            scheduler.step()
            val.append(check_accuracy(net, data.load_val(), model_forward="forward"))
    scores = _scores(lab, net, "forward")
    curve = [loss.item() for loss in losses]
    return Network(parameter_count(net), curve, [], val, scores, time.perf_counter() - start)


# -- parts 3 and 4 -----------------------------------------------------------------------------------------------------


def parameters(lab: Lab) -> Finding:
    """Task 3.1."""
    fc, cnn, with_norm = MODELS["fc"].make(), CNNWithoutBatchNorm(), CNNWithBatchNorm()
    counts = {name: parameter_count(net) for name, net in (("cnn", cnn), ("cnn-bn", with_norm), ("fc", fc))}
    why = {
        "cnn": "the notebook leaves out the biases of both fully-connected layers: 256 + 4",
        "cnn-bn": "these, and a scale and a shift for each channel of batch-norm: 2 x 6 + 2 x 16",
        "fc": "the notebook leaves out all four biases: 100 + 100 + 100 + 4",
    }
    rows = [
        [name, f"{count:,}", f"{notebook.PARAMETERS[name]:,}", f"{count - notebook.PARAMETERS[name]:,}", why[name]]
        for name, count in counts.items()
    ]
    best = {name: _network(lab, name) for name in counts}
    leader = max(best, key=lambda name: best[name]["scores"]["test"])
    results = ", ".join(f"{name} {best[name]['scores']['test']:.1f} %" for name in best)
    first_layer, first_filters = PIXELS * 100, 6 * 9
    return Finding(
        ", ".join(f"{name} {count:,}" for name, count in counts.items()),
        [
            document.Table(["network", "parameters", "notebook", "difference", "why"], rows),
            document.Text(
                f"On the test part: {results}. {leader} is the best of them here. The first layer of the "
                f"fully-connected net has {first_layer:,} weights, one for each pixel and unit; the first convolution "
                f"has {first_filters}, and moves them over the image: an eye a pixel further left is read alike."
            ),
            document.Code(parameter_table(with_norm)),
        ],
    )


def sgd_or_momentum(lab: Lab) -> Finding:
    """Task 3.2, from what task 1.9 found."""
    plain, momentum = (_network(lab, name) for name in ("sgd", "sgd_momentum"))
    ahead = momentum["val"][-1] - plain["val"][-1]
    reached = next((i + 1 for i, val in enumerate(momentum["val"]) if val >= plain["val"][-1]), None)
    epochs = len(plain["val"])
    first = "never reaches" if reached is None else f"reaches after {reached} of them"
    there = notebook.VAL["sgd_momentum"][-1] - notebook.VAL["sgd"][-1]
    text = (
        f"After {epochs} epochs from the same weights, momentum is {abs(ahead):.1f} points "
        f"{'ahead' if ahead >= 0 else 'behind'} on the validation part (notebook: {there:.1f} ahead, after 5). What "
        f"plain SGD has after {epochs} epochs, momentum {first}."
    )
    return Finding(
        f"momentum {ahead:+.1f} points on validation (notebook {there:+.1f})",
        [
            document.Text(text),
            document.Text(
                "The velocity adds up the gradients of past steps, each 0.9 times the one after it. Where they "
                "agree, the sum is up to 1 / (1 - 0.9) = 10 times one gradient; where they change sign from batch to "
                "batch, they cancel. So momentum goes far along a flat valley, and little across it."
            ),
        ],
    )


def improved(lab: Lab) -> Finding:
    """Part 4: a network of our own, trained by its recipe."""
    recipe = MODELS["best"]
    epochs = lab.epochs(recipe.epochs)
    start = time.perf_counter()
    settings = runs.settings_of("best", lab.seed, lab.device, epochs=epochs)
    result = runs.train(settings, lab.data)
    if result.history.interrupted:
        raise KeyboardInterrupt
    history = result.history
    scores = {name: 100 * score.accuracy for name, score in result.scores.items() if name != "train"}
    train, val = ([100 * share for share in history.column(f"{part}_accuracy")] for part in ("train", "val"))
    seconds = time.perf_counter() - start
    network = Network(parameter_count(result.model), history.batch_losses, train, val, scores, seconds)
    table = document.Table(
        ["what", "here", "Task 2.3"],
        [
            ["blocks", "3: convolution, pool, batch-norm, relu", "2: convolution, relu, pool, batch-norm"],
            ["filters", "8, 16, 32 of 3 x 3, with a border", "6 of 3 x 3, 16 of 5 x 5, no border"],
            ["hidden units", "128", "256"],
            ["dropout", "0.5, before both last layers", "none"],
            ["training images", "mirrored, moved by up to 2 pixels, lit anew", "as they are"],
            ["learning rate", f"{settings.lr}, falling along a cosine to 0", "0.01, times 0.9 every 2 epochs"],
            ["weight decay", f"{settings.weight_decay:g}", "none"],
            ["batch size", str(settings.batch_size), "256"],
            ["epochs", str(epochs), str(lab.epochs(10))],
        ],
    )
    before = _network(lab, "cnn-bn")["scores"]["test"]
    gain = scores["test"] - before
    return Finding(
        _said(network, "best") + f", {gain:+.1f} points over task 2.4",
        [
            table,
            document.Text(
                f"{network.parameters:,} parameters, and {gain:+.1f} points on the test part over task 2.4. "
                "How its numbers were chosen is told in docs/gaze-search.md."
            ),
            _score_table(network, "best"),
            pictures.training(lab, "4-training", network, "best"),
            pictures.filters(lab, "4-filters", {"": _first_filters(result.model)}, (5, 1.4), columns=8,
                             caption="The eight filters of its first convolution."),
        ],
        {"networks": {"best": asdict(network)}},
    )  # fmt: skip


# -- what they share ---------------------------------------------------------------------------------------------------


def _network(lab: Lab, name: str) -> dict[str, Any]:
    """A network that an earlier task trained."""
    return next(n["networks"][name] for n in lab.found.values() if name in n.get("networks", {}))


def _scores(lab: Lab, net: Any, forward: str) -> dict[str, float]:
    data = Data(1000, lab.data)
    parts = [part for part in lab.data.labels if part != "train"]
    return {part: check_accuracy(net, data.load(part), model_forward=forward) for part in parts}


def _said(network: Network, name: str) -> str:
    there = notebook.TEST.get(name)
    beside = f" (notebook {there:.1f})" if there else ""
    if name in notebook.VAL and not there:
        beside = f" (notebook's validation {notebook.VAL[name][-1]:.1f})"
    return f"validation {network.scores['val']:.1f} %, test {network.scores['test']:.1f} %{beside}"


def _score_table(network: Network, name: str) -> document.Table:
    row = [percent(network.scores["val"]), percent(network.scores["test"]), percent(network.scores.get("new")),
           percent(notebook.TEST.get(name)), f"{network.seconds:.0f} s"]  # fmt: skip
    return document.Table(["network", "validation", "test", "new people", "notebook: test", "time"], [[name, *row]])


def _epoch_table(network: Network, name: str) -> document.Table:
    train, val = notebook.TRAIN[name], notebook.VAL[name]
    rows = [
        [str(i + 1), percent(ours), percent(network.val[i]), percent(train[i] if i < len(train) else None),
         percent(val[i] if i < len(val) else None)]
        for i, ours in enumerate(network.train)
    ]  # fmt: skip
    return document.Table(["epoch", "training", "validation", "notebook: training", "notebook: validation"], rows)


def _added(lab: Lab, file: str, change: np.ndarray) -> document.Picture:
    """What training has added to the weights (4320, M) of the first 18 units: in the sums, the first noise hides it."""
    units = change.T[:18].reshape(-1, 1, 36, 120)
    return pictures.filters(
        lab, file, {"": units}, (9.6, 1.75), columns=6,
        caption="What training has added to the first weights of 18 hidden units, each as an image from its smallest "
        "number, black, to its largest, white. An all-black one was never active, so it learned nothing.",
    )  # fmt: skip


def _first_filters(net: nn.Module) -> np.ndarray:
    return next(net.parameters()).detach().cpu().numpy().copy()
