"""Initial values, written into a tensor in place. Distributions and names are PyTorch's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad import random
from minigrad.autograd import no_grad
from minigrad.backend import ShapeError
from minigrad.lift import of_tensors
from minigrad.tensor import Tensor


@of_tensors
def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Tensor:
    """Uniform on [a, b)."""
    with no_grad():
        return tensor.uniform_(a, b, generator=generator)


@of_tensors
def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Tensor:
    """Normal with a mean and a standard deviation."""
    with no_grad():
        return tensor.normal_(mean, std, generator=generator)


@of_tensors
def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, generator: Any = None
) -> Tensor:
    """Normal, but what falls outside [a, b] is drawn again."""
    if not a < b:
        raise ValueError(f"trunc_normal_: expected a < b, got {a} and {b}.")
    rng = random.generator(generator)
    values = rng.normal(mean, std, tensor.shape)
    for _ in range(1000):
        outside = (values < a) | (values > b)
        if not outside.any():
            break
        values[outside] = rng.normal(mean, std, int(outside.sum()))
    else:
        raise ValueError(f"trunc_normal_: [{a}, {b}] is too far from mean {mean} (std {std}) to be hit by drawing.")
    with no_grad():
        return tensor.copy_(values)


@of_tensors
def constant_(tensor: Tensor, val: float) -> Tensor:
    """One value everywhere."""
    with no_grad():
        return tensor.fill_(val)


@of_tensors
def zeros_(tensor: Tensor) -> Tensor:
    """Zero everywhere."""
    return constant_(tensor, 0.0)


@of_tensors
def ones_(tensor: Tensor) -> Tensor:
    """One everywhere."""
    return constant_(tensor, 1.0)


@of_tensors
def eye_(tensor: Tensor) -> Tensor:
    """The identity matrix."""
    _at_least_two_axes("eye_", tensor, exactly=True)
    with no_grad():
        return tensor.copy_(np.eye(tensor.shape[0], tensor.shape[1]))


@of_tensors
def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """How much larger weights must be for a nonlinearity to keep the spread of values: √2 for relu.

    param: the negative slope of "leaky_relu" (0.01 if not given).
    """
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    gains = {"relu": math.sqrt(2), "tanh": 5 / 3, "selu": 3 / 4, "linear": 1.0, "sigmoid": 1.0}
    if str(nonlinearity).startswith("conv"):
        nonlinearity = "linear"
    if nonlinearity not in gains:
        raise ValueError(f"calculate_gain: expected one of leaky_relu, {', '.join(gains)}, got {nonlinearity!r}.")
    return gains[nonlinearity]


@of_tensors
def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Uniform on ±√3 std, with std = gain √(2 / (fan_in + fan_out)). Source: Glorot and Bengio (2010)."""
    bound = gain * math.sqrt(6 / sum(_fans("xavier_uniform_", tensor)))
    return uniform_(tensor, -bound, bound, generator)


@of_tensors
def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Normal with std = gain √(2 / (fan_in + fan_out)). Source: Glorot and Bengio (2010)."""
    return normal_(tensor, 0, gain * math.sqrt(2 / sum(_fans("xavier_normal_", tensor))), generator)


@of_tensors
def kaiming_uniform_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Tensor:
    """Uniform on ±√3 std, with std = gain / √fan; a is leaky relu's negative slope. Source: He et al. (2015)."""
    bound = math.sqrt(3) * _kaiming_std("kaiming_uniform_", tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


@of_tensors
def kaiming_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Tensor:
    """Normal with std = gain / √fan; a is leaky relu's negative slope. Source: He et al. (2015)."""
    return normal_(tensor, 0, _kaiming_std("kaiming_normal_", tensor, a, mode, nonlinearity), generator)


@of_tensors
def orthogonal_(tensor: Tensor, gain: float = 1, generator: Any = None) -> Tensor:
    """Orthonormal rows (or columns, if they are fewer) times `gain`, with all axes after the first taken as one.

    Q of the QR of a normal matrix, with R's diagonal made positive, is uniform over all of them. Source: Saxe et al.
    (2013).
    """
    _at_least_two_axes("orthogonal_", tensor)
    rows, columns = tensor.shape[0], math.prod(tensor.shape[1:])
    q, r = np.linalg.qr(random.generator(generator).standard_normal((max(rows, columns), min(rows, columns))))
    q = q * np.where(np.diagonal(r) < 0, -1, 1)
    with no_grad():
        return tensor.copy_((gain * (q if rows >= columns else q.T)).reshape(tensor.shape))


@of_tensors
def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Any = None) -> Tensor:
    """Normal, with a share `sparsity` of each column (rounded up) set to 0. Source: Martens (2010)."""
    _at_least_two_axes("sparse_", tensor, exactly=True)
    rng = random.generator(generator)
    values = rng.normal(0, std, tensor.shape)
    for column in values.T:
        column[rng.permutation(len(column))[: math.ceil(sparsity * len(column))]] = 0
    with no_grad():
        return tensor.copy_(values)


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


def _kaiming_std(name: str, tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"{name}: mode must be fan_in or fan_out, got {mode!r}.")
    fan = _fans(name, tensor)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan) if fan else 0.0


def _fans(name: str, tensor: Tensor) -> tuple[int, int]:
    """fan_in, what one output sums over, and fan_out, what one input is used by, of a weight (out, in, ...)."""
    _at_least_two_axes(name, tensor)
    places = math.prod(tensor.shape[2:])
    return tensor.shape[1] * places, tensor.shape[0] * places


def _at_least_two_axes(name: str, tensor: Tensor, exactly: bool = False) -> None:
    if tensor.ndim < 2 or (exactly and tensor.ndim > 2):
        raise ShapeError(f"{name}: expected {'2' if exactly else 'at least 2'} axes, got shape {tensor.shape}.")
