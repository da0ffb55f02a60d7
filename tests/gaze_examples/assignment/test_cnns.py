"""The two CNNs: PyTorch's shapes, outputs and training, weights both ways, and the notebook's cells of part 2."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gaze_examples.assignment import CNNWithBatchNorm, CNNWithoutBatchNorm
from gaze_examples.assignment import data as data_module

OURS = {False: CNNWithoutBatchNorm, True: CNNWithBatchNorm}
both_nets = pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch-norm"])


@pytest.fixture(scope="module")
def torch() -> ModuleType:
    return pytest.importorskip("torch")


def theirs(torch: Any, batch_norm: bool) -> Any:
    """The same network in PyTorch, with the same names of its layers."""
    nn = torch.nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(1, 6, 3)
            self.pool1 = nn.MaxPool2d(2, 2)
            self.bn1 = nn.BatchNorm2d(6) if batch_norm else nn.Identity()
            self.conv2 = nn.Conv2d(6, 16, 5)
            self.pool2 = nn.MaxPool2d(2, 2)
            self.bn2 = nn.BatchNorm2d(16) if batch_norm else nn.Identity()
            self.fc1 = nn.Linear(16 * 6 * 27, 256)
            self.fc2 = nn.Linear(256, 4)

        def forward(self, x):
            x = self.bn1(self.pool1(torch.relu(self.conv1(x))))
            x = self.bn2(self.pool2(torch.relu(self.conv2(x))))
            return self.fc2(torch.relu(self.fc1(x.flatten(1))))

    torch.manual_seed(3)
    net = Net()
    for bn in (net.bn1, net.bn2):
        if batch_norm:  # as after training: statistics, scales and shifts of its own
            torch.nn.init.uniform_(bn.weight, 0.5, 1.5)
            torch.nn.init.uniform_(bn.bias, -0.3, 0.3)
            torch.nn.init.uniform_(bn.running_mean, -0.3, 0.3)
            torch.nn.init.uniform_(bn.running_var, 0.5, 1.5)
    return net


def images(n: int) -> np.ndarray:
    return np.random.default_rng(n).random((n, 1, 36, 120), dtype=np.float32)


def agree(torch: Any, ours: mg.nn.Module, other: Any, atol: float = 1e-5) -> None:
    """Both networks give the same scores to new images, in evaluation mode."""
    x = images(20)
    with torch.no_grad(), mg.no_grad():
        np.testing.assert_allclose(
            ours.eval()(mg.tensor(x)).numpy(), other.eval()(torch.tensor(x)).numpy(), rtol=0, atol=atol
        )


@both_nets
def test_pytorchs_weights_give_pytorchs_scores(torch, batch_norm, tmp_path):
    other, ours = theirs(torch, batch_norm), OURS[batch_norm]()
    pytest.importorskip("safetensors.torch").save_file(other.state_dict(), tmp_path / "net.safetensors")
    ours.load_state_dict(mg.load(tmp_path / "net.safetensors"))
    agree(torch, ours, other)


@both_nets
def test_our_weights_give_our_scores_in_pytorch(torch, batch_norm, tmp_path):
    other, ours = theirs(torch, batch_norm), OURS[batch_norm]()
    ours(mg.tensor(images(8)))  # so that batch-norm has seen something
    mg.save(ours.state_dict(), tmp_path / "net.safetensors")
    other.load_state_dict(pytest.importorskip("safetensors.torch").load_file(tmp_path / "net.safetensors"))
    agree(torch, ours, other)


@both_nets
def test_fifty_steps_have_pytorchs_losses_and_end_with_its_scores(torch, batch_norm):
    # In float64. In float32 the nets are chaotic: a rounding decides which of two pixels is the larger, and after some
    # thirty steps even PyTorch's own two memory layouts have losses that differ by a per cent.
    other, ours = theirs(torch, batch_norm).double(), OURS[batch_norm]().double()
    ours.load_state_dict({name: mg.tensor(value.numpy()) for name, value in other.state_dict().items()})
    rng = np.random.default_rng(1)
    losses: list[list[float]] = []
    batches = [(rng.random((5, 1, 36, 120)), rng.integers(4, size=5)) for _ in range(50)]
    for lib, net in ((mg, ours.train()), (torch, other.train())):
        optimizer = lib.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
        losses.append([])
        for x, y in batches:
            optimizer.zero_grad()
            loss = lib.nn.functional.cross_entropy(net(lib.tensor(x)), lib.tensor(y))
            loss.backward()
            optimizer.step()
            losses[-1].append(loss.item())
    np.testing.assert_allclose(losses[0], losses[1], rtol=0, atol=1e-4)
    assert np.ptp(losses[0]) > 0.01  # there was something to agree on
    agree(torch, ours.float(), other.float(), atol=1e-4)


@both_nets
def test_a_network_is_made_of_the_notebooks_layers(batch_norm):
    net = OURS[batch_norm]()
    bn1, bn2 = (["bn1"], ["bn2"]) if batch_norm else ([], [])
    assert [name for name, _ in net.named_children()] == ["conv1", "pool1", *bn1, "conv2", "pool2", *bn2, "fc1", "fc2"]
    assert net(mg.tensor(images(3))).shape == (3, 4)
    assert net(mg.zeros(0, 1, 36, 120)).shape == (0, 4) if not batch_norm else True


NOTEBOOK = """
import matplotlib.pyplot as plt
import minigrad as torch
import minigrad.nn as nn
import minigrad.nn.functional as F
import minigrad.optim as optim
from gaze_examples.assignment import Data, check_accuracy, visualize_grid

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1,6,3)
        self.pool1 = nn.MaxPool2d(2,2)
        if batch_norm: self.bn1 = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6,16,5)
        self.pool2 = nn.MaxPool2d(2,2)
        if batch_norm: self.bn2 = nn.BatchNorm2d(16)
        self.fc1 = nn.Linear(16*6*27,256)
        self.fc2 = nn.Linear(256,4)

    def forward(self, x):
        x = self.pool1(F.relu(self.conv1(x)))
        x = self.bn1(x) if batch_norm else x
        x = self.pool2(F.relu(self.conv2(x)))
        x = self.bn2(x) if batch_norm else x
        x = x.view(-1,16*6*27)
        x = F.relu(self.fc1(x))
        return self.fc2(x)

