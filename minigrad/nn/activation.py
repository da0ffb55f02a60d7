"""Activations as modules: each keeps the settings of a function in `functional`, and calls it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.creation import zeros
from minigrad.nn import functional
from minigrad.nn.init import constant_
from minigrad.nn.module import Module, Parameter
from minigrad.tensor import Tensor


class _Activation(Module):
    """`function` of the input, with settings that are attributes.

    inplace, where it is taken, is for the sake of PyTorch's scripts: the input is never changed, for the layer before
    may need it.
    """

    function: Callable[..., Tensor]

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self._settings = tuple(settings)
        for name, value in settings.items():
            setattr(self, name, value)

    def forward(self, input: Tensor) -> Tensor:
        return type(self).function(input, **{name: getattr(self, name) for name in self._settings})

    def extra_repr(self) -> str:
        shown = [(name, getattr(self, name)) for name in self._settings]
        return ", ".join(f"{name}={value!r}" for name, value in shown if (name, value) != ("inplace", False))


class ReLU(_Activation):
    """max(x, 0)."""

    function = staticmethod(functional.relu)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace=inplace)


class ReLU6(_Activation):
    """x brought into 0..6."""

    function = staticmethod(functional.relu6)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace=inplace)


class LeakyReLU(_Activation):
    """x where it is positive, else negative_slope * x."""

    function = staticmethod(functional.leaky_relu)

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__(negative_slope=negative_slope, inplace=inplace)


class ELU(_Activation):
    """x where it is positive, else alpha * (exp(x) - 1)."""

    function = staticmethod(functional.elu)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(alpha=alpha, inplace=inplace)


class CELU(_Activation):
    """An `ELU` without a kink for any alpha: left of 0 it is alpha * (exp(x / alpha) - 1)."""

    function = staticmethod(functional.celu)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(alpha=alpha, inplace=inplace)


class SELU(_Activation):
    """An `ELU` scaled so that mean 0 and variance 1 stay what they are."""

    function = staticmethod(functional.selu)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace=inplace)


class GELU(_Activation):
    """x Φ(x), with Φ the normal distribution's; approximate="tanh" for the usual formula close to it."""

    function = staticmethod(functional.gelu)

    def __init__(self, approximate: str = "none") -> None:
        super().__init__(approximate=approximate)


class SiLU(_Activation):
    """x * sigmoid(x)."""

    function = staticmethod(functional.silu)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace=inplace)


class Mish(_Activation):
    """x * tanh(softplus(x))."""

    function = staticmethod(functional.mish)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace=inplace)


class Sigmoid(_Activation):
    """1 / (1 + exp(-x))."""

    function = staticmethod(functional.sigmoid)


class LogSigmoid(_Activation):
    """The logarithm of the sigmoid, without underflow."""

    function = staticmethod(functional.logsigmoid)


class Tanh(_Activation):
    """The hyperbolic tangent."""

    function = staticmethod(functional.tanh)


class Hardtanh(_Activation):
    """x brought into min_val..max_val."""

    function = staticmethod(functional.hardtanh)

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__(min_val=min_val, max_val=max_val, inplace=inplace)


class Hardsigmoid(_Activation):
    """A sigmoid of straight lines: 0 up to -3, 1 from 3 on, between them x / 6 + 1 / 2."""

    function = staticmethod(functional.hardsigmoid)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace=inplace)


class Hardswish(_Activation):
    """x * hardsigmoid(x), a `SiLU` without exponentials."""

    function = staticmethod(functional.hardswish)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace=inplace)


class Softplus(_Activation):
    """log(1 + exp(beta * x)) / beta, a smooth relu; x itself where beta * x > threshold."""

    function = staticmethod(functional.softplus)

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__(beta=beta, threshold=threshold)


class Softsign(_Activation):
    """x / (1 + |x|)."""

    function = staticmethod(functional.softsign)


class GLU(_Activation):
    """a * sigmoid(b), with a and b the halves of x along `dim`."""

    function = staticmethod(functional.glu)

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim=dim)


class PReLU(Module):
    """A `LeakyReLU` whose slope is a parameter: weight (num_parameters,), 1 or C of x (N, C, ...), `init` at first."""

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(zeros(num_parameters, dtype=dtype, device=device))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set all slopes to `init`."""
        constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        return functional.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class Softmax(_Activation):
    """exp(x) / Σ exp(x) along `dim`."""

    function = staticmethod(functional.softmax)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__(dim=dim)


class LogSoftmax(_Activation):
    """The logarithm of `Softmax`, without underflow."""

    function = staticmethod(functional.log_softmax)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__(dim=dim)
