import sys

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, threads
from minigrad.data import BatchSampler, DataLoader, DistributedSampler, TensorDataset
from minigrad.optim import SGD
from minigrad.optim.lr_scheduler import ReduceLROnPlateau
from minigrad.training import Trainer


def examples(count, seed=0):
    """Points in the plane, and the quadrant that each lies in."""
    x = np.random.default_rng(seed).normal(size=(count, 2)).astype(np.float32)
    return TensorDataset(x, 2 * (x[:, 0] > 0) + (x[:, 1] > 0))


def network():
    return nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 4))


def trainer_of(net, lr=0.1, **settings):
    return Trainer(net, SGD(net.parameters(), lr=lr, momentum=0.9), **settings)


def train_loader(**settings):
    return DataLoader(examples(64), 16, shuffle=True, **settings)


def val_loader():
    return DataLoader(examples(50, seed=1), 16)


def weights(net):
    return {name: tensor.numpy().copy() for name, tensor in net.state_dict().items()}


def same(a, b):
    return all(np.array_equal(a[name], b[name]) for name in a)


class Constant(nn.Module):
    """Predicts class `answer`, with scores that have a gradient; counts how often it ran in training."""

    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(mg.zeros(2))
        self.answer = 0

    def forward(self, x):
        tilt = mg.tensor([[0.0, 0.0]])
        tilt[0, self.answer] = 1e6
        return self.bias + tilt.broadcast_to((len(x), 2))


@pytest.mark.parametrize("in_batches", [False, True])
def test_a_sampler_is_told_of_each_epoch_wherever_the_loader_has_it(in_batches):
    data, told = examples(16), []
    sampler = DistributedSampler(data, num_replicas=2, rank=0)
    if in_batches:
        loader = DataLoader(data, batch_sampler=BatchSampler(sampler, 4, drop_last=False))
    else:
        loader = DataLoader(data, 4, sampler=sampler)
    trainer_of(network(), on_epoch=lambda _: told.append(sampler.epoch)).fit(loader, epochs=3)
    assert told == [1, 2, 3]


def test_it_learns_and_its_history_has_a_row_an_epoch_and_a_loss_a_batch():
    net = network()
    seen = []
    history = trainer_of(net, on_epoch=seen.append).fit(train_loader(), val_loader(), epochs=20)
    assert len(history) == 20 and history.epochs == seen and not history.interrupted
    assert history.column("epoch") == list(range(1, 21)) and history.column("lr") == [0.1] * 20
    assert len(history.batch_losses) == 20 * 4
    assert history.column("train_loss")[-1] < 0.5 * history.column("train_loss")[0]
    assert history.best.val_accuracy > 0.8
    assert all(seconds > 0 for seconds in history.column("seconds"))


def test_the_rows_are_means_over_examples_not_over_batches():
    net = network()
    data = DataLoader(examples(10), 4)  # the last batch has only two
    row = trainer_of(net, lr=0.0).fit(data, data, epochs=1).epochs[0]
    x, y = examples(10).tensors
    scores = net(x)
    assert row.train_loss == pytest.approx(nn.CrossEntropyLoss()(scores, y).item(), rel=1e-5)
    assert row.train_accuracy == (scores.array.argmax(1) == y.array).mean()
    assert row.val_loss == pytest.approx(row.train_loss) and row.val_accuracy == row.train_accuracy


def test_without_validation_there_are_no_validation_numbers():
    history = trainer_of(network()).fit(train_loader(), epochs=1)
    assert history.column("val_loss") == history.column("val_accuracy") == [None]


def test_the_best_weights_by_validation_accuracy_are_kept_the_first_of_equals():
    net, kept = Constant(), []
    labels = mg.tensor([0, 0, 1, 1, 1])
    val = [(mg.zeros(5, 1), labels)]
    answers = iter([0, 1, 1, 0])  # accuracies 0.4, 0.6, 0.6, 0.4

    def training():
        net.answer = next(answers)
        yield mg.zeros(2, 1), mg.tensor([0, 1])

    class Batches:
        __iter__ = staticmethod(training)

    trainer = trainer_of(net, on_epoch=lambda epoch: kept.append(weights(net)))
    history = trainer.fit(Batches(), val, epochs=4)
    assert history.column("val_accuracy") == [0.4, 0.6, 0.6, 0.4]
    assert history.best is history.epochs[1]
    assert same(weights(net), kept[1]) and not same(kept[1], kept[2])


