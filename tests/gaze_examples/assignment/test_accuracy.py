"""`check_accuracy` of both kinds of model, and the mode it must leave them in."""

import numpy as np
import pytest

import minigrad as mg
from gaze_examples.assignment import Data, TwoLayerNet, check_accuracy
from minigrad import nn


class Fixed:
    """A model whose score for class c is column c of the inputs."""

    def loss(self, inputs, labels=None):
        return inputs


class Net(nn.Module):
    """Looks at what it is given, in its forward."""

    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(36 * 120, 4)
        self.frozen = nn.Flatten()
        self.seen = []

    def forward(self, x):
        self.seen.append((x.shape, x.dtype, self.training, self.fc.training, mg.is_grad_enabled()))
        return self.fc(self.flatten(x))


def images(n: int = 6) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(np.random.rand(n, 36, 120), np.random.randint(4, size=n)) for _ in range(2)]


def test_accuracy_is_the_share_of_all_examples_in_per_cent():
    batches = [(np.eye(4), np.array([0, 1, 2, 0])), (np.eye(4)[:1], np.array([0]))]
    assert check_accuracy(Fixed(), batches) == 80.0  # 4 of 5, although the batches have 75 and 100 per cent


def test_forward_gets_tensors_with_a_channel_and_no_gradients():
    net, batches = Net(), images()
    accuracy = check_accuracy(net, batches, model_forward="forward")
    assert net.seen == [((6, 1, 36, 120), np.float32, False, False, False)] * 2
    scores = [net(mg.tensor(x).unsqueeze(1).float()).detach().numpy() for x, _ in batches]
    right = np.concatenate(scores).argmax(axis=1) == np.concatenate([y for _, y in batches])
    assert accuracy == pytest.approx(100 * right.mean())


@pytest.mark.parametrize("training", [True, False])
def test_every_module_is_in_its_own_mode_again(training):
    net = Net().train(training)
    net.frozen.eval()
    check_accuracy(net, images(), "forward")
    assert (net.training, net.fc.training, net.frozen.training) == (training, training, False)
    assert mg.is_grad_enabled()


def test_the_mode_is_restored_if_something_breaks():
    net = Net()
    with pytest.raises(ValueError):
        check_accuracy(net, [(np.zeros((2, 5, 5)), np.zeros(2, int))], "forward")
    assert net.training and net.fc.training and mg.is_grad_enabled()


def test_a_float64_module_is_given_float64_and_loaders_may_give_tensors():
    net = Net().double()
    inputs = mg.rand(8, 36, 120)
    loader = mg.data.DataLoader(mg.data.TensorDataset(inputs, mg.randint(0, 4, (8,))), batch_size=4)
    assert 0 <= check_accuracy(net, loader, "forward") <= 100
    assert net.seen[0][:2] == ((4, 1, 36, 120), np.float64)


def test_images_that_have_a_channel_keep_it():
    net = Net()
    check_accuracy(net, [(np.zeros((2, 1, 36, 120)), np.zeros(2, int))], "forward")
    assert net.seen[0][0] == (2, 1, 36, 120)


def test_both_ways_over_the_data(dataset_directory):
    data = Data(64, dataset_directory)
    chance = check_accuracy(TwoLayerNet(), data.load_test())
    assert chance in [100 * n / 36 for n in range(37)]
    assert check_accuracy(Net(), data.load_test(), "forward") in [100 * n / 36 for n in range(37)]


def test_what_does_not_fit_is_named():
    with pytest.raises(TypeError, match=r'Net has no method loss.*model_forward="forward"'):
        check_accuracy(Net(), images())
    with pytest.raises(TypeError, match=r"expects a minigrad Module, got .*TwoLayerNet"):
        check_accuracy(TwoLayerNet(), images(), "forward")
    with pytest.raises(ValueError, match='must be "loss" or "forward", got \'predict\''):
        check_accuracy(Net(), images(), "predict")
    used_up = iter(images())
    list(used_up)
    with pytest.raises(ValueError, match="no examples; a generator is used up after one pass"):
        check_accuracy(TwoLayerNet(), used_up)
