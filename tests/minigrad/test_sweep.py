"""The sweep: every function and method of the table is called as PyTorch's of the same name, and must do the same.

Each name has a row, a line that says how to call it. The kind of the row says the rest: `unary` and `binary` take every
shape, 0-d, empty and broadcast ones among them, points where something special happens, and every dtype; `reduction`
every dim and keepdim; `case` is whatever its text says. Values and gradients are compared to 1e-9 in float64, with
random upstream gradients, on contiguous and on strided memory (`parity`), the dtype of the result for each dtype of
the arguments. A name without a row fails.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.functions.table import METHODS, TABLE
from tests.minigrad.parity import agrees_with_torch, draw, draws, inf_and_nan_without_warnings

pytestmark = inf_and_nan_without_warnings

DTYPES = ["bool", "uint8", "int8", "int32", "int64", "float16", "float32", "float64"]
SHAPES = [(), (3,), (0,), (2, 3), (2, 0, 3)]
PAIRS = [((), ()), ((2, 3), (3,)), ((2, 1), (3,)), ((), (2,)), ((3,), ()), ((0, 3), (1,)), ((2, 3), (2, 3))]
POINTS = np.array([-np.inf, -2.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.0, np.inf, np.nan])


def call_of(text: str) -> Callable:
    code = eval(f"lambda lib, F, x=None, y=None, z=None: {text}")
    return lambda lib, *tensors: code(lib, lib.nn.functional, *tensors)


def case(parts: Any, *texts: str, low: float = -2.0, high: float = 2.0) -> tuple[tuple[str, ...], list[np.ndarray]]:
    """Calls, written with x, y and z for tensors of these shapes, or for these arrays."""
    arrays = [
        part if isinstance(part, np.ndarray) else draw(*part, low=low, high=high, seed=seed)
        for seed, part in enumerate(parts)
    ]
    return texts, arrays


def words(text: str) -> list[str]:
    return text.split()


def each(names: str, settings: Any) -> dict[str, Any]:
    """The same settings for each of the names."""
    return dict.fromkeys(words(names), settings)


X = ((2, 3, 4),)  # one tensor, of three axes
ARITHMETIC = {"add": "+", "sub": "-", "mul": "*", "truediv": "/", "pow": "**"}
COMPARISON = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
BITS = {"and": "&", "or": "|", "xor": "^"}
INDICES = np.array([[0, 2, 1], [1, 1, 0]])
MASK = np.array([[True, False, True], [False, False, True]])

# -- the rows ----------------------------------------------------------------------------------------------------------

UNARY = {
    # name: where it is smooth
    **each("neg negative positive abs absolute sign square exp exp2 expm1 sin cos tan tanh atan sinh cosh", (-2, 2)),
    **each("sigmoid relu erf floor ceil round trunc frac isnan isinf isfinite logical_not", (-2, 2)),
    **each("log log2 log10 log1p sqrt rsqrt reciprocal", (0.2, 2)),
    **each("asin acos atanh", (-0.9, 0.9)),
    "asinh": (-2, 2),
    "acosh": (1.2, 3),
}
BINARY = {
    **each("add sub subtract mul multiply maximum minimum atan2 logaddexp remainder fmod", (-2, 2)),
    **each("eq ne lt le gt ge not_equal less less_equal greater greater_equal", (-2, 2)),
    **each("logical_and logical_or logical_xor", (-2, 2)),
    **each("div divide true_divide pow", (0.2, 2)),
}
REDUCTIONS = {
    # name: whether it takes several dims, and none
    **each("sum mean all any var std amax amin norm", ("several", "none")),
    **each("count_nonzero", ("several", "none", "no keepdim")),
    **each("argmax argmin", ("none",)),
    **each("prod", ("none left out",)),
    **each("max min median", ("none left out", "first of pair")),
    **each("logsumexp", ("several",)),
    **each("cumsum cumprod softmax log_softmax", ("no keepdim",)),
}
CASES: dict[str, tuple[tuple[str, ...], list[np.ndarray]]] = {
    # products
    "matmul": case(((2, 1, 3, 4), (5, 4, 2)), "lib.matmul(x, y)", "x.matmul(y)", "x @ y"),
    "mm": case(((2, 3), (3, 4)), "lib.mm(x, y)", "x.mm(y)"),
    "bmm": case(((5, 2, 3), (5, 3, 4)), "lib.bmm(x, y)", "x.bmm(y)"),
    "mv": case(((2, 3), (3,)), "lib.mv(x, y)", "x.mv(y)"),
    "dot": case(((3,), (3,)), "lib.dot(x, y)", "x.dot(y)"),
    "outer": case(((2,), (3,)), "lib.outer(x, y)", "x.outer(y)"),
    "inner": case(
        ((2, 3, 4), (5, 4), ()),
        "lib.inner(x, y)",
        "x[0, 0].inner(y[0])",
        "x.inner(z)",
        "lib.inner(x[..., :0], y[:, :0])",
    ),
    "kron": case(
        ((2, 3), (4,), (2, 1, 3)), "lib.kron(x, y)", "y.kron(x)", "x.kron(z)", "x.kron(x[0, 0])", "x[:0].kron(y)"
    ),
    "tensordot": case(
        ((2, 3, 4), (3, 4, 2), (4, 5)),
        "lib.tensordot(x, y)",
        "lib.tensordot(x, z, 1)",
        "lib.tensordot(x, z, dims=0)",
        "lib.tensordot(x, y, ([0, -1], [2, 1]))",
        "lib.tensordot(x[:0], y, ([1], [0]))",
    ),
    "einsum": case(((2, 3, 4), (4, 5)), "lib.einsum('bij,jk->bik', x, y)", "lib.einsum('...j,jk', x, y)"),
    "addmm": case(((4,), (2, 3), (3, 4)), "lib.addmm(x, y, z)", "lib.addmm(x, y, z, beta=0.5, alpha=2)"),
    # shapes
    "clone": case(X, "lib.clone(x)", "x.clone()"),
    "reshape": case(X, "lib.reshape(x, (6, -1))", "x.reshape(4, 6)", "x.reshape([24])"),
    "reshape_as": case(((2, 3), (6,)), "x.reshape_as(y)"),
    "view": case(X, "x.view(6, -1)", "x.view((4, 6))"),
    "view_as": case(((2, 3), (6,)), "x.contiguous().view_as(y)"),
    "flatten": case(
        X, "lib.flatten(x)", "x.flatten(1)", "x.flatten(0, 1)", "x.flatten(-2, -1)", "x[0, 0, 0].flatten()"
    ),
    "unflatten": case(((2, 6),), "lib.unflatten(x, 1, (2, 3))", "x.unflatten(-1, (3, -1))"),
    "ravel": case(X, "lib.ravel(x)", "x.ravel()"),
    "squeeze": case(((1, 2, 1),), "lib.squeeze(x)", "x.squeeze(0)", "x.squeeze(1)", "x.squeeze((0, -1))"),
    "unsqueeze": case(X, *[f"lib.unsqueeze(x, {dim})" for dim in range(-4, 4)]),
    "permute": case(X, "lib.permute(x, (2, 0, 1))", "x.permute(-1, 0, 1)"),
    "transpose": case(X, *[f"lib.transpose(x, {a}, {b})" for a, b in itertools.product((-3, 0, 1), (-1, 1))]),
    "swapaxes": case(X, "lib.swapaxes(x, 0, 2)"),
    "swapdims": case(X, "lib.swapdims(x, 0, 2)"),
    "movedim": case(X, "lib.movedim(x, 0, 2)", "lib.movedim(x, (0, 1), (1, -1))"),
    "moveaxis": case(X, "lib.moveaxis(x, 0, 2)"),
    "t": case(((2, 3),), "lib.t(x)", "x.t()", "x[0].t()"),
    "T": case(((2, 3),), "x.T"),
    "mT": case(X, "x.mT"),
    "expand": case(((2, 1),), "x.expand(2, 3)", "x.expand(4, -1, 3)", "x.expand((2, 0))"),
    "expand_as": case(((2, 1), (4, 2, 3)), "x.expand_as(y)"),
    "broadcast_to": case(((2, 1),), "lib.broadcast_to(x, (4, 2, 3))"),
    "broadcast_tensors": case(((2, 1), (3,)), "lib.broadcast_tensors(x, y)"),
    "repeat": case(((2, 3),), "x.repeat(2, 2)", "x.repeat(2, 1, 2)"),
    "tile": case(((2, 3),), "lib.tile(x, (2,))", "x.tile(2, 1, 2)"),
    "repeat_interleave": case(((2, 3),), "lib.repeat_interleave(x, 2)", "x.repeat_interleave(2, dim=1)"),
    "contiguous": case(X, "x.contiguous()", "x.mT.contiguous()"),
    "cat": case(((2, 3), (2, 1)), "lib.cat((x, y), 1)", "lib.cat([x, x], dim=-2)"),
    "concat": case(((2, 3), (2, 1)), "lib.concat((x, y), dim=1)"),
    "concatenate": case(((2, 3), (2, 1)), "lib.concatenate((x, y), dim=1)"),
    "stack": case(((2, 3), (2, 3)), *[f"lib.stack((x, y), {dim})" for dim in range(-3, 3)]),
    "hstack": case(((2, 3), (2, 1)), "lib.hstack((x, y))", "lib.hstack((x[0], y[0]))"),
    "vstack": case(((2, 3), (1, 3)), "lib.vstack((x, y))", "lib.vstack((x[0], y[0]))"),
    "split": case(((5, 3),), "lib.split(x, 2)", "x.split([1, 2], dim=1)", "x.split(3, -1)"),
    "chunk": case(((5, 3),), "lib.chunk(x, 2)", "x.chunk(4, dim=0)", "x.chunk(2, -1)"),
    "unbind": case(X, "lib.unbind(x)", "x.unbind(1)"),
    "flip": case(X, "lib.flip(x, (0,))", "x.flip(0, -1)", "x.flip([1])"),
    "roll": case(((2, 3),), "lib.roll(x, 1)", "x.roll(-1, 1)", "x.roll((1, 2), (0, 1))"),
    "narrow": case(((4, 3),), "lib.narrow(x, 0, 1, 2)", "x.narrow(-1, 0, 2)"),
    "select": case(((4, 3),), "lib.select(x, 0, 1)", "x.select(-1, -1)"),
    "diagonal": case(((3, 4),), "lib.diagonal(x)", "x.diagonal(1)"),
    "diag": case(((3, 4),), "lib.diag(x)", "lib.diag(x[0])", "x.diag(-1)"),
    "tril": case(((3, 4),), "lib.tril(x)", "x.tril(-1)"),
    "triu": case(((3, 4),), "lib.triu(x)", "x.triu(1)"),
    "meshgrid": case(((2,), (3,)), "lib.meshgrid(x, y, indexing='ij')", "lib.meshgrid(x, y, indexing='xy')"),
    # places
    "gather": case(((2, 3), INDICES), "lib.gather(x, 1, y)", "x.gather(dim=-1, index=y)"),
    "scatter": case(((2, 3), INDICES), "x.scatter(1, y[:, :1], 5.0)"),
    "scatter_add": case(((2, 3), INDICES, (2, 3)), "lib.scatter_add(x, 1, y, z)"),
    "index_select": case(((2, 3), INDICES[0]), "lib.index_select(x, 1, y)", "x.index_select(-1, y)"),
    "index_add": case(((3, 3), INDICES[0], (3, 3)), "lib.index_add(x, 0, y, z)"),
    "take_along_dim": case(((2, 3), INDICES), "lib.take_along_dim(x, y, 1)"),
    "masked_select": case(((2, 3), MASK), "lib.masked_select(x, y)"),
    "masked_fill": case(((2, 3), MASK), "lib.masked_fill(x, y, 7.0)", "x.masked_fill(y, 0)"),
    "where": case((MASK, (2, 3), (3,)), "lib.where(x, y, z)", "lib.where(x, y, 0.0)", "y.where(x, z)"),
    "nonzero": case((MASK,), "lib.nonzero(x)", "x.nonzero()"),
    "argwhere": case((MASK,), "lib.argwhere(x)"),
    "diff": case(
        ((3, 4), (3, 2)),
        "lib.diff(x)",
        "x.diff(2, 0)",
        "x.diff(dim=1, prepend=y)",
        "lib.diff(x, 1, -1, y, x)",
        "x.diff(9)",
        "x.diff(0)",
        "x[:, :0].diff()",
        "(x > 0).diff()",
    ),
    "sort": case(((3, 4),), "lib.sort(x)", "x.sort(0, descending=True)"),
    "argsort": case(((3, 4),), "lib.argsort(x)", "x.argsort(0, descending=True)"),
    "topk": case(((3, 4),), "lib.topk(x, 2)", "x.topk(1, 0, largest=False)"),
    "unique": case((INDICES,), "lib.unique(x)", "x.unique()"),
    "allclose": case(((2, 3), (2, 3)), "lib.tensor([lib.allclose(x, y), lib.allclose(x, x)])"),
    "isclose": case(((2, 3), (3,)), "lib.isclose(x, y)", "lib.isclose(x, x)"),
    "equal": case(((2, 3), (2, 3)), "lib.tensor([lib.equal(x, y), x.equal(x)])"),
    "bitwise_not": case((MASK,), "lib.bitwise_not(x)", "~x"),
    "bitwise_and": case((INDICES, INDICES[::-1]), "lib.bitwise_and(x, y)", "x & y"),
    "bitwise_or": case((INDICES, INDICES[::-1]), "lib.bitwise_or(x, y)", "x | y"),
    "bitwise_xor": case((INDICES, INDICES[::-1]), "lib.bitwise_xor(x, y)", "x ^ y"),
    # element by element, with settings
    "clamp": case(X, "lib.clamp(x, -1, 1)", "x.clamp(min=0.5)", "x.clamp(max=lib.zeros(4, dtype=x.dtype))"),
    "clip": case(X, "lib.clip(x, -1, 1)", "x.clip(max=0.5)"),
    "clamp_min": case(X, "lib.clamp_min(x, 0.5)"),
    "clamp_max": case(X, "lib.clamp_max(x, 0.5)"),
    "lerp": case(((2, 3), (3,)), "lib.lerp(x, y, 0.3)", "x.lerp(y, x)"),
    "addcmul": case(((2, 3), (3,), (3,)), "lib.addcmul(x, y, z, value=2)"),
    "addcdiv": case(((2, 3), (3,), (3,)), "lib.addcdiv(x, y, z, value=2)", low=0.5),
    "std_mean": case(X, "lib.std_mean(x)", "lib.std_mean(x, 1)"),
    "var_mean": case(X, "lib.var_mean(x)", "lib.var_mean(x, 1)"),
    "nansum": case(X, "lib.nansum(x)"),
    # conversion
    "to": case(X, "x.to(lib.float32)", "x.to('cpu')", "x.to(dtype=lib.float64, copy=True)", "x.to(lib.ones(1))"),
    "cpu": case(X, "x.cpu()"),
    **{name: case(X, f"x.{name}()") for name in words("float double half long int short char byte bool")},
    "type_as": case(((2, 3), INDICES), "x.type_as(y)", "y.type_as(x)"),
    "type": case(X, "x.type(lib.float32)"),
    # operators
    **{
        f"__{name}__": case(((2, 3), (3,)), f"x {sign} y", f"x {sign} 2", low=0.5)
        for name, sign in {**ARITHMETIC, **COMPARISON, "mod": "%"}.items()
    },
    **{f"__r{name}__": case(((2, 3),), f"2 {sign} x", f"2.5 {sign} x", low=0.5) for name, sign in ARITHMETIC.items()},
    # PyTorch has no gradients for these two
    "__rmod__": case(((2, 3),), "2 % x.detach()", low=0.5),
    "__rfloordiv__": case(((2, 3),), "2 // x.detach()", low=0.5),
    "floor_divide": case(((2, 3), (3,)), "lib.floor_divide(x.detach(), y.detach())", "x.detach().floor_divide(0.3)"),
    "__floordiv__": case(((2, 3), (3,)), "x.detach() // y.detach()", "x.detach() // -2"),
    "__matmul__": case(((2, 3), (3, 2)), "x @ y"),
    "__rmatmul__": case(((2, 3), (3, 2)), "x @ y"),
    "__neg__": case(X, "-x"),
    "__pos__": case(X, "+x"),
    "__abs__": case(X, "abs(x)"),
    "__invert__": case((MASK,), "~x"),
    **{f"__{name}__": case((INDICES, INDICES[::-1]), f"x {sign} y", f"x {sign} 1") for name, sign in BITS.items()},
    **{f"__r{name}__": case((INDICES,), f"1 {sign} x") for name, sign in BITS.items()},
    "__getitem__": case(X, "x[0]", "x[..., -1]", "x[:, None, 1:]", "x[0, :, [1, 2]]", "x[x > 0]"),
    "__iter__": case(((3, 2),), "list(x)"),
    # in place
    **{
        f"{name}_": case(((2, 3),), f"x.detach().clone().{name}_()", low=low, high=high)
        for name, (low, high) in UNARY.items()
        if name not in words("isnan isinf isfinite positive")
    },
    **{
        f"{name}_": case(((2, 3), (3,)), f"x.detach().clone().{name}_(y.detach())", low=low, high=high)
        for name, (low, high) in BINARY.items()
        if name not in words("maximum minimum logaddexp")
    },
    "copy_": case(((2, 3), (3,)), "x.detach().clone().copy_(y.detach())"),
    "zero_": case(((2, 3),), "x.detach().clone().zero_()"),
    "fill_": case(((2, 3),), "x.detach().clone().fill_(2)"),
    "clamp_": case(((2, 3),), "x.detach().clone().clamp_(-1, 1)"),
    "clamp_min_": case(((2, 3),), "x.detach().clone().clamp_min_(0.5)"),
    "clamp_max_": case(((2, 3),), "x.detach().clone().clamp_max_(0.5)"),
    "scatter_": case(((2, 3), INDICES), "x.detach().clone().scatter_(1, y[:, :1], 5.0)"),
    "scatter_add_": case(((2, 3), INDICES, (2, 3)), "x.detach().clone().scatter_add_(1, y, z.detach())"),
    "index_add_": case(((3, 3), INDICES[0], (3, 3)), "x.detach().clone().index_add_(0, y, z.detach())"),
    "masked_fill_": case(((2, 3), MASK), "x.detach().clone().masked_fill_(y, 0)"),
    "addcmul_": case(((2, 3), (3,), (3,)), "x.detach().clone().addcmul_(y.detach(), z.detach(), value=2)"),
    "addcdiv_": case(((2, 3), (3,), (3,)), "x.detach().clone().addcdiv_(y.detach(), z.detach())", low=0.5),
    **{f"bitwise_{name}_": case((INDICES, INDICES[::-1]), f"x.clone().bitwise_{name}_(y)") for name in BITS},
    "bitwise_not_": case((INDICES,), "x.clone().bitwise_not_()"),
    "clip_": case(((2, 3),), "x.detach().clone().clip_(-1, 1)"),
    "floor_divide_": case(((2, 3), (3,)), "x.detach().clone().floor_divide_(y.detach())", low=0.5),
    "lerp_": case(((2, 3), (3,)), "x.detach().clone().lerp_(y.detach(), 0.3)"),
}
BY_NAME = case(
    X,
    *[f"lib.{name}(input=x)" for name in UNARY],
    *[f"lib.{name}(input=x, {'exponent' if name == 'pow' else 'other'}=x)" for name in BINARY],
    *[f"lib.{name}(input=x, dim=1)" for name in REDUCTIONS],
    "lib.flatten(input=x, start_dim=1)",
    "lib.transpose(input=x, dim0=0, dim1=1)",
    "lib.reshape(input=x, shape=(6, 4))",
    "lib.permute(input=x, dims=(2, 0, 1))",
    "lib.unsqueeze(input=x, dim=0)",
    "lib.split(x, split_size_or_sections=2, dim=1)",
    "lib.matmul(input=x, other=x.mT)",
    "lib.bmm(input=x, mat2=x.mT)",
    "lib.clamp(input=x, min=-1, max=1)",
    "lib.where(condition=x > 1, input=x, other=0.0)",
    "lib.clone(input=x)",
    "lib.tril(input=x)",
    "lib.nonzero(input=x)",
    "lib.isclose(input=x, other=x)",
    "x.add(other=x, alpha=2)",
    "x.pow(exponent=2)",
    "x.detach().clone().mul_(other=2)",
    low=0.2,
    high=0.9,
)
UNSWEPT = {
    "cuda": "needs a GPU",
    **each("bernoulli bernoulli_ multinomial normal_ uniform_", "drawn; functions/test_sampling.py"),
    "__setitem__": "gives nothing; functions/test_table.py",
    **each(
        "__iadd__ __isub__ __imul__ __itruediv__ __ifloordiv__ __imod__ __ipow__ __iand__ __ior__ __ixor__",
        "functions/test_in_place.py",
    ),
}

DIFFERENT = {
    # name: what is not compared, since it is not PyTorch's here
    **each("abs absolute sign", "nan"),  # NaN stays NaN, the slope of abs too: it shows where a calculation went wrong
    "logaddexp": "number",
    **each("maximum minimum atan2 logical_and logical_or logical_xor", "number"),  # taken; PyTorch wants a tensor
    **each("all any", "uint8"),  # the answer is a bool for this dtype as for every other; PyTorch's is a uint8
    "square": "bool",  # PyTorch counts, in int64
}


def dtypes_for(name: str) -> list[str]:
    return [dtype for dtype in DTYPES if dtype not in words(DIFFERENT.get(name, ""))]


def of_either(name: str) -> str:
    """The text that calls `name` on x, as a function or (for a name that only methods have) as a method."""
    return f"lib.{name}(x{{}})" if name in TABLE else f"x.{name}({{}})"


# -- sweeping ----------------------------------------------------------------------------------------------------------


def test_every_name_has_a_row_and_every_row_a_name():
    assert sorted([*UNARY, *BINARY, *REDUCTIONS, *CASES, *UNSWEPT]) == sorted({*TABLE, *METHODS})


def same(torch: Any, call: Callable, *arrays: np.ndarray, **tolerance: float) -> None:
    """The same outcome: what agrees_with_torch asks, or an error in our own words where PyTorch has one."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call(torch, *[torch.tensor(np.array(array)) for array in arrays])
    except (RuntimeError, IndexError, TypeError, ValueError):
        with pytest.raises((RuntimeError, IndexError, TypeError, ValueError)):
            call(mg, *map(mg.tensor, arrays))
        return
    agrees_with_torch(call, *arrays, **tolerance)


