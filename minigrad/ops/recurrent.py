"""Recurrent cells: one step through time. A cell is given x and the state before, and gives the state after.

Each weighs x and h as `linear` does, x weight_ihᵀ + bias_ih and h weight_hhᵀ + bias_hh, and what differs is how the
two are brought together. So a backward has two parts. The first is the cell's own: from the gradient of the new state
to da, that of what was weighed. The second is the same for all, and is `linear`'s: dweight = daᵀ x, dbias = Σ da over
the examples, and da weight is what goes on to x, or to h.

The rows of the weights are the gates one below the other, H rows each, as in PyTorch. What comes back to h goes to the
step before as its dout. A network's weights serve all steps, and their gradients from all steps add up on the tape:
that is backpropagation through time.

Where all x are known before the first step, they can be weighed in one product instead of one a step. Such an x is
given with weight_ih and bias_ih None.
"""

from __future__ import annotations

from minigrad.backend import Array, ShapeError, array_module
from minigrad.ops.elementwise import logistic
from minigrad.ops.linear import linear_backward, linear_forward

ALL = (True,) * 6
ALL_AND_C = (True,) * 7


# -- one layer, with the old state as a second input -------------------------------------------------------------------


def rnn_cell_forward(
    x: Array,
    h: Array,
    weight_ih: Array | None,
    weight_hh: Array,
    bias_ih: Array | None,
    bias_hh: Array | None,
    nonlinearity: str = "tanh",
):
    """h' = tanh(a), or relu(a), of a = x weight_ihᵀ + bias_ih + h weight_hhᵀ + bias_hh.

    x: (N, I). h, h': (N, H). weight_ih: (H, I), weight_hh: (H, H), the biases (H,) or None. nonlinearity: "tanh" or
    "relu". Source: Elman, "Finding structure in time" (1990).
    """
    _check("rnn_cell", 1, x, weight_ih, weight_hh, bias_ih=bias_ih, bias_hh=bias_hh, h=h)
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(f"rnn_cell: nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}.")
    of_x, from_x = _weighed(x, weight_ih, bias_ih)
    of_h, from_h = _weighed(h, weight_hh, bias_hh)
    xp, a = array_module(x), of_x + of_h
    out = xp.tanh(a) if nonlinearity == "tanh" else xp.maximum(a, 0)
    return out, (out, from_x, from_h, nonlinearity)


def rnn_cell_backward(dout: Array, cache, needs=ALL):
    """da = dout f'(a). tanh' = 1 - tanh² and relu' = 1 where it let a through: h' says both.

    a is the sum of what x and what h was weighed to, so da goes to both. From there on it is `linear`'s.
    """
    out, from_x, from_h, nonlinearity = cache
    da = dout * (1 - out * out) if nonlinearity == "tanh" else dout * (out > 0)
    return _to_arguments(da, from_x, da, from_h, needs)


# -- gates that decide what is kept ------------------------------------------------------------------------------------


def lstm_cell_forward(
    x: Array,
    h: Array,
    c: Array,
    weight_ih: Array | None,
    weight_hh: Array,
    bias_ih: Array | None,
    bias_hh: Array | None,
):
    """c' = f c + i g and h' = o tanh(c'): f says what is kept of c, i what is added to it, o what of it is shown.

    i = σ(a_i), f = σ(a_f), g = tanh(a_g), o = σ(a_o), with (a_i, a_f, a_g, a_o), side by side, the columns of
    a = x weight_ihᵀ + bias_ih + h weight_hhᵀ + bias_hh.

    x: (N, I). h, c, h', c': (N, H). weight_ih: (4H, I), weight_hh: (4H, H), the biases (4H,) or None.
    Returns ((h', c'), cache). Source: Hochreiter and Schmidhuber, "Long short-term memory" (1997), with the forget gate
    of Gers et al., "Learning to forget" (2000).
    """
    _check("lstm_cell", 4, x, weight_ih, weight_hh, bias_ih=bias_ih, bias_hh=bias_hh, h=h, c=c)
    of_x, from_x = _weighed(x, weight_ih, bias_ih)
    of_h, from_h = _weighed(h, weight_hh, bias_hh)
    xp = array_module(x)
    a_i, a_f, a_g, a_o = _gates(of_x + of_h, 4)
    i, f, g, o = logistic(xp, a_i), logistic(xp, a_f), xp.tanh(a_g), logistic(xp, a_o)
    c_new = f * c + i * g
    shown = xp.tanh(c_new)
    return (o * shown, c_new), (c, i, f, g, o, shown, from_x, from_h)