torch.manual_seed(0)
batch_size = 30
net = Net()
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.9)

for epoch in range(8):
    trainloader = Data(batch_size=batch_size, dataset_directory=dataset_directory).load_train()
    running_loss = 0.0
    for i, (inputs, labels) in enumerate(trainloader, 0):
        inputs, labels = torch.tensor(inputs).unsqueeze(1).float(), torch.tensor(labels)
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    batch_size = len(labels)
    print(f'[{epoch + 1}, {i + 1:5d}] loss: {running_loss / (i + 1):.3f}')
    scheduler.step()

test_acc = check_accuracy(net, Data(batch_size=batch_size, dataset_directory=dataset_directory).load_test(), 'forward')
print('Finished Training with test acc: ', test_acc)

conv1_weights = net.conv1.weight.data.cpu().numpy()
grid = visualize_grid(conv1_weights)
plt.imshow(grid.astype('uint8'))
plt.axis('off')
plt.gcf().set_size_inches(5, 5)
plt.show()
"""


@both_nets
def test_the_notebooks_cells_run_with_only_their_imports_changed(batch_norm, dataset_directory, capsys):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    data_module._read.cache_clear()
    names: dict[str, Any] = {"batch_norm": batch_norm, "dataset_directory": dataset_directory}
    exec(NOTEBOOK, names)
    lines = capsys.readouterr().out.splitlines()
    losses = [float(re.fullmatch(r"\[\d, +6\] loss: (\d\.\d{3})", line)[1]) for line in lines[:8]]  # type: ignore[index]
    assert losses[-1] < losses[0] - 0.01
    assert names["test_acc"] > 40  # guessing gets 25
    assert names["net"].training and names["net"].conv1.training
    assert names["optimizer"].param_groups[0]["lr"] == pytest.approx(0.01 * 0.9**4)
    # The cells' way to score, by hand: a Tensor of a Tensor, in evaluation mode.
    net, right, count = names["net"].eval(), 0, 0
    for inputs, labels in names["Data"](50, dataset_directory).load_test():
        scores = net(mg.tensor(mg.tensor(inputs).unsqueeze(1).float())).detach().numpy()
        right, count = right + (np.argmax(scores, axis=1) == labels).sum(), count + len(labels)
    assert names["test_acc"] == pytest.approx(100 * right / count)
    pyplot.close("all")
