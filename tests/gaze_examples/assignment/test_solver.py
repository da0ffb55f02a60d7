"""Task 1.7: what the Solver prints, remembers and keeps apart, and that momentum pays."""

import re
import warnings

import numpy as np
import pytest

from gaze_examples.assignment import Data, FullyConnectedNet, Solver, TwoLayerNet, check_accuracy, sgd, sgd_momentum
from gaze_examples.data import DataError


@pytest.fixture
def make_solver(dataset_directory):
    def make(model=None, **settings):
        defaults = {"num_epochs": 2, "batch_size": 45, "print_every": 2, "verbose": False,
                    "dataset_directory": dataset_directory, "optim_config": {"learning_rate": 1e-2}}  # fmt: skip
        return Solver(model or TwoLayerNet(hidden_dim=8, weight_scale=5e-2), **{**defaults, **settings})

    return make


def test_the_log_has_the_courses_form(make_solver, capsys):
    solver = make_solver(verbose=True)
    solver.train()
    lines = capsys.readouterr().out.splitlines()
    assert [re.sub(r"\d+\.\d{6}(?!\d)", "#", line) for line in lines] == [
        "(Epoch 0 Batch 1) loss: #",
        "(Epoch 0 Batch 3) loss: #",
        "(Epoch 0 / 2) train acc: #; val_acc: #",
        "(Epoch 1 Batch 1) loss: #",
        "(Epoch 1 Batch 3) loss: #",
        "(Epoch 1 / 2) train acc: #; val_acc: #",
    ]
    assert lines[1] == f"(Epoch 0 Batch 3) loss: {solver.loss_history[2]:f}"
    train, val = solver.train_acc_history[1], solver.val_acc_history[1]
    assert lines[5] == f"(Epoch 1 / 2) train acc: {train:f}; val_acc: {val:f}"


def test_verbose_off_prints_nothing(make_solver, capsys):
    make_solver().train()
    assert capsys.readouterr().out == ""


def test_histories_have_every_batch_and_every_epoch_in_per_cent(make_solver, dataset_directory):
    solver = make_solver(num_epochs=3)
    solver.train()
    assert len(solver.loss_history) == 12
    assert len(solver.train_acc_history) == len(solver.val_acc_history) == 3
    data = Data(45, dataset_directory)
    assert solver.train_acc_history[-1] == check_accuracy(solver.model, data.load_train())
    assert solver.val_acc_history[-1] == check_accuracy(solver.model, data.load_val())


def test_one_batch_is_one_step_of_the_rule(make_solver, dataset_directory):
    solver = make_solver(num_epochs=1, batch_size=180)
    before = {name: w.copy() for name, w in solver.model.params.items()}
    loss, grads = solver.model.loss(*next(Data(180, dataset_directory).load_train()))
    solver.train()
    assert solver.loss_history == [loss]
    for name, w in before.items():
        np.testing.assert_array_equal(solver.model.params[name], w - 1e-2 * grads[name])


def test_it_learns(make_solver):
    solver = make_solver(num_epochs=25, update_rule="sgd_momentum", optim_config={"learning_rate": 5e-3})
    solver.train()
    assert solver.best_val_acc == max(solver.val_acc_history) > 80
    assert solver.loss_history[-1] < 0.5 * solver.loss_history[0]


def test_momentum_beats_plain_sgd(make_solver):
    losses = {}
    for rule in ("sgd", "sgd_momentum"):
        np.random.seed(228)
        model = FullyConnectedNet([64, 16], weight_scale=5e-2)
        solver = make_solver(model, update_rule=rule, num_epochs=12, optim_config={"learning_rate": 5e-3})
        solver.train()
        losses[rule] = np.mean(solver.loss_history[-4:])
    assert losses["sgd_momentum"] < losses["sgd"] - 0.1


def test_the_seed_fixes_the_training(make_solver):
    histories = []
    for seed in (228, 228, 229):
        np.random.seed(seed)
        solver = make_solver(update_rule=sgd_momentum)
        solver.train()
        histories.append(solver.loss_history)
    assert histories[0] == histories[1] != histories[2]


def test_a_rule_by_name_and_the_function_itself_are_the_same(make_solver):
    histories = []
    for rule in ("sgd_momentum", sgd_momentum):
        np.random.seed(228)
        solver = make_solver(update_rule=rule)
        solver.train()
        histories.append(solver.loss_history)
    assert histories[0] == histories[1]


# -- the best parameters -----------------------------------------------------------------------------------------------


