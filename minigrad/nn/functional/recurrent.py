"""Recurrent cells as functions: one step through time, the parameters given. PyTorch has them as `torch.lstm_cell`."""

from __future__ import annotations

from collections.abc import Sequence

from minigrad.lift import differentiable
from minigrad.ops import recurrent as pairs
from minigrad.tensor import Tensor

_rnn_cell = differentiable(pairs.rnn_cell_forward, pairs.rnn_cell_backward)
_lstm_cell = differentiable(pairs.lstm_cell_forward, pairs.lstm_cell_backward)
_gru_cell = differentiable(pairs.gru_cell_forward, pairs.gru_cell_backward)


def rnn_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor | None,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
    nonlinearity: str = "tanh",
) -> Tensor:
    """The next state of a plain recurrent network: tanh(input @ w_ih.T + b_ih + hx @ w_hh.T + b_hh), or its relu.

    Shapes: input (N, I), hx and the result (N, H), w_ih (H, I), w_hh (H, H), b_ih and b_hh (H,). w_ih None, here and in
    the other cells: input is input @ w_ih.T + b_ih already.
    """
    return _rnn_cell(input, hx, w_ih, w_hh, b_ih, b_hh, nonlinearity=nonlinearity)


def lstm_cell(
    input: Tensor,
    hx: Sequence[Tensor],
    w_ih: Tensor | None,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """The next state (h', c') of an LSTM: c' = f c + i g and h' = o tanh(c'), from hx = (h, c).

    i, f and o are the sigmoid, and g the tanh, of input @ w_ih.T + b_ih + h @ w_hh.T + b_hh, whose columns are those of
    i, f, g and o: what is added to c, what is kept of it, what is new, and what is shown.

    Shapes: input (N, I), h and c (N, H), w_ih (4H, I), w_hh (4H, H), b_ih and b_hh (4H,).
    """
    if not isinstance(hx, (tuple, list)) or len(hx) != 2:
        raise TypeError(f"lstm_cell: hx must be a pair of Tensors (h, c), got {type(hx).__name__}.")
    return _lstm_cell(input, *hx, w_ih, w_hh, b_ih, b_hh)


def gru_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor | None,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """The next state of a GRU: (1 - z) n + z hx.

    With u = input @ w_ih.T + b_ih and v = hx @ w_hh.T + b_hh, whose columns are those of r, z and n: r and z are the
    sigmoid of u + v, and n = tanh(u + r v). z says how much of hx stays, r how much of it n sees.

    Shapes: input (N, I), hx and the result (N, H), w_ih (3H, I), w_hh (3H, H), b_ih and b_hh (3H,).
    """
    return _gru_cell(input, hx, w_ih, w_hh, b_ih, b_hh)
