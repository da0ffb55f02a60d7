"""minigrad: a small tensor library whose backward passes can be read.

>>> import minigrad as mg
>>> w = mg.tensor([1.0, 2.0], requires_grad=True)
>>> loss = (w * w).sum()
>>> loss.backward()
>>> w.grad
tensor([2., 4.])
"""

from __future__ import annotations

import importlib as _importlib
import math as _math
import typing as _typing

from numpy import dtype

from minigrad import autograd, cuda, random
from minigrad.autograd import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled
from minigrad.backend import (
    Device,
    DeviceError,
    DtypeError,
    ShapeError,
    device,
    finfo,
    float16,
    float32,
    float64,
    get_default_dtype,
    iinfo,
    int8,
    int16,
    int32,
    int64,
    promote_types,
    result_type,
    set_default_dtype,
    uint8,
)
from minigrad.backend import bool_ as bool
from minigrad.creation import (
    arange,
    as_tensor,
    empty,
    empty_like,
    eye,
    from_dlpack,
    from_numpy,
    full,
    full_like,
    linspace,
    logspace,
    normal,
    ones,
    ones_like,
    rand,
    rand_like,
    randint,
    randint_like,
    randn,
    randn_like,
    randperm,
    tensor,
    zeros,
    zeros_like,
)
from minigrad.functions.arithmetic import (
    add,
    addcdiv,
    addcmul,
    atan2,
    clamp,
    clamp_max,
    clamp_min,
    clip,
    div,
    divide,
    floor_divide,
    fmod,
    lerp,
    logaddexp,
    maximum,
    minimum,
    mul,
    multiply,
    pow,
    remainder,
    sub,
    subtract,
    true_divide,
    where,
)
from minigrad.functions.comparison import (
    allclose,
    bitwise_and,
    bitwise_not,
    bitwise_or,
    bitwise_xor,
    eq,
    equal,
    ge,
    greater,
    greater_equal,
    gt,
    isclose,
    isfinite,
    isinf,
    isnan,
    le,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    lt,
    ne,
    not_equal,
)
from minigrad.functions.conversion import clone, is_floating_point
from minigrad.functions.cumulative import cumprod, cumsum, diff
from minigrad.functions.diagonal import diag, diagonal, tril, triu
from minigrad.functions.elementwise import (
    abs,
    absolute,
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atanh,
    ceil,
    cos,
    cosh,
    erf,
    exp,
    exp2,
    expm1,
    floor,
    frac,
    log,
    log1p,
    log2,
    log10,
    neg,
    negative,
    positive,
    reciprocal,
    relu,
    round,
    rsqrt,
    sigmoid,
    sign,
    sin,
    sinh,
    sqrt,
    square,
    tan,
    tanh,
    trunc,
)
from minigrad.functions.indexing import (
    argwhere,
    gather,
    index_add,
    index_select,
    masked_fill,
    masked_select,
    nonzero,
    scatter,
    scatter_add,
    take_along_dim,
)
from minigrad.functions.ordering import argsort, max, median, min, sort, topk, unique
from minigrad.functions.pieces import (
    cat,
    chunk,
    concat,
    concatenate,
    flip,
    hstack,
    narrow,
    repeat_interleave,
    roll,
    select,
    split,
    stack,
    tile,
    unbind,
    vstack,
)
from minigrad.functions.products import addmm, bmm, dot, einsum, inner, kron, matmul, mm, mv, outer, tensordot
from minigrad.functions.reduction import (
    all,
    amax,
    amin,
    any,
    argmax,
    argmin,
    count_nonzero,
    logsumexp,
    mean,
    nansum,
    norm,
    prod,
    std,
    std_mean,
    sum,
    var,
    var_mean,
)
from minigrad.functions.sampling import bernoulli, multinomial
from minigrad.functions.shape import (
    broadcast_tensors,
    broadcast_to,
    flatten,
    meshgrid,
    moveaxis,
    movedim,
    numel,
    permute,
    ravel,
    reshape,
    squeeze,
    swapaxes,
    swapdims,
    t,
    transpose,
    unflatten,
    unsqueeze,
)
from minigrad.functions.softmax import log_softmax, softmax
from minigrad.lift import differentiable
from minigrad.printing import set_printoptions
from minigrad.random import Generator, manual_seed
from minigrad.tape import Tape
from minigrad.tensor import Tensor, is_tensor
from minigrad.threads import get_num_threads, set_num_threads

__version__ = "0.1.0"

half, float, double, short, int, long = float16, float32, float64, int16, int32, int64
pi, e, inf, nan = _math.pi, _math.e, _math.inf, _math.nan
Size = tuple  # shapes are plain tuples


# Imported when first asked for, so that `import minigrad` stays quick: whole rooms, and names that stand on the rest.
_ROOMS = ("data", "distributed", "nn", "optim", "teach", "testing", "training", "utils")
_NAMES = {
    "explain": "minigrad.teach.explain",
    "graph": "minigrad.teach.graph",
    "load": "minigrad.serialization",
    "save": "minigrad.serialization",
    "summary": "minigrad.teach.summary",
    "trace": "minigrad.teach.trace",
}

if _typing.TYPE_CHECKING:
    from minigrad import data, distributed, nn, optim, teach, testing, training, utils
    from minigrad.serialization import load, save
    from minigrad.teach.explain import explain
    from minigrad.teach.graph import graph
    from minigrad.teach.summary import summary
    from minigrad.teach.trace import trace


def __getattr__(name: str) -> object:
    if name in _ROOMS:
        return _importlib.import_module(f"minigrad.{name}")
    if name in _NAMES:
        value = globals()[name] = getattr(_importlib.import_module(_NAMES[name]), name)
        return value
    raise AttributeError(f"module 'minigrad' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_ROOMS, *_NAMES})
