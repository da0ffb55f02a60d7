"""Recurrent networks: cells that take one step, and the networks that walk them along a sequence.

A network is a loop: at each step the cell is given the next x and the state that it gave at the last one. It stands in
`_Network._walk`, and all else here is about shapes. Backpropagation through time needs nothing of its own: the steps
are on the tape, one after the other, and the tape is read in reverse.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

from minigrad.backend import ShapeError
from minigrad.creation import zeros
from minigrad.functions.pieces import cat, stack
from minigrad.nn import functional, init
from minigrad.nn.module import Module, Parameter
from minigrad.tensor import Tensor

NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
State = tuple[Tensor, ...]  # (h,), or (h, c)
Weights = tuple[Any, Any, Any, Any]  # those of NAMES; a bias may be None


# -- what a step is ----------------------------------------------------------------------------------------------------


class _Recurrent(Module):
    """What cell and network of a kind have in common: how many gates, what a state is made of, and a step."""

    gates = 1
    states: tuple[str, ...] = ("h",)
    input_size: int
    hidden_size: int
    bias: bool

    def _step(self, x: Tensor, state: State, weights: Weights) -> State:
        raise NotImplementedError

    def _set_sizes(self, input_size: int, hidden_size: int, bias: bool) -> None:
        for what, size in {"input_size": input_size, "hidden_size": hidden_size}.items():
            if size < 1:
                raise ValueError(f"{type(self).__name__}: {what} must be positive, got {size}.")
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias

    def _add_weights(self, suffix: str, input_size: int, device: Any, dtype: Any) -> None:
        """The parameters of one cell, with `suffix` at the end of their names."""
        rows = self.gates * self.hidden_size
        shapes: list[tuple[int, ...]] = [(rows, input_size), (rows, self.hidden_size), (rows,), (rows,)]
        for name, shape in zip(NAMES, shapes, strict=True):
            wanted = self.bias or name.startswith("weight")
            parameter = Parameter(zeros(shape, dtype=dtype, device=device)) if wanted else None
            self.register_parameter(name + suffix, parameter)

    def _weights(self, suffix: str) -> Weights:
        weight_ih, weight_hh, bias_ih, bias_hh = [self._parameters[name + suffix] for name in NAMES]
        return weight_ih, weight_hh, bias_ih, bias_hh

    def reset_parameters(self) -> None:
        """Draw the initial values again."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def _check_input(self, input: Tensor, axes: tuple[int, ...], shapes: str) -> None:
        name = type(self).__name__
        if not isinstance(input, Tensor):
            raise TypeError(
                f"{name}: expected a Tensor, got {type(input).__name__}. Packed sequences are not supported: pad "
                "sequences to one length, and leave out of the loss what was added."
            )
        if input.ndim not in axes or input.shape[-1] != self.input_size:
            raise ShapeError(
                f"{name}: input must be {shapes}, with input_size = {self.input_size}, got input.shape = {input.shape}."
            )

    def _start(self, hx: Any, shape: tuple[int, ...], input: Tensor) -> State:
        """The state to begin with, each part of `shape`: `hx`, or zeros."""
        name = type(self).__name__
        if hx is None:
            return (zeros(shape, dtype=input.dtype, device=input.device),) * len(self.states)
        several = len(self.states) > 1
        state = (hx,) if not several else tuple(hx) if isinstance(hx, (tuple, list)) else ()
        if len(state) != len(self.states) or not all(isinstance(one, Tensor) for one in state):
            wanted = "a pair of Tensors (h, c)" if several else "a Tensor"
            raise TypeError(f"{name}: hx must be {wanted}, got {type(hx).__name__}.")
        for part, one in zip(self.states, state, strict=True):
            if one.shape != shape:
                raise ShapeError(f"{name}: {part} of hx must be {shape} for this input, got {one.shape}.")
        return state


class _Plain(_Recurrent):
    nonlinearity: str

    def _set_nonlinearity(self, nonlinearity: str) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"{type(self).__name__}: nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}.")
        self.nonlinearity = nonlinearity

    def _step(self, x: Tensor, state: State, weights: Weights) -> State:
        return (functional.rnn_cell(x, state[0], *weights, nonlinearity=self.nonlinearity),)