def test_the_best_parameters_are_a_copy_from_the_best_epoch(make_solver, dataset_directory):
    def gets_worse(w, dw, config):
        """Steps with the gradient for the last epochs; in place, as some rules of the course do."""
        config["t"] = config.get("t", 0) + 1
        w -= (5e-2 if config["t"] <= 40 else -5e-2) * dw
        return w, config

    solver = make_solver(update_rule=gets_worse, num_epochs=14, optim_config={})
    solver.train()
    best = int(np.argmax(solver.val_acc_history))
    assert 0 < best < 13 and solver.val_acc_history[-1] < solver.val_acc_history[best]
    assert solver.best_val_acc == solver.val_acc_history[best]

    def measure():
        return check_accuracy(solver.model, Data(45, dataset_directory).load_val())

    assert measure() == solver.val_acc_history[-1]  # the model keeps its last parameters ...
    solver.model.params.update(solver.best_params)  # ... until it is given the best ones, as in the notebook
    assert measure() == solver.val_acc_history[best]
    assert solver.best_params.keys() == {"W1", "b1", "W2", "b2"}


def test_of_equally_good_epochs_the_first_is_kept(make_solver):
    solver = make_solver(optim_config={"learning_rate": 1e-12}, num_epochs=1)
    solver.train()
    first = solver.best_params
    solver.train()
    assert solver.best_params is first and len(solver.val_acc_history) == 2


# -- settings ----------------------------------------------------------------------------------------------------------


def test_settings_that_the_rule_does_not_read_are_one_warning(make_solver):
    with pytest.warns(UserWarning) as caught:
        solver = make_solver(optim_config={"learning_rate": 1e-3, "momentum": 0.9, "lr_decay": 0.1})
        solver.train()
    assert len(caught) == 1
    text = str(caught[0].message)
    assert "sgd does not read momentum, lr_decay" in text and "give lr_decay to Solver itself" in text
    assert caught[0].filename == __file__


def test_a_setting_that_is_not_read_changes_nothing(make_solver):
    histories = []
    for extra in ({}, {"lr_decay": 0.1}):
        np.random.seed(228)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            solver = make_solver(update_rule=sgd_momentum, optim_config={"learning_rate": 1e-2, **extra})
        solver.train()
        histories.append(solver.loss_history)
    assert histories[0] == histories[1]


def test_somebodys_own_rule_reads_what_it_likes(make_solver):
    def own(w, dw, config):
        return w - config["step"] * dw, config

    make_solver(update_rule=own, optim_config={"step": 1e-2}).train()


def test_lr_decay_multiplies_the_learning_rate_of_every_parameter_after_every_epoch(make_solver):
    rates = []

    def spy(w, dw, config):
        rates.append(config["learning_rate"])
        return sgd(w, dw, config)

    config = {"learning_rate": 0.08}
    make_solver(update_rule=spy, lr_decay=0.5, batch_size=180, num_epochs=3, optim_config=config).train()
    assert rates == [0.08] * 4 + [0.04] * 4 + [0.02] * 4


def test_lr_decay_without_a_learning_rate_is_named(make_solver):
    def own(w, dw, config):
        return w - 1e-2 * dw, config

    with pytest.raises(ValueError, match=r"lr_decay=0\.5 needs a learning_rate .* has only step; give one"):
        make_solver(update_rule=own, lr_decay=0.5, optim_config={"step": 1}).train()


def test_nothing_is_shared_between_parameters_solvers_and_the_caller(make_solver):
    def grows(w, dw, config):
        config["memory"].append(1)
        return w, config

    config = {"memory": []}
    solver = make_solver(update_rule=grows, optim_config=config)
    solver.train()
    assert config == {"memory": []}
    assert [len(own["memory"]) for own in solver.optim_configs.values()] == [8, 8, 8, 8]

    plain = make_solver(update_rule="sgd_momentum", optim_config=None)
    plain.train()
    assert all("velocity" in own for own in plain.optim_configs.values())
    assert make_solver(optim_config=None).optim_config == {}


def test_accuracies_can_be_measured_on_fewer_images(make_solver):
    solver = make_solver(num_train_samples=50, num_val_samples=7, num_epochs=1)
    solver.train()
    assert solver.train_acc_history[0] in [100 * n / 50 for n in range(51)]
    assert solver.val_acc_history[0] in [100 * n / 7 for n in range(8)]


def test_what_does_not_fit_is_named(make_solver, tmp_path):
    with pytest.raises(ValueError, match="no update rule 'adam'"):
        make_solver(update_rule="adam")
    with pytest.raises(TypeError, match="a name or a function, got float"):
        make_solver(update_rule=0.1)
    with pytest.raises(ValueError, match="print_every must be at least 1, got 0"):
        make_solver(print_every=0)
    with pytest.raises(DataError, match="gaze data --write"):
        make_solver(dataset_directory=tmp_path / "missing").train()