def lstm_cell_backward(douts: tuple[Array | None, Array | None], cache, needs=ALL_AND_C):
    """The gradients of x, h, c, the weights and the biases.

    douts: (dh', dc'), None for one to which nothing came: after the last step as a rule (dh', None).

    - h' = o tanh(c'). So do = dh' tanh(c'), and to c' comes dh' o (1 - tanh(c')²), beside the dc' that arrived.
    - c' = f c + i g is a sum of two products, and each factor gets dc' times the other one: df = dc' c, dc = dc' f,
      di = dc' g, dg = dc' i. On the way from c' to c there is no weight and no tanh, only f. Where f is near 1,
      gradients come back through many steps as they are: that is what the cell is made for.
    - σ' = σ (1 - σ) and tanh' = 1 - tanh², so da_i = di i (1 - i), likewise for f and o, and da_g = dg (1 - g²).
    - da is the four side by side. It goes to what x and what h was weighed to; from there on it is `linear`'s.
    """
    c, i, f, g, o, shown, from_x, from_h = cache
    xp = array_module(c)
    dh_new, dc_new = douts
    do = 0 if dh_new is None else dh_new * shown
    by_h = 0 if dh_new is None else dh_new * o * (1 - shown * shown)
    dc_new = by_h if dc_new is None else dc_new + by_h
    da_i = dc_new * g * i * (1 - i)
    da_f = dc_new * c * f * (1 - f)
    da_g = dc_new * i * (1 - g * g)
    da_o = do * o * (1 - o)
    da = xp.concatenate([da_i, da_f, da_g, da_o], axis=1)
    dx, dh, *of_weights = _to_arguments(da, from_x, da, from_h, (*needs[:2], *needs[3:]))
    return dx, dh, dc_new * f, *of_weights


def gru_cell_forward(
    x: Array, h: Array, weight_ih: Array | None, weight_hh: Array, bias_ih: Array | None, bias_hh: Array | None
):
    """h' = (1 - z) n + z h: z says how much of h is kept, and the rest is new, n.

    r = σ(u_r + v_r), z = σ(u_z + v_z), n = tanh(u_n + r v_n), with (u_r, u_z, u_n), side by side, the columns of
    u = x weight_ihᵀ + bias_ih, and (v_r, v_z, v_n) those of v = h weight_hhᵀ + bias_hh. r says how much of h n sees.

    x: (N, I). h, h': (N, H). weight_ih: (3H, I), weight_hh: (3H, H), the biases (3H,) or None.
    Source: Cho et al., "Learning phrase representations using RNN encoder-decoder" (2014), with r after the product, as
    in PyTorch, instead of before it.
    """
    _check("gru_cell", 3, x, weight_ih, weight_hh, bias_ih=bias_ih, bias_hh=bias_hh, h=h)
    u, from_x = _weighed(x, weight_ih, bias_ih)
    v, from_h = _weighed(h, weight_hh, bias_hh)
    xp = array_module(x)
    (u_r, u_z, u_n), (v_r, v_z, v_n) = _gates(u, 3), _gates(v, 3)
    r, z = logistic(xp, u_r + v_r), logistic(xp, u_z + v_z)
    n = xp.tanh(u_n + r * v_n)
    return (1 - z) * n + z * h, (h, r, z, n, v_n, from_x, from_h)