def losses(*wanted):
    """A training set and a loss function: epoch i has the loss wanted[i], whatever the model says."""
    left = iter(wanted)
    return [(mg.zeros(2, 1), mg.tensor([0, 1]))], lambda scores, labels: scores.sum() * 0 + next(left)


@pytest.mark.parametrize(("series", "best"), [
    ((3.0, 1.0, 2.0, 1.0), 1), ((float("nan"), 2.0, 3.0), 1), ((2.0, float("nan"), 1.0), 2),
])  # fmt: skip
def test_without_validation_the_lowest_training_loss_decides_and_nan_never_wins(series, best):
    data, loss = losses(*series)
    net, kept = Constant(), []

    def wander(epoch):
        with mg.no_grad():
            net.bias.add_(1.0)
        kept.append(weights(net))

    history = trainer_of(net, loss=loss, on_epoch=wander).fit(data, epochs=len(series))
    assert history.best is history.epochs[best]
    expected = kept[best - 1] if best else {"bias": np.zeros(2)}
    assert same(weights(net), expected)


def test_the_same_seed_gives_bit_identical_weights():
    def run(seed):
        mg.manual_seed(seed)
        net = network()
        history = trainer_of(net).fit(train_loader(), val_loader(), epochs=3)
        return weights(net), history.batch_losses

    (first, first_losses), (again, again_losses), (other, _) = run(1), run(1), run(2)
    assert same(first, again) and first_losses == again_losses and not same(first, other)


def test_an_epoch_ends_with_the_same_bits_whatever_was_calculated_before(monkeypatch):
    data = TensorDataset(mg.rand(256, 784), mg.randint(0, 64, (256,)))

    def run(products_before):
        monkeypatch.setattr(threads._settings, "products", products_before)
        mg.manual_seed(0)
        net = nn.Linear(784, 64)
        trainer_of(net).fit(DataLoader(data, 256), epochs=1)
        return weights(net)

    assert same(run(0), run(threads.MANY))


class Interrupted:
    """The batches of a loader, with Ctrl-C before batch number `at`, counted over all epochs."""

    def __init__(self, loader, at):
        self.loader, self.left = loader, at

    def __iter__(self):
        for batch in self.loader:
            if self.left == 0:
                raise KeyboardInterrupt
            self.left -= 1
            yield batch


@pytest.mark.parametrize("at", [0, 2, 3])
def test_ctrl_c_in_the_first_epoch_keeps_the_latest_weights(at):
    data = train_loader(generator=0)
    net, twin = network(), network()
    twin.load_state_dict(net.state_dict())
    history = trainer_of(net).fit(Interrupted(data, at), val_loader(), epochs=3)
    assert history.interrupted and len(history) == 0 and history.best is None and len(history.batch_losses) == at

    optimizer = SGD(twin.parameters(), lr=0.1, momentum=0.9)
    for _, (x, y) in zip(range(at), train_loader(generator=0), strict=False):
        optimizer.zero_grad()
        nn.CrossEntropyLoss()(twin(x), y).backward()
        optimizer.step()
    assert same(weights(net), weights(twin))


@pytest.mark.parametrize("where", ["batch", "validation", "step", "on_epoch", "scheduler", "forward"])
def test_ctrl_c_later_keeps_the_best_weights_so_far(where, monkeypatch):
    net, kept = network(), []
    train = train_loader()
    val = val_loader()

    def after_two_epochs(*args, **kwargs):
        if len(kept) >= 2:
            raise KeyboardInterrupt

    def on_epoch(epoch):
        kept.append((epoch, weights(net)))
        if where == "on_epoch":
            after_two_epochs()

    trainer = trainer_of(net, on_epoch=on_epoch)
    if where == "batch":
        train = Interrupted(train, 4 * 2 + 1)
    elif where == "validation":
        val = Interrupted(val, 4 * 2 + 1)
    elif where == "scheduler":
        trainer.scheduler = type("Scheduler", (), {"step": after_two_epochs})()
    elif where != "on_epoch":
        target, name = (trainer.optimizer, "step") if where == "step" else (nn.Sequential, "forward")
        original = getattr(target, name)
        monkeypatch.setattr(target, name, lambda *args: (after_two_epochs(), original(*args))[1])
    history = trainer.fit(train, val, epochs=10)
    assert history.interrupted and len(history) == 2
    best, its_weights = max(kept, key=lambda pair: pair[0].val_accuracy)
    assert history.best is best and same(weights(net), its_weights)


