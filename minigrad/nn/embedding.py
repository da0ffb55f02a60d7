"""`Embedding`: a table of rows that are learned, looked up by number."""

from __future__ import annotations

from typing import Any

from minigrad.autograd import no_grad
from minigrad.backend import ShapeError
from minigrad.creation import zeros
from minigrad.kinds import checked
from minigrad.nn import functional, init
from minigrad.nn.module import Module, Parameter
from minigrad.tensor import Tensor


class Embedding(Module):
    """y = weight[x], for integers x of any shape; y has one axis more, of length embedding_dim.

    Parameter: weight (num_embeddings, embedding_dim), standard normal at the start, but zeros in the row `padding_idx`,
    which is not learned. sparse makes no difference here; max_norm and scale_grad_by_freq are not supported.
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if max_norm is not None or scale_grad_by_freq:
            raise NotImplementedError("Embedding: max_norm and scale_grad_by_freq are not supported.")
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise IndexError(f"Embedding: padding_idx must be one of {num_embeddings} rows, got {padding_idx}.")
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        if _weight is None:
            self.weight = Parameter(zeros(num_embeddings, embedding_dim, dtype=dtype, device=device), not _freeze)
            self.reset_parameters()
        elif _weight.shape != (num_embeddings, embedding_dim):
            raise ShapeError(f"Embedding: weight must be {(num_embeddings, embedding_dim)}, got {_weight.shape}.")
        else:
            self.weight = Parameter(_weight, not _freeze)

    def reset_parameters(self) -> None:
        """Draw the initial values again."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx] = 0

    @classmethod
    @checked
    def from_pretrained(
        cls, embeddings: Tensor, freeze: bool = True, padding_idx: int | None = None, **settings: Any
    ) -> Embedding:
        """The table `embeddings` (V, D), not to be learned unless freeze=False."""
        if embeddings.ndim != 2:
            raise ShapeError(f"Embedding: a table has the shape (V, D), got {embeddings.shape}.")
        rows, length = embeddings.shape
        return cls(rows, length, padding_idx, _weight=embeddings, _freeze=freeze, **settings)

    def forward(self, input: Tensor) -> Tensor:
        return functional.embedding(input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"