def same_dtype(torch: Any, call: Callable, *arrays: Any) -> None:
    """Where PyTorch has a result for arguments of some dtypes, ours is of the same dtype and about the same value."""
    try:
        theirs = call(torch, *[torch.tensor(np.array(array)) for array in arrays])
    except (RuntimeError, IndexError, TypeError, ValueError):
        return
    ours = call(mg, *map(mg.tensor, arrays))
    assert str(theirs.dtype) == f"torch.{ours.dtype}", [array.dtype.name for array in arrays]
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=2e-3, atol=1e-3)


@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one_tensor(torch, name):
    low, high = UNARY[name]
    call = call_of(of_either(name).format(""))
    for shape in SHAPES:
        agrees_with_torch(call, draw(*shape, low=low, high=high))
    agrees_with_torch(call, POINTS[:-1] if "nan" in DIFFERENT.get(name, "") else POINTS)
    agrees_with_torch(call_of(f"x.{name}()"), draw(3, low=low, high=high))
    for dtype in dtypes_for(name):
        same_dtype(torch, call, np.array([0, 1, 1, 0]).astype(dtype))
        same_dtype(torch, call, np.array(1).astype(dtype))


@pytest.mark.parametrize("text", BY_NAME[0])
def test_every_argument_can_be_given_by_pytorchs_name(torch, text):
    agrees_with_torch(call_of(text), *BY_NAME[1])


