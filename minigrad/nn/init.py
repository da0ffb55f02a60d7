"""Initial values, written into a tensor in place. Distributions and names are PyTorch's."""

from __future__ import annotations

import math

from minigrad import random
from minigrad.autograd import no_grad
from minigrad.tensor import Tensor


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0) -> Tensor:
    """Uniform on [a, b)."""
    with no_grad():
        return tensor.copy_(random.generator().uniform(a, b, tensor.shape))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0) -> Tensor:
    """Normal with a mean and a standard deviation."""
    with no_grad():
        return tensor.copy_(random.generator().normal(mean, std, tensor.shape))


def constant_(tensor: Tensor, val: float) -> Tensor:
    """One value everywhere."""
    with no_grad():
        return tensor.fill_(val)


def zeros_(tensor: Tensor) -> Tensor:
    """Zero everywhere."""
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """One everywhere."""
    return constant_(tensor, 1.0)


def linear_default_(weight: Tensor, bias: Tensor | None) -> None:
    """PyTorch's default for layers: weight and bias uniform on ±1/√fan_in.

    It is `kaiming_uniform_(weight, a=√5)`: gain √(2 / (1 + a²)) = √(1/3), bound = gain √(3 / fan_in) = 1/√fan_in.
    fan_in is the number of inputs that one output sums over: `weight` without its first axis.
    """
    fan_in = math.prod(weight.shape[1:])
    bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
    uniform_(weight, -bound, bound)
    if bias is not None:
        uniform_(bias, -bound, bound)
