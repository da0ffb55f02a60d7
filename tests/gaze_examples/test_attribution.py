"""Attribution: each method against what its formula says, on networks small enough to compute by hand."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from gaze_examples import attribution
from gaze_examples.models import MODELS
from minigrad import nn

HEIGHT, WIDTH = 5, 7


class Tiny(nn.Module):
    """A convolution that keeps the size, tanh, and scores of all pixels; in float64."""

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, channels, 3, padding=1)
        self.fc = nn.Linear(channels * HEIGHT * WIDTH, 4)

    def forward(self, images):
        return self.fc(self.conv(images.unsqueeze(1)).tanh().flatten(1))


class OfMeans(nn.Module):
    """Scores that are weighted means of the channels of a convolution, so that dS/dA_k is known: weight / pixels."""

    def __init__(self, weights) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3, padding=1)
        self.weights = nn.Parameter(mg.tensor(weights, dtype=mg.float64))

    def forward(self, images):
        return self.conv(images.unsqueeze(1)).mean(dim=(2, 3)) @ self.weights


class LeftHalf(nn.Module):
    """Quadrant 1's score is the sum of the image's left half."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(mg.zeros(4, dtype=mg.float64))

    def forward(self, images):
        total = images[:, :, : WIDTH // 2].sum(dim=(1, 2))
        return mg.stack([0 * total, total, 0 * total, 0 * total], dim=1) + self.weight


@pytest.fixture
def image():
    return np.random.default_rng(3).standard_normal((HEIGHT, WIDTH))


def ready(model: nn.Module) -> nn.Module:
    return model.double().eval()


@pytest.fixture
def tiny():
    mg.manual_seed(1)
    return ready(Tiny())


def score(model, image, quadrant) -> float:
    with mg.no_grad():
        return model(mg.tensor(image[None]))[0, quadrant].item()


def slopes(model, image, quadrant, step=1e-5) -> np.ndarray:
    """The score's slope at each pixel, by central differences."""
    result = np.zeros_like(image)
    for place in np.ndindex(image.shape):
        there, back = image.copy(), image.copy()
        there[place] += step
        back[place] -= step
        result[place] = (score(model, there, quadrant) - score(model, back, quadrant)) / (2 * step)
    return result


@pytest.mark.parametrize("quadrant", range(4))
def test_the_input_gradient_is_the_slope_of_the_score(tiny, image, quadrant):
    np.testing.assert_allclose(
        attribution.input_gradient(tiny, image, quadrant), slopes(tiny, image, quadrant), atol=1e-8
    )


def test_smooth_grad_without_noise_is_the_gradient(tiny, image):
    smooth = attribution.smooth_grad(tiny, image, 2, sigma=0, samples=7)
    np.testing.assert_allclose(smooth, attribution.input_gradient(tiny, image, 2), rtol=1e-12)


def test_smooth_grad_is_the_mean_of_the_gradients_of_noisy_copies(tiny, image):
    noise = 0.5 * np.random.default_rng(4).standard_normal((6, HEIGHT, WIDTH))
    one_by_one = [attribution.input_gradient(tiny, image + one, 1) for one in noise]
    smooth = attribution.smooth_grad(tiny, image, 1, sigma=0.5, samples=6, seed=4)
    np.testing.assert_allclose(smooth, np.mean(one_by_one, axis=0), rtol=1e-12)
    assert not np.allclose(smooth, attribution.input_gradient(tiny, image, 1), rtol=1e-3)


def test_grad_cam_is_the_relu_of_the_channels_weighted_by_their_mean_gradients(image):
    mg.manual_seed(2)
    model = ready(OfMeans([[1.0, 0, -2, 0], [3.0, 0, 1, 0]]))
    with mg.no_grad():
        channels = model.conv(mg.tensor(image[None, None])).numpy()[0]
    for quadrant, (a, b) in {0: (1, 3), 2: (-2, 1)}.items():
        by_hand = np.maximum(0, a * channels[0] + b * channels[1]) / (HEIGHT * WIDTH)
        assert 0 < np.count_nonzero(by_hand) < by_hand.size
        np.testing.assert_allclose(attribution.grad_cam(model, image, quadrant), by_hand, rtol=1e-12)


def test_a_small_map_is_stretched_to_the_image():
    small = np.array([[0.0, 2.0], [4.0, 6.0]])
    large = attribution._stretched(small, (4, 8))
    assert large.shape == (4, 8) and large[0, 0] == 0 and large[-1, -1] == 6
    np.testing.assert_allclose(large[0], [0, 0, 0.25, 0.75, 1.25, 1.75, 2, 2])
    np.testing.assert_allclose(large[:, 0], [0, 1, 3, 4])


def test_the_last_convolution_is_the_one_next_to_the_scores():
    model = MODELS["cnn-bn"].make()
    assert attribution.last_convolution(model) is model.conv2
    assert attribution.last_convolution(MODELS["fc"].make()) is None


def test_occlusion_by_one_pixel_is_the_probability_lost_without_it(image):
    model = ready(LeftHalf())
    lost = attribution.occlusion(model, image, 1, size=1, stride=1)
    total = image[:, : WIDTH // 2].sum()
    before = np.exp(total) / (np.exp(total) + 3)
    without = np.exp(total - image[2, 1]) / (np.exp(total - image[2, 1]) + 3)
    np.testing.assert_allclose(lost[2, 1], before - without, rtol=1e-9)


def test_occlusion_of_what_the_network_does_not_look_at_is_0(image):
    model = ready(LeftHalf())
    lost = attribution.occlusion(model, image, 1, size=2, stride=1)
    assert np.all(lost[:, WIDTH // 2 + 1 :] == 0) and np.all(lost[:, : WIDTH // 2] != 0)


@pytest.mark.parametrize(("size", "stride"), [(3, 2), (3, 3), (5, 4), (1, 1)])
def test_occlusion_hides_every_pixel(tiny, image, size, stride):
    assert np.isfinite(attribution.occlusion(tiny, image, 0, size=size, stride=stride)).all()


@pytest.mark.parametrize(("size", "stride"), [(2, 3), (6, 2), (0, 1), (2, 0)])
def test_squares_that_leave_pixels_out_or_do_not_fit_are_refused(tiny, image, size, stride):
    with pytest.raises(ValueError, match="stride <= size <= 5"):
        attribution.occlusion(tiny, image, 0, size=size, stride=stride)


def test_activations_are_what_the_layer_gives(tiny, image):
    with mg.no_grad():
        expected = tiny.conv(mg.tensor(image[None, None])).numpy()[0]
    np.testing.assert_array_equal(attribution.activations(tiny, image, tiny.conv), expected)


METHODS = {
    attribution.input_gradient: {},
    attribution.smooth_grad: {"samples": 3},
    attribution.grad_cam: {},
    attribution.occlusion: {"size": 3, "stride": 3},
}
methods = pytest.mark.parametrize(("method", "arguments"), METHODS.items())


@methods
def test_no_gradient_hook_or_pixel_is_changed(method, arguments, image):
    model, before = ready(Tiny()), image.copy()
    first = method(model, image, 0, **arguments)
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not model.conv._hooks or not any(model.conv._hooks)
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(method(model, image, 0, **arguments), first)


@methods
def test_a_network_in_training_mode_is_refused(method, arguments, image):
    with pytest.raises(ValueError, match=r"model\.eval"):
        method(ready(Tiny()).train(), image, 0, **arguments)


def test_grad_cam_needs_a_convolution(image):
    with pytest.raises(ValueError, match="no convolution"):
        attribution.grad_cam(ready(LeftHalf()), image, 0)


@methods
def test_they_run_on_the_networks_of_the_application(method, arguments):
    image = np.random.default_rng(0).standard_normal((36, 120)).astype(np.float32)
    for name in ("fc", "cnn-bn", "best"):
        model = MODELS[name].make().eval()
        if method is attribution.grad_cam and not attribution.convolutions(model):
            continue
        coarser = {name: 12 for name in arguments if name in ("size", "stride")}
        values = method(model, image, 3, **(arguments | coarser))
        assert values.shape == (36, 120) and np.isfinite(values).all()