def test_other_exceptions_come_through():
    def broken():
        yield from train_loader()
        raise OSError("disk gone")

    with pytest.raises(OSError, match="disk gone"):
        trainer_of(network()).fit(broken(), epochs=1)


def test_the_model_trains_in_training_mode_and_is_evaluated_in_evaluation_mode():
    modes = []

    class Spy(nn.Linear):
        def forward(self, x):
            modes.append((self.training, mg.is_grad_enabled()))
            return super().forward(x)

    net = Spy(2, 4).eval()
    trainer_of(net).fit(DataLoader(examples(4), 2), DataLoader(examples(2), 2), epochs=2)
    assert modes == [(True, True), (True, True), (False, False)] * 2


def test_evaluate_puts_the_mode_of_each_module_back_even_after_an_exception():
    net = network()
    net[0].eval()
    trainer = trainer_of(net)
    modes = [module.training for module in net.modules()]
    before = weights(net)
    trainer.evaluate(val_loader())
    with pytest.raises(RuntimeError):
        trainer.evaluate([(mg.ones(1, 3), mg.tensor([0]))])
    assert [module.training for module in net.modules()] == modes == [True, False, True, True]
    assert mg.is_grad_enabled() and same(weights(net), before)


def test_evaluate_gives_loss_accuracy_and_each_answer_in_order():
    net = network()
    x, y = examples(50, seed=1).tensors
    scores = net(x)
    result = trainer_of(net).evaluate(val_loader())
    assert result.loss == pytest.approx(nn.CrossEntropyLoss()(scores, y).item(), rel=1e-5)
    assert np.array_equal(result.predictions, scores.array.argmax(1)) and np.array_equal(result.labels, y.numpy())
    assert result.predictions.dtype == result.labels.dtype == np.int64
    assert result.accuracy == (result.predictions == y.numpy()).mean() and type(result.accuracy) is float


def test_no_batch_is_an_error_that_says_why():
    trainer = trainer_of(network())
    with pytest.raises(ValueError, match="the training data has no batch"):
        trainer.fit(DataLoader(examples(3), 4, drop_last=True), epochs=1)
    with pytest.raises(ValueError, match="no batch to evaluate on"):
        trainer.evaluate(DataLoader(examples(0), 4))


def test_no_epochs_change_nothing():
    net = network()
    before = weights(net)
    history = trainer_of(net).fit(train_loader(), epochs=0)
    assert len(history) == 0 and history.best is None and same(weights(net), before)


def test_the_scheduler_steps_once_an_epoch_after_it():
    net = network()
    optimizer = SGD(net.parameters(), lr=1.0)

    class Halve:
        def step(self):
            optimizer.param_groups[0]["lr"] /= 2

    history = Trainer(net, optimizer, scheduler=Halve()).fit(train_loader(), epochs=3)
    assert history.column("lr") == [1.0, 0.5, 0.25] and optimizer.param_groups[0]["lr"] == 0.125


def test_reduce_on_plateau_is_given_the_validation_loss():
    net = network()
    optimizer = SGD(net.parameters(), lr=1e-30)  # no weight moves, so the loss stays where it is
    scheduler = ReduceLROnPlateau(optimizer, patience=0, eps=0.0)
    history = Trainer(net, optimizer, scheduler=scheduler).fit(train_loader(), val_loader(), epochs=3)
    assert scheduler.best == history.epochs[0].val_loss != history.epochs[0].train_loss
    assert history.column("lr") == pytest.approx([1e-30, 1e-30, 1e-31], rel=1e-9, abs=0)


@pytest.mark.parametrize(("terminal", "progress", "shown"), [
    (False, None, False), (True, None, True), (False, True, True), (True, False, False),
])  # fmt: skip
def test_the_bar_is_shown_on_a_terminal_or_when_asked_for(capsys, monkeypatch, terminal, progress, shown):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    trainer_of(network(), progress=progress).fit(train_loader(), epochs=2)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert ("epoch 2/2" in captured.err and "/4" in captured.err) if shown else captured.err == ""
