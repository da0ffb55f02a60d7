"""A contribution taken apart: which numbers it is a product of, or a sum of products.

Backward is linear in what arrives: element e of the gradient that an op sends to an argument is

    contribution[e] = Σ_j  upstream[j] * local[j, e],        local[j, e] = ∂out[j]/∂argument[e]

over the elements j of the op's output that were computed from e. So whatever the op, its own backward tells the local
factors: asked with an upstream gradient of 1 at j and 0 elsewhere, it answers with row j of them. All rows together are
the Jacobian, which is never made. Most ops use an element once (exp, sum, reshape, ...): one question with ones
everywhere gives all local factors, and one with the numbers 1, 2, 3, ... says which output each belongs to. For the
others (matmul, convolution, softmax, ...) a few rows are asked for. Which ones, its forward tells, run again with e
moved a little: the outputs that move were computed from e.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.backend import Array, array_module, to_host
from minigrad.tape import Record
from minigrad.teach.rows import flat
from minigrad.teach.trace.replay import STEP, answer, outputs

SMALL = 36  # elements of an argument and of an output, up to which each element is taken apart
TERMS = 4  # of a longer sum so many are told, the largest first
LARGE = 4_000_000  # elements, from which on backward is not asked again


@dataclass(frozen=True)
class Term:
    """One product, upstream * local. place: of the output's element j; output: which of the op's outputs it is in.

    The numbers are NumPy's scalars, in the dtypes that backward calculates with.
    """

    output: int
    place: tuple[int, ...]
    upstream: Any
    local: Any

    @property
    def product(self) -> Any:
        with np.errstate(all="ignore"):
            return self.upstream * self.local


@dataclass(frozen=True)
class Sum:
    """Element `place` of a contribution, as backward has it (`total`): `terms`, and `others` more, which add `rest`."""

    place: tuple[int, ...]
    terms: tuple[Term, ...]
    total: Any
    others: int = 0
    rest: Any = 0.0


class Parts:
    """What the contributions of one record are made of.

    dout: as it arrived there; inward: what its backward made of it, one gradient for each argument.
    """

    def __init__(self, record: Record, dout: Any, inward: Sequence[Array | None]) -> None:
        self._record = record
        self._douts = dout if type(dout) is tuple else (dout,)
        self._inward = [None if one is None else np.asarray(to_host(one)) for one in inward]
        self._upstream = np.concatenate([np.ravel(to_host(one)) for one in self._douts if one is not None])
        size = self._upstream.size + sum(one.size for one in self._inward if one is not None)
        self._answers: dict[int, list[np.ndarray | None]] = {}
        self._may_ask = 0 < size <= LARGE

    def of(self, i: int) -> list[Sum]:
        """The contribution to argument i, taken apart: every element of a small one, else the largest.

        Nothing, if it is not to be had: the arrays are too large, or the op needs its arguments and no tape kept them,
        or a user's backward answers only once, or is not linear.
        """
        contribution = self._inward[i]
        if contribution is None or not contribution.size or not self._may_ask:
            return []
        try:
            return self._sums(i, contribution)
        except Exception:
            if self._record.op.is_ours:
                raise
            return []

    def _sums(self, i: int, contribution: np.ndarray) -> list[Sum]:
        size = max(contribution.size, self._upstream.size if self._once[i] is None else 1)
        places = range(contribution.size) if size <= SMALL else [self.largest(i)]
        sums = [self._sum_of_one(i, e) if self._once[i] is not None else self._sum(i, e) for e in places]
        return [one for one in sums if one is not None]

    def largest(self, i: int) -> int:
        """Where the largest element of the contribution to argument i lies, counted in C order."""
        contribution = self._inward[i]
        assert contribution is not None
        return int(np.argmax(np.abs(np.nan_to_num(contribution))))

    def _sum_of_one(self, i: int, e: int) -> Sum | None:
        contribution, once = self._inward[i], self._once[i]
        assert contribution is not None and once is not None
        local, origin = once
        term, total = self._term(int(origin.flat[e]), local.flat[e]), contribution.flat[e]
        return Sum(_place(e, contribution.shape), (term,), total) if _is_sum(term.product, total, [term]) else None

    def _sum(self, i: int, e: int) -> Sum | None:
        contribution = self._inward[i]
        assert contribution is not None
        users = self._computed_from(i, e)
        if users is None:
            return None
        asked = users[: None if len(users) <= max(TERMS + 1, SMALL) else TERMS]
        terms = [self._term(j, self._local(j, i, e)) for j in asked]
        if len(terms) > TERMS + 1:
            terms.sort(key=lambda term: -abs(term.product))
        told = terms[: None if len(terms) <= TERMS + 1 else TERMS]
        total = contribution.flat[e]
        if len(asked) == len(users):
            rest = sum(term.product for term in terms[len(told) :])
            if not _is_sum(sum(term.product for term in terms), total, terms):
                return None
        else:
            rest = total - sum(term.product for term in told)
            if np.isfinite(total) and not np.isfinite(rest):
                return None
        return Sum(_place(e, contribution.shape), tuple(told), total, len(users) - len(told), rest)

    def _computed_from(self, i: int, e: int) -> list[int] | None:
        """The outputs that were computed from element e of argument i, the largest products first; None if unknown."""
        if self._upstream.size <= SMALL:
            return [j for j in range(self._upstream.size) if self._local(j, i, e) != 0]
        kept = self._record.kept
        if kept is None:
            return None
        argument, contribution = flat(kept.arguments)[i], self._inward[i]
        assert contribution is not None
        # Where it is broadcast, as a matrix for a batch is, each of its copies has an element of the contribution.
        wide = np.broadcast_to(np.asarray(to_host(argument), float), contribution.shape)
        h = STEP * max(1.0, abs(float(wide.flat[e])))
        left, right = wide.copy(), wide.copy()
        left.flat[e] -= h
        right.flat[e] += h
        xp = array_module(argument)
        outs = [outputs(self._record, {i: xp.asarray(moved)}) for moved in (left, right)]
        one, other = (
            np.concatenate([out.ravel() for out, dout in zip(several, self._douts, strict=True) if dout is not None])
            for several in outs
        )
        products = np.abs((other - one) / (2 * h) * self._upstream)
        moved = (one != other) & ~(np.isnan(one) & np.isnan(other))
        return [int(j) for j in np.argsort(-products, kind="stable") if moved[j]]

    def _local(self, j: int, i: int, e: int) -> Any:
        """∂out[j]/∂argument i[e], from the answer to 1 at j."""
        if j not in self._answers:
            question = np.zeros(self._upstream.size)
            question[j] = 1
            self._answers[j] = self._ask(question)
        answer = self._answers[j][i]
        return 0.0 if answer is None else answer.flat[e]

    @functools.cached_property
    def _once(self) -> list[tuple[np.ndarray, np.ndarray] | None]:
        """For each argument whose elements were used once each: the local factors, and the outputs they belong to."""
        if not self._upstream.size:
            return [None] * len(self._inward)
        numbers = np.arange(1, self._upstream.size + 1, dtype=float)
        random = np.random.default_rng(0).uniform(1, 2, numbers.size)
        once: list[tuple[np.ndarray, np.ndarray] | None] = []
        for local, code, tried in zip(*map(self._ask, (np.ones_like(numbers), numbers, random)), strict=True):
            if local is None or code is None or tried is None or not local.size:
                once.append(None)
                continue
            with np.errstate(all="ignore"):
                number = np.nan_to_num(code / local, nan=0, posinf=0, neginf=0).round()
                origin = np.where(number == 0, _same_place(local, numbers.size), number - 1).clip(0, numbers.size - 1)
                origin = origin.astype(int)
                fits = np.allclose(random[origin] * local, tried, rtol=1e-4, atol=1e-30, equal_nan=True)
            once.append((local, origin) if fits else None)
        return once

    def _ask(self, question: np.ndarray) -> list[np.ndarray | None]:
        """What backward answers to these numbers, one for each element of the outputs that something arrived at."""
        douts: list[Any] = []
        start = 0
        for dout in self._douts:
            if dout is None:
                douts.append(None)
                continue
            part = question[start : start + dout.size].reshape(dout.shape)
            start += dout.size
            given = array_module(dout).asarray(part).astype(dout.dtype)
            douts.append(given[()] if self._record.op.takes_scalars and not given.shape else given)
        return answer(self._record, tuple(douts) if len(douts) > 1 else douts[0])

    def _term(self, j: int, local: Any) -> Term:
        for output, dout in enumerate(self._douts):
            if dout is None:
                continue
            if j < dout.size:
                return Term(output, _place(j, dout.shape), np.ravel(to_host(dout))[j], local)
            j -= dout.size
        raise IndexError(j)


def _is_sum(found: Any, total: Any, terms: Sequence[Term]) -> bool:
    """Whether the products add up to what backward says; they do not if it is not linear in what arrives."""
    found, total, eps = float(found), float(total), float(np.finfo(total.dtype).eps)
    if not (math.isfinite(found) and math.isfinite(total)):
        return found == total or (math.isnan(found) and math.isnan(total))
    return abs(found - total) <= max(1e-3, 8 * eps) * sum(abs(float(term.product)) for term in terms) + 1e-12


def _place(e: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(n) for n in np.unravel_index(e, shape))


def _same_place(array: np.ndarray, size: int) -> Any:
    """Where the local factor is 0, no number comes back: then an element belongs to the output in its own place."""
    return np.arange(array.size).reshape(array.shape) if array.size == size else 0