@pytest.mark.parametrize("name", BINARY)
def test_functions_of_two_tensors(torch, name):
    low, high = BINARY[name]
    call = call_of(f"lib.{name}(x, y)")
    for shapes in PAIRS:
        agrees_with_torch(call, *draws(*shapes, low=low, high=high))
    if "number" not in DIFFERENT.get(name, ""):
        same(torch, call_of(f"lib.{name}(x, 2)"), draw(3, low=low, high=high))
    agrees_with_torch(call_of(f"x.{name}(y)"), *draws((3,), (3,), low=low, high=high))
    agrees_with_torch(call, *np.meshgrid(POINTS, POINTS))  # not broadcast: in a sum of slopes a NaN hides the others
    for left, right in itertools.product(DTYPES, DTYPES):
        x = np.array([1, 2, 1]).astype(left)
        same_dtype(torch, call, x, np.array([1, 1, 2]).astype(right))
        same_dtype(torch, call, x, np.array(1).astype(right))


def dims_of(shape: tuple[int, ...], *traits: str) -> Iterator[str]:
    """Every legal dim, as arguments: `, 1`, `, (0, -1)`, `, None`, and with keepdim."""
    axes = range(-max(len(shape), 1), max(len(shape), 1))
    dims = [str(axis) for axis in axes]
    if "several" in traits and len(shape) > 1:
        dims += [str(some) for some in [(0,), (0, 1), (-1, 0), tuple(range(len(shape)))]]
    if "none" in traits:
        dims.append("None")
    yield from (f", {dim}" for dim in dims)
    if "no keepdim" not in traits:
        yield from (f", {dim}, keepdim=True" for dim in dims if dim != "None" or "several" in traits)


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.filterwarnings("ignore:(var|std).*degrees of freedom:UserWarning")  # PyTorch's, of one element
def test_reductions_along_every_dim(torch, name):
    traits = REDUCTIONS[name]
    for shape in SHAPES + [(2, 3, 4), (2, 0)]:
        for dim in dims_of(shape, *traits):
            if name == "norm":  # its second argument is the order
                dim = ", 2" + dim
            same(torch, call_of(of_either(name).format(dim)), draw(*shape))
        if "none" in traits or "none left out" in traits:
            same(torch, call_of(of_either(name).format("")), draw(*shape))
    of_rows = ", 2, 1" if name == "norm" else ", 1"
    same(torch, call_of(of_either(name).format(of_rows)), np.array([[0.0, 0.0, 0.0], [2.0, 2.0, 2.0]]))  # all tie
    same(torch, call_of(f"x.{name}(5)"), draw(2, 3))
    same(torch, call_of(f"x.{name}(-3)"), draw(2, 3))
    pick = "[0]" if "first of pair" in traits else ""
    for dtype in dtypes_for(name):
        same_dtype(torch, call_of(f"x.{name}(0){pick}"), np.array([[0, 1, 1], [1, 0, 1]]).astype(dtype))


@pytest.mark.parametrize("name", CASES)
def test_functions_called_their_own_way(name):
    texts, arrays = CASES[name]
    for call in map(call_of, texts):
        agrees_with_torch(call, *arrays)
        narrow = [array.astype("float32") if array.dtype == np.float64 else array for array in arrays]
        agrees_with_torch(call, *narrow, rtol=1e-4, atol=1e-5)
