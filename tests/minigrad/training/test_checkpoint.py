"""Checkpoints of a `Trainer`: what is cut short, foreign or of another training is refused by name."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.data import DataLoader, TensorDataset
from minigrad.training import Trainer
from tests.minigrad.optim.test_lr_scheduler import CASES, schedule_of


def training(hidden=8, optimizer=mg.optim.SGD, generator=None):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 3)).astype(np.float32)
    net = nn.Sequential(nn.Linear(3, hidden), nn.ReLU(), nn.Linear(hidden, 2))
    loader = DataLoader(TensorDataset(x, (x[:, 0] > 0).astype(np.int64)), 8, shuffle=True, generator=generator)
    return Trainer(net, optimizer(net.parameters(), lr=0.05), progress=False), loader


def test_a_finished_training_goes_on_for_more_epochs_and_has_the_whole_history(tmp_path):
    mg.manual_seed(0)
    trainer, loader = training()
    trainer.fit(loader, epochs=2, checkpoint=tmp_path / "c")
    trainer, loader = training()
    history = trainer.fit(loader, epochs=5, checkpoint=tmp_path / "c", resume=True)
    assert history.column("epoch") == [1, 2, 3, 4, 5]
    assert len(history.batch_losses) == 25


@pytest.mark.parametrize("case", CASES)
def test_every_schedule_goes_on_from_a_checkpoint(case, tmp_path):
    def run(epochs, name):
        mg.manual_seed(0)
        trainer, loader = training()
        hidden, last = trainer.model[0], trainer.model[2]
        groups = [{"params": hidden.parameters()}, {"params": last.parameters(), "lr": 0.02}]
        trainer.optimizer = mg.optim.SGD(groups, lr=0.05, momentum=0.9)
        trainer.scheduler = schedule_of(mg, trainer.optimizer, case)
        trainer.fit(loader, epochs=epochs, checkpoint=tmp_path / name, resume=True)
        rates = [group["lr"] for group in trainer.optimizer.param_groups]
        return rates, [parameter.tolist() for parameter in trainer.model.parameters()]

    unbroken = run(13, "a")
    for epochs in (4, 9, 13):
        resumed = run(epochs, "b")
    assert resumed == unbroken


def test_a_checkpoint_is_not_written_over_unless_it_is_resumed(tmp_path):
    trainer, loader = training()
    trainer.fit(loader, epochs=1, checkpoint=tmp_path / "c")
    before = (tmp_path / "c").read_bytes()
    with pytest.raises(FileExistsError, match=r"is there already\. Go on from it with resume=True, or remove it"):
        trainer.fit(loader, epochs=1, checkpoint=tmp_path / "c")
    assert (tmp_path / "c").read_bytes() == before


@pytest.mark.parametrize("state", [{}, {"w": mg.ones(2)}, {"net": {"w": mg.ones(2)}}, [3], mg.ones(2)])
def test_what_is_no_checkpoint_is_refused_by_name(tmp_path, state):
    mg.save(state, tmp_path / "weights.safetensors")
    trainer, loader = training()
    with pytest.raises(ValueError, match=r"weights\.safetensors' is no checkpoint of a training"):
        trainer.fit(loader, epochs=1, checkpoint=tmp_path / "weights.safetensors", resume=True)


@pytest.mark.parametrize("part", [0.0, 0.01, 0.3, 0.7, 0.99])
def test_a_checkpoint_that_is_cut_short_is_refused_by_name(tmp_path, part):
    trainer, loader = training()
    trainer.fit(loader, epochs=1, checkpoint=tmp_path / "whole")
    content = (tmp_path / "whole").read_bytes()
    (tmp_path / "cut").write_bytes(content[: int(part * len(content))])
    with pytest.raises(ValueError, match="cut' is not a whole safetensors file"):
        trainer.fit(loader, epochs=1, checkpoint=tmp_path / "cut", resume=True)


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"hidden": 9}, "0.weight"),
        ({"optimizer": mg.optim.Adam}, "'optimizer': 'SGD'.* this training of .*'Adam'"),
        ({"generator": 3}, r"expected the state of \['loader'\], got \[\]"),
    ],
)
def test_a_checkpoint_of_another_training_is_refused_and_nothing_changes(tmp_path, other, says):
    trainer, loader = training()
    trainer.fit(loader, epochs=2, checkpoint=tmp_path / "c")
    trainer, loader = training(**other)
    weights = {name: value.numpy().copy() for name, value in trainer.model.state_dict().items()}
    stream = mg.random.get_state()
    with pytest.raises(ValueError, match=rf"(?s)The checkpoint '.*c' is of another training: .*{says}"):
        trainer.fit(loader, epochs=5, checkpoint=tmp_path / "c", resume=True)
    assert all((value.numpy() == weights[name]).all() for name, value in trainer.model.state_dict().items())
    assert mg.random.get_state() == stream
    assert not trainer.optimizer.state


def test_the_best_weights_so_far_outlive_a_resume(tmp_path):
    def run(epochs, **settings):
        mg.manual_seed(0)
        trainer, loader = training()
        trainer.optimizer.param_groups[0]["lr"] = 30.0  # each epoch is worse than the one before
        history = trainer.fit(loader, epochs=epochs, **settings)
        assert history.best.epoch == 1
        return {name: value.numpy().tobytes() for name, value in trainer.model.state_dict().items()}

    first = run(1)
    assert run(2, checkpoint=tmp_path / "c") == first
    assert run(3, checkpoint=tmp_path / "c", resume=True) == first
