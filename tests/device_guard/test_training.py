"""Networks train on the device as on the host: the same losses, step for step."""

import gc
import itertools

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from gaze_examples.models import MODELS
from minigrad import nn, optim
from minigrad.nn.utils import clip_grad_norm_, clip_grad_value_, parameters_to_vector, vector_to_parameters
from minigrad.training import Trainer
from minigrad.training import trainer as trainer_module
from tests.device_guard.both import waits

OPTIMIZERS = {
    "SGD": lambda parameters: optim.SGD(parameters, 0.05, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "Adam": lambda parameters: optim.Adam(parameters, 1e-3, amsgrad=True),
    "AdamW": lambda parameters: optim.AdamW(parameters, 1e-3),
    "RMSprop": lambda parameters: optim.RMSprop(parameters, 1e-3, momentum=0.5, centered=True),
    "Adagrad": lambda parameters: optim.Adagrad(parameters, 1e-2),
    "Adadelta": lambda parameters: optim.Adadelta(parameters),
}


class Small(nn.Module):
    """A network for the rules that the others are not trained with."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(36 * 120, 4)

    def forward(self, images):
        return self.fc(images.flatten(1))


NETWORKS = {"small": Small, **{name: recipe.make for name, recipe in MODELS.items()}}


def train(model, optimizer, device, steps=3, seed=0):
    """(losses, the network, the optimiser), of float64 weights."""
    mg.manual_seed(seed)
    net = NETWORKS[model]().double().to(device)
    rule = OPTIMIZERS[optimizer](net.parameters())
    rng = np.random.default_rng(seed)
    images = mg.tensor(rng.random((3, 36, 120)), device=device)
    labels = mg.tensor(rng.integers(0, 4, 3), device=device)
    losses = []
    for _ in range(steps):
        loss = F.cross_entropy(net(images), labels)
        rule.zero_grad()
        loss.backward()
        clip_grad_norm_(net.parameters(), 1.0)
        rule.step()
        losses.append(loss.item())
    return losses, net, rule


@pytest.mark.parametrize(
    ("model", "optimizer"),
    [
        *itertools.product(["fc", "cnn-bn"], ["SGD", "Adam"]),
        ("best", "SGD"),
        *itertools.product(["small"], ["AdamW", "RMSprop", "Adagrad", "Adadelta"]),
    ],
)
def test_a_network_trains_on_the_device_as_on_the_host(model, optimizer, cupy):
    here, _, _ = train(model, optimizer, "cpu")
    there, net, rule = train(model, optimizer, "cuda")
    np.testing.assert_allclose(there, here, rtol=1e-9)
    assert here[0] != here[-1]
    for parameter in net.parameters():
        assert parameter.is_cuda and parameter.grad.is_cuda
    memories = [value for memory in rule.state.values() for value in memory.values() if hasattr(value, "shape")]
    assert memories and all(isinstance(value, cupy.ndarray) for value in memories)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("model", ["fc", "cnn", "cnn-bn"])
def test_twenty_steps_from_the_same_weights_give_the_same_losses(model, dtype):
    """In float32 the last digits of a sum grow, step by step: by now they are the losses' fourth."""
    curves = []
    for device in ("cpu", "cuda"):
        mg.manual_seed(0)
        net = NETWORKS[model]().to(getattr(mg, dtype)).to(device)
        rng = np.random.default_rng(0)
        images = mg.tensor(rng.random((4, 36, 120)).astype(dtype), device=device)
        labels = mg.tensor(rng.integers(0, 4, 4), device=device)
        rule = optim.SGD(net.parameters(), 0.01, momentum=0.9)
        curves.append([step(net, rule, images, labels).item() for _ in range(20)])
    here, there = curves
    np.testing.assert_allclose(there, here, rtol={"float64": 1e-10, "float32": 1e-2}[dtype])
    assert here[-1] < 0.8 * here[0]


def step(net, rule, images, labels):
    """The loss, of which a step was taken."""
    loss = F.cross_entropy(net(images), labels)
    rule.zero_grad()
    loss.backward()
    rule.step()
    return loss


def test_a_step_gives_back_what_it_took_of_the_devices_memory():
    mg.manual_seed(0)
    net = NETWORKS["cnn-bn"]().cuda()
    rule = optim.Adam(net.parameters())
    images, labels = mg.rand(4, 36, 120, device="cuda"), mg.zeros(4, dtype=mg.int64, device="cuda")
    held = []
    for _ in range(4):
        step(net, rule, images, labels)
        held.append(mg.cuda.memory_allocated())  # with no help of the collector: no record is part of a cycle
    assert held[0] > 4 * 4 * sum(p.numel() for p in net.parameters())  # weights, gradients, and two moments
    assert held[1:] == [held[1]] * 3


def test_a_training_gives_all_of_the_devices_memory_back():
    train("cnn-bn", "Adam", "cuda", steps=1)  # what is made once: what a product needs for itself
    gc.collect()
    before = mg.cuda.memory_allocated()
    train("cnn-bn", "Adam", "cuda", steps=3)
    gc.collect()
    assert mg.cuda.memory_allocated() == before


def test_a_step_waits_only_for_labels_that_were_made_on_the_device():
    _, net, rule = train("cnn-bn", "Adam", "cuda", steps=1)
    images, labels = mg.rand(4, 36, 120, dtype=mg.float64, device="cuda"), mg.zeros(4, dtype=mg.int64, device="cuda")
    with waits() as waited:
        scores = net(images)
        mg.autograd.backward(scores, mg.ones_like(scores))
        rule.step()
    assert not waited
    with waits() as waited:
        F.cross_entropy(net(images), labels).backward()
    assert not waited
    with waits() as waited:
        made_there = labels + 1
        F.cross_entropy(net(images), made_there).backward()
        F.cross_entropy(net(images), made_there).backward()
    assert len(waited) == 1  # are they classes? Then it is known.
    with waits() as waited:
        clip_grad_norm_(net.parameters(), 1.0)
    assert not waited


def batches(count, device, stop=None):
    """Small batches whose labels come from the host."""
    rng = np.random.default_rng(0)
    for number in range(count):
        if number == stop:
            raise KeyboardInterrupt
        images, labels = rng.random((3, 36, 120)), rng.integers(0, 4, 3)
        yield mg.tensor(images, device=device), mg.tensor(labels, device=device)


@pytest.mark.parametrize("model", ["fc", "cnn-bn", "best"])
def test_a_step_on_labels_from_the_host_waits_for_nothing(model):
    net = NETWORKS[model]().double().to("cuda")
    for rule in (make(net.parameters()) for make in OPTIMIZERS.values()):
        with waits() as waited:
            for images, labels in batches(2, "cuda"):
                rule.zero_grad()
                F.cross_entropy(net(images), labels).backward()
                clip_grad_norm_(net.parameters(), 1.0)
                rule.step()
        assert not waited


def fitted(device, every, monkeypatch, stop=None):
    """(the history of an epoch of 7 batches, how often it waited)"""
    monkeypatch.setattr("minigrad.training.trainer.READ_EVERY", every)
    mg.manual_seed(0)
    net = Small().double().to(device)
    trainer = Trainer(net, optim.SGD(net.parameters(), 1e-3), progress=False)
    with waits() as waited:
        history = trainer.fit(batches(7, device, stop), epochs=1)
    return history, len(waited)


def test_a_trainer_reads_losses_and_hits_only_now_and_then(monkeypatch):
    here, _ = fitted("cpu", 3, monkeypatch)
    for every, reads in ((1, 7), (3, 3), (50, 1)):
        there, waited = fitted("cuda", every, monkeypatch)
        assert waited == 2 * reads
        np.testing.assert_allclose(there.batch_losses, here.batch_losses, rtol=1e-9)
        assert there.epochs[0].train_accuracy == here.epochs[0].train_accuracy
        assert len(set(there.batch_losses)) == 7 and all(type(loss) is float for loss in there.batch_losses)


def test_an_interrupted_epoch_keeps_the_losses_that_were_not_read_yet(monkeypatch):
    for device in ("cpu", "cuda"):
        history, _ = fitted(device, 3, monkeypatch, stop=5)
        assert history.interrupted and len(history.batch_losses) == 5


def test_ctrl_c_while_the_host_waits_for_losses_loses_none(monkeypatch):
    """The host waits nowhere else, so this is when it comes."""
    reads, read = [], trainer_module.to_host

    def interrupted(array):
        reads.append(array)
        if len(reads) == 2:
            raise KeyboardInterrupt
        return read(array)

    monkeypatch.setattr(trainer_module, "to_host", interrupted)
    history, _ = fitted("cuda", 3, monkeypatch)
    assert history.interrupted and len(history.batch_losses) == 3


def test_an_evaluation_waits_only_when_all_is_started(monkeypatch):
    net = Small().double().to("cuda")
    trainer = Trainer(net, optim.SGD(net.parameters()))

    def data():
        for batch in batches(3, "cuda"):
            assert not waited
            yield batch

    with waits() as waited:
        seen = trainer.evaluate(data())
    here = Trainer(net.cpu(), optim.SGD(net.parameters())).evaluate(batches(3, "cpu"))
    assert seen.loss == pytest.approx(here.loss) and seen.predictions.tolist() == here.predictions.tolist()


def test_a_trainer_sends_the_hosts_batches_to_the_model_and_waits_for_none():
    """Inputs that are no tensor are the model's affair."""

    class Named(Small):
        def forward(self, inputs):
            sent_by_hand = isinstance(inputs, dict)
            return super().forward(inputs["images"].to(self.fc.weight.device) if sent_by_hand else inputs)

    def named():
        return ([{"images": images}, labels] for images, labels in batches(3, "cpu"))

    losses = {}
    for device in ("cpu", "cuda"):
        mg.manual_seed(0)
        net = Named().double().to(device)
        trainer = Trainer(net, optim.SGD(net.parameters(), 1e-3), progress=False)
        with waits() as waited:
            plain = trainer.fit(batches(3, "cpu"), batches(3, "cpu"), epochs=1)
        losses[device] = plain.batch_losses + trainer.fit(named(), epochs=1).batch_losses
    assert len(waited) == 2 + 3 * 3  # losses and hits; each validation batch's loss, answers and labels
    np.testing.assert_allclose(losses["cuda"], losses["cpu"], rtol=1e-9)


@pytest.mark.parametrize(("before", "after"), [("cuda", "cpu"), ("cpu", "cuda"), ("cuda", "cuda")])
def test_an_optimiser_goes_on_elsewhere(before, after):
    _, net, rule = train("small", "Adam", before, steps=2)
    _, other, goes_on = train("small", "Adam", after, steps=1, seed=1)
    other.load_state_dict(net.state_dict())
    goes_on.load_state_dict(rule.state_dict())
    for one, two in ((net, rule), (other, goes_on)):
        for parameter in one.parameters():
            parameter.grad = mg.ones_like(parameter)
        two.step()
    for one, two in zip(net.parameters(), other.parameters(), strict=True):
        np.testing.assert_allclose(one.detach().cpu().numpy(), two.detach().cpu().numpy(), rtol=1e-12)
        assert two.device.type == after


def test_gradients_are_clipped_and_parameters_are_one_vector():
    net = Small().cuda()
    net(mg.rand(2, 36, 120, device="cuda")).sum().backward()
    clip_grad_value_(net.parameters(), 0.01)
    assert max(parameter.grad.abs().max().item() for parameter in net.parameters()) <= 0.01001
    with mg.no_grad():
        vector = parameters_to_vector(net.parameters())
        vector_to_parameters(vector * 0 + 1, net.parameters())
    assert all((parameter == 1).all() for parameter in net.parameters())


def test_batches_of_data_on_the_device():
    images, labels = mg.arange(12.0, device="cuda").reshape(6, 2), mg.arange(6, device="cuda")
    loader = mg.data.DataLoader(mg.data.TensorDataset(images, labels), batch_size=4, shuffle=True, generator=0)
    seen = [label for x, y in loader for label in y.tolist() if x.is_cuda]
    assert sorted(seen) == list(range(6))
    sampler = mg.data.WeightedRandomSampler(mg.ones(6, device="cuda"), 3)
    assert len(list(sampler)) == 3


def test_a_trainer_goes_on_from_a_checkpoint_on_either_device(tmp_path):
    curves = {}
    for devices in itertools.product(["cpu", "cuda"], repeat=2):
        file = tmp_path / f"{devices}.safetensors"
        for epochs, device in enumerate(devices, 1):  # an epoch on the first, and another on the second
            rng = np.random.default_rng(0)
            images = mg.tensor(rng.random((8, 36, 120)), device=device)
            labels = mg.tensor(rng.integers(0, 4, 8), device=device)
            mg.manual_seed(0)
            net = Small().double().to(device)
            loader = mg.data.DataLoader(mg.data.TensorDataset(images, labels), batch_size=4, shuffle=True)
            trainer = Trainer(net, optim.Adam(net.parameters(), 1e-3), progress=False)
            history = trainer.fit(loader, loader, epochs=epochs, checkpoint=file, resume=epochs > 1)
            assert net.fc.weight.is_cuda == (device == "cuda")
        curves[devices] = [epoch.train_loss for epoch in history.epochs]
        assert len(curves[devices]) == 2
        np.testing.assert_allclose(curves[devices], curves["cpu", "cpu"], rtol=1e-9)
