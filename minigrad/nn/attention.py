"""`MultiheadAttention`: several heads, each of which looks for something else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.backend import DtypeError, ShapeError, is_float
from minigrad.creation import ones, zeros
from minigrad.kinds import checked
from minigrad.nn import functional, init
from minigrad.nn.functional.attention import attention_weights
from minigrad.nn.linear import Linear
from minigrad.nn.module import Module, Parameter
from minigrad.tensor import Tensor


class MultiheadAttention(Module):
    """Each head has queries, keys and values of its own, and attends (Vaswani et al., 2017); then all are mixed.

        q = query @ W_qᵀ + b_q,   k = key @ W_kᵀ + b_k,   v = value @ W_vᵀ + b_v
        head = softmax(q @ kᵀ / √(embed_dim / num_heads)) @ v,   of its part of q, k and v
        out = out_proj(all heads, one beside the other)

    Parameters: in_proj_weight (3 embed_dim, embed_dim), in which W_q, W_k and W_v are stacked, or, where key or value
    have another number of features (kdim, vdim), q_proj_weight, k_proj_weight and v_proj_weight; in_proj_bias
    (3 embed_dim,), and those of out_proj.

    dropout: the probability with which a weight is set to 0 in training.
    batch_first: whether shapes begin with the batch, (N, L, embed_dim), or with the steps, (L, N, embed_dim).
    add_bias_kv, add_zero_attn: PyTorch's, not supported.
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if add_bias_kv or add_zero_attn:
            raise NotImplementedError("MultiheadAttention: add_bias_kv and add_zero_attn are not supported.")
        if num_heads < 1 or embed_dim < 1 or embed_dim % num_heads:
            raise ValueError(
                f"MultiheadAttention: embed_dim={embed_dim} features cannot be shared by num_heads={num_heads}."
            )
        self.embed_dim = embed_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim

        def made(*shape: int) -> Parameter:
            return Parameter(zeros(*shape, dtype=dtype, device=device))

        stacked = self.kdim == self.vdim == embed_dim
        self.register_parameter("q_proj_weight", None if stacked else made(embed_dim, embed_dim))
        self.register_parameter("k_proj_weight", None if stacked else made(embed_dim, self.kdim))
        self.register_parameter("v_proj_weight", None if stacked else made(embed_dim, self.vdim))
        self.register_parameter("in_proj_weight", made(3 * embed_dim, embed_dim) if stacked else None)
        self.register_parameter("in_proj_bias", made(3 * embed_dim) if bias else None)
        self.out_proj = Linear(embed_dim, embed_dim, bias, device, dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values again: Glorot's uniform ones for the weights, zeros for the biases."""
        for name in ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight"):
            if getattr(self, name) is not None:
                init.xavier_uniform_(getattr(self, name))
        self.out_proj.reset_parameters()
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)

    @checked
    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """The output, like query, and the weights with which each query looked at each key.

        Shapes: query (N, L, embed_dim), key (N, S, kdim), value (N, S, vdim), with L and S first unless `batch_first`;
        all three may be without N.

        In masks of bools True hides a key, as in PyTorch, and other than in `F.scaled_dot_product_attention`; floats
        are added to the scores. A query that sees no key gets 0 of every value.

        key_padding_mask: (N, S), the keys that are none.
        attn_mask: (L, S), or (N * num_heads, L, S) with one for each head.
        need_weights: whether weights are returned, (N, L, S): the mean over the heads, or (N, num_heads, L, S) with
            average_attn_weights=False. Otherwise None.
        is_causal: query i sees the keys 0..i alone. Beside an attn_mask it is a promise that this says the same.
        """
        self._check(query, key, value)
        batched = query.ndim == 3
        q, k, v = (
            self._heads(one if self.batch_first or not batched else one.transpose(0, 1), weight, bias)
            for one, weight, bias in zip((query, key, value), self._weights(), self._biases(), strict=True)
        )
        if is_causal and attn_mask is None:
            attn_mask = ones(q.shape[2], k.shape[2], dtype=bool, device=q.device).triu(1)
        mask = self._mask(q, k, attn_mask, key_padding_mask)
        weights = functional.dropout(attention_weights(q, k, mask), self.dropout, self.training)
        out = self.out_proj((weights @ v).transpose(1, 2).flatten(2))
        if batched:
            out = out if self.batch_first else out.transpose(0, 1)
        else:
            out, weights = out[0], weights[0]
        if not need_weights:
            return out, None
        return out, weights.mean(-3) if average_attn_weights else weights

    def _check(self, query: Tensor, key: Tensor, value: Tensor) -> None:
        """Raise ShapeError if the three do not fit together."""
        shapes = query.shape, key.shape, value.shape
        batches = {(len(shape), shape[:-2] if self.batch_first else shape[1:-1]) for shape in shapes}
        steps = -2 if self.batch_first else 0
        if not (
            query.ndim in (2, 3)
            and len(batches) == 1
            and [shape[-1] for shape in shapes] == [self.embed_dim, self.kdim, self.vdim]
            and key.shape[steps] == value.shape[steps]
        ):
            first, other = ("N, L", "N, S") if self.batch_first else ("L, N", "S, N")
            raise ShapeError(
                f"MultiheadAttention: expected query ({first}, {self.embed_dim}), key ({other}, {self.kdim}) and value "
                f"({other}, {self.vdim}), or all three without N, got {shapes[0]}, {shapes[1]} and {shapes[2]}."
            )

    def _weights(self) -> Sequence[Tensor]:
        if self.in_proj_weight is None:
            return self.q_proj_weight, self.k_proj_weight, self.v_proj_weight
        return self.in_proj_weight.chunk(3)

    def _biases(self) -> Sequence[Tensor | None]:
        return (None, None, None) if self.in_proj_bias is None else self.in_proj_bias.chunk(3)

    def _heads(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """What each head makes of x (N, L, features) or (L, features): (N, num_heads, L, embed_dim / num_heads)."""
        projected = functional.linear(x, weight, bias)
        return projected.reshape(-1, x.shape[-2], self.num_heads, self.embed_dim // self.num_heads).transpose(1, 2)

    def _mask(self, q: Tensor, k: Tensor, attn_mask: Tensor | None, key_padding_mask: Tensor | None) -> Tensor | None:
        """What is added to the scores (N, num_heads, L, S)."""
        (n, heads, queries, _), keys = q.shape, k.shape[2]
        mask = None
        if attn_mask is not None:
            if attn_mask.shape not in ((queries, keys), (n * heads, queries, keys)):
                raise ShapeError(
                    f"MultiheadAttention: attn_mask must be {(queries, keys)} or {(n * heads, queries, keys)}, got "
                    f"{attn_mask.shape}."
                )
            mask = _added(attn_mask, q.dtype)
            mask = mask if mask.ndim == 2 else mask.reshape(n, heads, queries, keys)
        if key_padding_mask is not None:
            if key_padding_mask.shape not in ((n, keys), (keys,) * (n == 1)):
                raise ShapeError(
                    f"MultiheadAttention: key_padding_mask must be {(n, keys)}, got {key_padding_mask.shape}."
                )
            padding = _added(key_padding_mask, q.dtype).reshape(n, 1, 1, keys)
            mask = padding if mask is None else mask + padding
        return mask


def _added(mask: Tensor, dtype: np.dtype) -> Tensor:
    """What a mask adds to scores: -inf where one of bools is True."""
    if mask.dtype == bool:
        return zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill(mask, -math.inf)
    if not is_float(mask.dtype):
        raise DtypeError(
            f"MultiheadAttention: a mask must be bool, or float to be added to the scores, got {mask.dtype}."
        )
    return mask.to(dtype)