class _LongShortTerm(_Recurrent):
    gates = 4
    states = ("h", "c")

    def _step(self, x: Tensor, state: State, weights: Weights) -> State:
        return functional.lstm_cell(x, state, *weights)


class _Gated(_Recurrent):
    gates = 3

    def _step(self, x: Tensor, state: State, weights: Weights) -> State:
        return (functional.gru_cell(x, state[0], *weights),)


# -- cells -------------------------------------------------------------------------------------------------------------


class _Cell(_Recurrent):
    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self._set_sizes(input_size, hidden_size, bias)
        self._add_weights("", input_size, device, dtype)
        self.reset_parameters()

    def forward(self, input: Tensor, hx: Any = None) -> Any:
        self._check_input(input, (1, 2), "(batch, input_size) or (input_size,)")
        state = self._start(hx, (*input.shape[:-1], self.hidden_size), input)
        if input.ndim == 1:
            one = self._step(input.unsqueeze(0), tuple([part.unsqueeze(0) for part in state]), self._weights(""))
            state = tuple([part.squeeze(0) for part in one])
        else:
            state = self._step(input, state, self._weights(""))
        return state if len(state) > 1 else state[0]

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")


class RNNCell(_Plain, _Cell):
    """h' = tanh(weight_ih @ x + bias_ih + weight_hh @ h + bias_hh), or its relu: one step of an `RNN`.

    Call: cell(x) or cell(x, h), where h is 0 if it is not given. Shapes: x (N, input_size), h and h' (N, hidden_size),
    or all without N. Parameters: weight_ih (hidden_size, input_size), weight_hh (hidden_size, hidden_size), bias_ih and
    bias_hh (hidden_size,), uniform on ±1/√hidden_size at the start.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, device, dtype)
        self._set_nonlinearity(nonlinearity)

    def extra_repr(self) -> str:
        return super().extra_repr() + ("" if self.nonlinearity == "tanh" else f", nonlinearity={self.nonlinearity}")


class LSTMCell(_LongShortTerm, _Cell):
    """One step of an `LSTM`: from x and (h, c) to (h', c'). What the gates do: `F.lstm_cell`.

    Call: cell(x) or cell(x, (h, c)), which are 0 if not given. Shapes: x (N, input_size), the others (N, hidden_size),
    or all without N. Parameters: as in `RNNCell`, with 4 * hidden_size rows: input, forget, new, and output gate.
    """


class GRUCell(_Gated, _Cell):
    """One step of a `GRU`: from x and h to h'. What the gates do: `F.gru_cell`.

    Call: cell(x) or cell(x, h), where h is 0 if it is not given. Shapes: x (N, input_size), h and h' (N, hidden_size),
    or all without N. Parameters: as in `RNNCell`, with 3 * hidden_size rows: reset, update, and new.
    """


# -- networks ----------------------------------------------------------------------------------------------------------


class _Network(_Recurrent):
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        if num_layers < 1:
            raise ValueError(f"{name}: num_layers must be a positive int, got {num_layers!r}.")
        if isinstance(dropout, bool) or not 0 <= dropout <= 1:
            raise ValueError(f"{name}: dropout is a probability, 0..1, got {dropout}.")
        if dropout and num_layers == 1:
            warnings.warn(
                f"{name}: dropout lies between layers, so with num_layers=1 dropout={dropout} does nothing.",
                stacklevel=3,
            )
        self._set_sizes(input_size, hidden_size, bias)
        self.num_layers = num_layers
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self._directions = ("", "_reverse") if bidirectional else ("",)
        for layer in range(num_layers):
            for direction in self._directions:
                features = hidden_size * len(self._directions) if layer else input_size
                self._add_weights(f"_l{layer}{direction}", features, device, dtype)
        self.reset_parameters()

    def forward(self, input: Tensor, hx: Any = None) -> tuple[Tensor, Any]:
        many = "(batch, steps, input_size)" if self.batch_first else "(steps, batch, input_size)"
        self._check_input(input, (2, 3), f"{many} or (steps, input_size)")
        alone = input.ndim == 2
        x = input.unsqueeze(1) if alone else input.transpose(0, 1) if self.batch_first else input
        cells = self.num_layers * len(self._directions)
        start = self._start(hx, (cells, self.hidden_size) if alone else (cells, x.shape[1], self.hidden_size), input)
        if not len(x):
            raise ShapeError(f"{type(self).__name__}: expected at least one step, got input.shape = {input.shape}.")
        out, end = self._through_layers(x, tuple([part.unsqueeze(1) for part in start]) if alone else start)
        if alone:
            out, end = out.squeeze(1), tuple([part.squeeze(1) for part in end])
        elif self.batch_first:
            out = out.transpose(0, 1)
        return out, end if len(end) > 1 else end[0]

    def _through_layers(self, x: Tensor, start: State) -> tuple[Tensor, State]:
        """x (steps, batch, features), and the state of all cells, (cells, batch, hidden_size), before and after."""
        starts = list(zip(*[part.unbind(0) for part in start], strict=True))
        ends: list[State] = []
        for layer in range(self.num_layers):
            if layer and self.dropout:
                x = functional.dropout(x, self.dropout, self.training)
            outs = []
            for direction in self._directions:
                out, end = self._walk(x, starts[len(ends)], f"_l{layer}{direction}")
                outs.append(out)
                ends.append(end)
            x = outs[0] if len(outs) == 1 else cat(outs, 2)
        return x, tuple([stack(parts) for parts in zip(*ends, strict=True)])

    def _walk(self, x: Tensor, state: State, suffix: str) -> tuple[Tensor, State]:
        """One cell along x: h after each step, as (steps, batch, hidden_size), and the state after the last."""
        weight_ih, weight_hh, bias_ih, bias_hh = self._weights(suffix)
        # The cell could weigh each step's x, but all are known: one large product is faster than many small ones.
        steps = functional.linear(x, weight_ih, bias_ih).unbind(0)
        backwards = suffix.endswith("_reverse")
        hs = []
        for step in reversed(steps) if backwards else steps:
            state = self._step(step, state, (None, weight_hh, None, bias_hh))
            hs.append(state[0])
        return stack(hs[::-1] if backwards else hs), state

    def flatten_parameters(self) -> None:
        """Does nothing. In PyTorch it brings the weights together in memory, for cuDNN."""

    def extra_repr(self) -> str:
        defaults = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0, "bidirectional": False}
        others = [f", {name}={getattr(self, name)}" for name, usual in defaults.items() if getattr(self, name) != usual]
        return f"{self.input_size}, {self.hidden_size}" + "".join(others)


class RNN(_Plain, _Network):
    """A plain recurrent network: at each step h = tanh(weight_ih @ x + bias_ih + weight_hh @ h + bias_hh), or its relu.

    Call: out, h_n = net(x) or net(x, h_0), where h_0 is 0 if it is not given.

    Shapes: x (steps, N, input_size), out (steps, N, D * hidden_size), the last layer's h after each step, with D = 2 if
    bidirectional, else 1; h_0 and h_n (num_layers * D, N, hidden_size), each layer's before and after. batch_first: x
    and out are (N, steps, ...). An x without N is one sequence.

    num_layers: the h of a layer is the x of the one above. dropout: of a layer's h on its way up, while training.
    bidirectional: a second cell in each layer walks from the end to the beginning.

    Parameters of layer k: `weight_ih_lk`, `weight_hh_lk`, `bias_ih_lk`, `bias_hh_lk`, and those of the second cell with
    `_reverse` at their end; shapes and initial values as in `RNNCell`.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype)
        self._set_nonlinearity(nonlinearity)


class LSTM(_LongShortTerm, _Network):
    """Long short-term memory: a recurrent network whose gates say what is kept, added and shown at each step.

    Call: out, (h_n, c_n) = net(x) or net(x, (h_0, c_0)), which are 0 if not given. c_0 and c_n have the shape of h_0
    and h_n; else all is as in `RNN`, with the parameters of `LSTMCell`. proj_size is not supported.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if proj_size:
            raise NotImplementedError("LSTM: proj_size is not supported; put a Linear after the network.")
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype)


class GRU(_Gated, _Network):
    """A recurrent network of gated units: at each step z says how much of h stays, and the rest is new.

    Call, shapes and settings as in `RNN`, with the parameters of `GRUCell`.
    """
