"""What in an image moved the decision: four answers, each from a forward or backward pass of the network alone.

A network gives each quadrant a score. The methods ask how the score of one quadrant hangs on the pixels; they differ in
what they take for an influence. All take a `model` in evaluation mode, an `image` (36, 120) as the network gets it
(float32, of mean about 0), and the number of a quadrant; all give an array (36, 120).
"""

from __future__ import annotations

import numpy as np

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.nn import Conv2d, Module


def input_gradient(model: Module, image: np.ndarray, quadrant: int) -> np.ndarray:
    """d(score) / d(pixel): by how much the score rises if this pixel alone becomes a little brighter.

    Simonyan, Vedaldi & Zisserman 2013, "Deep inside convolutional networks", section 3. The score is that before the
    softmax: a probability also rises where the other scores fall.
    """
    return _input_gradients(model, image[None], quadrant)[0]


def smooth_grad(
    model: Module, image: np.ndarray, quadrant: int, sigma: float = 0.2, samples: int = 50, seed: int = 0
) -> np.ndarray:
    """The mean of the input gradient over `samples` copies of the image with noise of standard deviation `sigma`.

    Smilkov et al. 2017, "SmoothGrad: removing noise by adding noise", section 3: what changes from one copy to the next
    is an accident of this image, what stays is not.
    """
    noise = sigma * np.random.default_rng(seed).standard_normal((samples, *image.shape))
    return _input_gradients(model, (image + noise).astype(image.dtype), quadrant).mean(axis=0)


def grad_cam(model: Module, image: np.ndarray, quadrant: int, layer: Module | None = None) -> np.ndarray:
    """Where the channels of a convolution see what speaks for the quadrant; at least 0 everywhere.

    Selvaraju et al. 2017, "Grad-CAM: visual explanations from deep networks", equations 1 and 2. With A_k the channels
    of `layer` (by default the last convolution) and S the score

        weight_k = mean over places of dS / dA_k        how much channel k speaks for the quadrant
        map      = relu(sum over k of weight_k A_k)      where the channels that speak for it are active

    The map is as small as the channels, so it is stretched to the image. ValueError: for a network without convolution.
    """
    layer = layer or last_convolution(model)
    if layer is None:
        raise ValueError("grad_cam: this network has no convolution, so it has no channels that lie as the image lies.")
    score, channels = _score_and_output(model, image, quadrant, layer)
    (gradient,) = mg.autograd.grad(score, channels)
    assert gradient is not None
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    small = F.relu((weights * channels.detach()).sum(dim=1))[0]
    return _stretched(small.cpu().numpy(), image.shape)


def occlusion(
    model: Module, image: np.ndarray, quadrant: int, size: int = 8, stride: int = 2, fill: float = 0.0
) -> np.ndarray:
    """How much of the quadrant's probability is lost where a grey square hides the image; no gradient at all.

    Zeiler & Fergus 2014, "Visualizing and understanding convolutional networks", section 4.2. A square of `size` pixels
    moves in steps of `stride`; each pixel gets the mean over the squares that hid it.
    """
    if not 1 <= stride <= size <= min(image.shape):
        raise ValueError(f"occlusion: expected 1 <= stride <= size <= {min(image.shape)}; got {stride=} and {size=}.")
    tops, lefts = (_steps(length, size, stride) for length in image.shape)
    corners = [(top, left) for top in tops for left in lefts]
    hidden = np.repeat(image[None], len(corners), axis=0)
    for one, (top, left) in zip(hidden, corners, strict=True):
        one[top : top + size, left : left + size] = fill
    lost = _probability(model, image[None], quadrant) - _probability(model, hidden, quadrant)
    total, count = np.zeros(image.shape), np.zeros(image.shape)
    for loss, (top, left) in zip(lost, corners, strict=True):
        total[top : top + size, left : left + size] += loss
        count[top : top + size, left : left + size] += 1
    return total / count


def activations(model: Module, image: np.ndarray, layer: Module) -> np.ndarray:
    """What a layer makes of the image: its output (K, H, W), a map a channel."""
    _, output = _score_and_output(model, image, 0, layer)
    return output.detach()[0].cpu().numpy()


def convolutions(model: Module) -> list[Conv2d]:
    """The convolutions of a network, in the order in which they were made."""
    return [module for module in model.modules() if isinstance(module, Conv2d)]


def last_convolution(model: Module) -> Conv2d | None:
    """The convolution next to the scores, or None."""
    return next(reversed(convolutions(model)), None)


def _input_gradients(model: Module, images: np.ndarray, quadrant: int) -> np.ndarray:
    """The input gradients (N, 36, 120) of N images, which do not mix: the sum's gradient has that of each."""
    x = _tensor(model, images)
    x.requires_grad = True
    (gradient,) = mg.autograd.grad(_scores(model, x)[:, quadrant].sum(), x)
    assert gradient is not None
    return gradient.cpu().numpy()


def _score_and_output(model: Module, image: np.ndarray, quadrant: int, layer: Module) -> tuple[mg.Tensor, mg.Tensor]:
    """The score of an image, and what `layer` gave on the way to it."""
    outputs: list[mg.Tensor] = []
    hook = layer.register_forward_hook(lambda module, inputs, output: outputs.append(output))
    try:
        scores = _scores(model, _tensor(model, image[None]))
    finally:
        hook.remove()
    return scores[0, quadrant], outputs[-1]


def _probability(model: Module, images: np.ndarray, quadrant: int) -> np.ndarray:
    """The quadrant's probability for each of N images."""
    with mg.no_grad():
        return F.softmax(_scores(model, _tensor(model, images)), dim=1)[:, quadrant].cpu().numpy()


def _scores(model: Module, x: mg.Tensor) -> mg.Tensor:
    if model.training:
        raise ValueError("The network is in training mode, where dropout and batch-norm disturb it: call model.eval().")
    return model(x)


def _tensor(model: Module, images: np.ndarray) -> mg.Tensor:
    return mg.tensor(images, device=next(model.parameters()).device)


def _steps(length: int, size: int, stride: int) -> list[int]:
    """Where the squares begin, so that the last one ends at the edge."""
    last = length - size
    return [*range(0, last, stride), last]


def _stretched(small: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A map (h, w) stretched to (H, W), linearly between the middles of its cells."""
    rows, columns = (_between(cells, length) for cells, length in zip(small.shape, shape, strict=True))
    return rows @ small @ columns.T


def _between(cells: int, length: int) -> np.ndarray:
    """The matrix (length, cells) that stretches a line of cells to a length."""
    middles = (np.arange(length) + 0.5) * cells / length - 0.5
    return np.stack([np.interp(middles, np.arange(cells), one) for one in np.eye(cells)], axis=1)