def gru_cell_backward(dout: Array, cache, needs=ALL):
    """The gradients of x, h, the weights and the biases.

    - h' = (1 - z) n + z h. So dn = dout (1 - z), dz = dout (h - n), and h gets dout z, straight.
    - n = tanh(u_n + r v_n), so du_n = dn (1 - n²). r v_n is a product: dr = du_n v_n and dv_n = du_n r.
    - r and z are σ of sums, so du_r = dv_r = dr r (1 - r), and du_z = dv_z = dz z (1 - z).
    - du goes on to what x was weighed by, dv to what h was: by the rule of `linear`. h gets the sum of the two roads.
    """
    h, r, z, n, v_n, from_x, from_h = cache
    xp = array_module(h)
    du_n = dout * (1 - z) * (1 - n * n)
    du_r = du_n * v_n * r * (1 - r)
    du_z = dout * (h - n) * z * (1 - z)
    du = xp.concatenate([du_r, du_z, du_n], axis=1)
    dv = xp.concatenate([du_r, du_z, du_n * r], axis=1)
    dx, dh, *of_weights = _to_arguments(du, from_x, dv, from_h, needs)
    return dx, None if dh is None else dh + dout * z, *of_weights


# -- what they share ---------------------------------------------------------------------------------------------------


def _weighed(x: Array, weight: Array | None, bias: Array | None):
    """x weightᵀ + bias and the cache of `linear`; without a weight x, which was weighed before, and no cache."""
    return (x, None) if weight is None else linear_forward(x, weight, bias)


def _to_arguments(du: Array, from_x, dv: Array, from_h, needs):
    """From the gradients of what x and what h was weighed to, those of x, h, the two weights and the two biases."""
    x, h, weight_ih, weight_hh, bias_ih, bias_hh = needs
    of_x = (du, None, None) if from_x is None else linear_backward(du, from_x, (x, weight_ih, bias_ih))
    dx, dweight_ih, dbias_ih = of_x
    dh, dweight_hh, dbias_hh = linear_backward(dv, from_h, (h, weight_hh, bias_hh))
    return dx, dh, dweight_ih, dweight_hh, dbias_ih, dbias_hh


def _gates(a: Array, count: int) -> list[Array]:
    """(N, count * H) as `count` pieces (N, H), which share its memory."""
    hidden = a.shape[1] // count
    return [a[:, k * hidden : (k + 1) * hidden] for k in range(count)]


def _check(name: str, gates: int, x: Array, weight_ih: Array | None, weight_hh: Array, **others: Array | None) -> None:
    """Raise unless all shapes are those that x and weight_hh ask for."""
    if x.ndim != 2 or weight_hh.ndim != 2:
        raise ShapeError(
            f"{name}: x must be (examples, features) and weight_hh ({gates} * hidden size, hidden size), "
            f"got x.shape = {x.shape} and weight_hh.shape = {weight_hh.shape}."
        )
    (examples, features), hidden = x.shape, weight_hh.shape[1]
    rows = gates * hidden
    if weight_ih is None and (others["bias_ih"] is not None or features != rows):
        raise ShapeError(
            f"{name}: without weight_ih, x must be what was weighed, (examples, {rows}), its bias in it already "
            f"and bias_ih None, got x.shape = {x.shape}."
        )
    states = dict.fromkeys(("h", "c"), (examples, hidden))
    expected = {"weight_ih": (rows, features), "weight_hh": (rows, hidden), "bias_ih": (rows,), "bias_hh": (rows,)}
    for word, array in {"weight_hh": weight_hh, "weight_ih": weight_ih, **others}.items():
        shape = (expected | states)[word]
        if (word in states or array is not None) and array.shape != shape:
            raise ShapeError(
                f"{name}: {word} must be {shape} for x.shape = {x.shape} and a hidden size of {hidden} "
                f"(weight_hh.shape[1]), got {array.shape}."
            )
