"""`Tensor`: an array, its gradient, and the record of where it came from.

What a Tensor *is* stands here; what it can *do* (methods, operators) is given to it by `functions`.
"""

from __future__ import annotations

import copy
import threading
import warnings
import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import bounds, tape
from minigrad.backend import (
    Array,
    Device,
    DtypeError,
    Number,
    ShapeError,
    array_module,
    bool_,
    device_of,
    get_default_dtype,
    int64,
    is_array,
    is_float,
    is_on_host,
    mixed_devices,
    to_device,
    to_host,
)
from minigrad.kinds import checked, look_of
from minigrad.printing import text_of
from minigrad.tape import Output, Record


class Tensor:
    """An array, its gradient, and the record of the op that made it.

    Make one with `mg.tensor(data)` (copies), `mg.as_tensor(data)` (shares), or by computing with others. `mg.Tensor` of
    an array is a Tensor on its memory; of lists it is float32, and of sizes, `mg.Tensor(2, 3)`, zeros, as in PyTorch.

    array: the NumPy or CuPy array itself.
    grad: after `backward()`, the gradient as a Tensor of the same shape and dtype; None until then. Leaves only, unless
        `retain_grad()` was called.
    requires_grad: whether gradients flow to it. A leaf is told so; a result has it from its inputs.
    """

    __array_ufunc__ = None  # ndarray * tensor is a Tensor: NumPy leaves mixed operators to us
    __hash__ = object.__hash__  # by identity, although == compares elements

    _node: Record | Output | Leaf | None = None  # where its gradient goes; None for a leaf that no op has used yet
    _other_leaf: Leaf | None = None  # a leaf whose requires_grad was switched has two nodes, this is the one at rest
    _retained: Tensor | None = None

    def __init__(self, array: Any = (), requires_grad: Any = False, *sizes: int) -> None:
        if type(array) in _NO_ARRAYS:
            array, requires_grad = _read_as_torch_does(array, requires_grad, sizes)
        self._value = array
        if requires_grad:
            self.requires_grad_(requires_grad)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...  # the methods and operators that `functions` adds
        def __getitem__(self, index: Any) -> Tensor: ...
        def __add__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...

    # -- what it is ----------------------------------------------------------------------------------------------------

    @property
    def array(self) -> Array:
        """The NumPy or CuPy array itself."""
        # NumPy gives scalars for 0-d results, and calculates ten times faster with them: they stay until someone asks.
        if isinstance(self._value, np.generic):
            self._value = np.asarray(self._value)
        return self._value

    @array.setter
    def array(self, array: Array) -> None:
        self._value = array
        if isinstance(self._node, Leaf):
            self._node.shape, self._node.dtype = array.shape, array.dtype
            self._node.on_host = self._node.needs and is_on_host(array)

    @property
    def shape(self) -> tuple[int, ...]:
        return self._value.shape

    @property
    def ndim(self) -> int:
        return self._value.ndim

    @property
    def dtype(self) -> np.dtype:
        return self._value.dtype

    @property
    def device(self) -> Device:
        return device_of(self.array)

    @property
    def is_leaf(self) -> bool:
        """Whether it was made by the user rather than by a recorded op."""
        return self._node is None or type(self._node) is Leaf

    @property
    def record(self) -> Record | None:
        """The record of the op that made it, None for a leaf."""
        node = self._node
        return node.record if isinstance(node, Output) else node if isinstance(node, Record) else None

    grad_fn = record

    @property
    def name(self) -> str | None:
        """What the teaching views call it. None, until it is set: then they call it what the user's code does."""
        return getattr(self._node, "name", None)

    @name.setter
    def name(self, name: str | None) -> None:
        if name is not None and not isinstance(name, str):
            raise TypeError(f"name: expected a str or None, got {type(name).__name__}.")
        node: Any = self.node
        node.name = name

    @property
    def data(self) -> Tensor:
        """A detached tensor on the same memory.

        Assigning replaces the array, in the dtype it had: `p.data = p.data - lr * p.grad`.
        """
        return self.detach()

    @data.setter
    def data(self, value: Tensor) -> None:
        array = as_array(value)
        if array.shape != self.shape:
            raise ShapeError(f"data: expected shape {self.shape}, got {array.shape}.")
        self.array = array.astype(self.dtype, copy=False)

    def size(self, dim: int | None = None) -> tuple[int, ...] | int:
        """The shape, or its length along `dim`."""
        return self.shape if dim is None else self.shape[self._axis(dim, "size")]

    def dim(self) -> int:
        """The number of axes."""
        return self.ndim

    ndimension = dim

    def numel(self) -> int:
        """The number of elements."""
        return self.array.size

    nelement = numel

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self.dtype.itemsize

    def element_size(self) -> int:
        """Bytes of one element."""
        return self.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.numel() * self.itemsize

    def stride(self, dim: int | None = None) -> tuple[int, ...] | int:
        """How many elements further in memory the next one along each axis is, or along `dim`."""
        steps = tuple(step // self.itemsize for step in self.array.strides)
        return steps if dim is None else steps[self._axis(dim, "stride")]

    def _axis(self, dim: int, name: str) -> int:
        if not isinstance(dim, (int, np.integer)):
            raise TypeError(f"{name}: dim must be an int, got {dim!r}.")
        if not -self.ndim <= dim < self.ndim:
            raise IndexError(f"{name}: dim must lie in {-self.ndim}..{self.ndim - 1}, got {dim}.")
        return int(dim)

    def is_contiguous(self) -> bool:
        """Whether the elements lie in memory one after another, in order."""
        return bool(self.array.flags.c_contiguous)

    def is_floating_point(self) -> bool:
        """Whether its elements are floats, the only kind that has gradients."""
        return is_float(self.dtype)

    @property
    def is_cuda(self) -> bool:
        return self.device.type == "cuda"

    def get_device(self) -> int:
        """The number of the GPU that it is on, or -1 for the CPU."""
        where = self.device.index
        return -1 if where is None else where

    def pin_memory(self) -> Tensor:
        """Itself. It is PyTorch's: here what goes to a GPU goes by way of pinned memory anyhow."""
        return self

    def __len__(self) -> int:
        if self.ndim == 0:
            raise TypeError("len: a 0-d tensor has no length.")
        return len(self.array)

    def __repr__(self) -> str:
        notes = [text_of(to_host(self.array), prefix="tensor(")]
        if self.numel() == 0 and self.ndim != 1:
            notes.append(f"size={self.shape}")
        usual = (get_default_dtype(),) if self.numel() == 0 else (get_default_dtype(), int64, bool_)
        if self.dtype not in usual:
            notes.append(f"dtype={self.dtype}")
        if self.device.type != "cpu":
            notes.append(f"device='{self.device}'")
        if self.record is not None:
            notes.append(f"grad_fn=<{self.record.op.name}>")
        elif self.requires_grad:
            notes.append("requires_grad=True")
        return f"tensor({', '.join(notes)})"

    def __bool__(self) -> bool:
        if self.array.size != 1:
            raise ValueError(
                f"bool: the truth of a tensor with {self.array.size} elements is not defined (shape {self.shape}). "
                "Compare with .all() or .any(), or ask `is not None`."
            )
        return bool(self.array)

    def __contains__(self, value: Any) -> bool:
        if not (isinstance(value, (Tensor, np.generic, *Number)) or is_array(value)):
            raise TypeError(f"in: expected a number or a Tensor, got {type(value).__name__}.")
        return bool((self == value).any())

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self.array.size != 1 or self.dtype.kind not in "iub":
            raise TypeError(f"index: only an integer tensor of one element is an index, got {self.dtype} {self.shape}.")
        return int(self.item())

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec and self.ndim == 0 else format(str(self), spec)

    # -- in and out ----------------------------------------------------------------------------------------------------

    def item(self) -> bool | int | float:
        """The one element as a Python number."""
        if self.array.size != 1:
            raise ValueError(f"item: expected one element, got {self.array.size} (shape {self.shape}).")
        return self.array.item()

    def tolist(self) -> Any:
        """Nested Python lists (a number for a 0-d tensor)."""
        return self.array.tolist()

    def numpy(self) -> np.ndarray:
        """The NumPy array on the same memory. A tensor in a graph must be detached first, as in PyTorch."""
        if self.requires_grad:
            raise RuntimeError("numpy: this tensor requires grad, the array would not. Use tensor.detach().numpy().")
        if self.device.type != "cpu":
            raise TypeError(f"numpy: this tensor is on {self.device}. Use tensor.cpu().numpy().")
        return self.array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __dlpack__(self, **request: Any) -> Any:
        """Its memory for another library: `torch.from_dlpack(x)`, `np.from_dlpack(x)`. Without its graph."""
        if self.requires_grad:
            raise BufferError("dlpack: this tensor requires grad, the other library's would not. Use tensor.detach().")
        bounds.known_elsewhere(self.array)
        return self.array.__dlpack__(**{name: value for name, value in request.items() if value is not None})

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.array.__dlpack_device__()

    def __reduce_ex__(self, protocol: Any) -> tuple:
        """For pickle and copy.copy: a leaf, without gradient and hooks."""
        own = {name: value for name, value in vars(self).items() if name not in _PRIVATE}
        return _rebuilt, (type(self), self.array, self.requires_grad, own)

    # -- gradients -----------------------------------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        return self._node is not None and self._node.needs

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Say that gradients are (or are not) wanted for this leaf. Returns itself."""
        if requires_grad is not True and not look_of(bool)(requires_grad):
            raise TypeError(f"requires_grad: expected True or False, got {requires_grad!r}.")
        if self.record is not None and not requires_grad:
            raise RuntimeError(
                f"requires_grad: this is the result of {self.record}, and has its gradient from its inputs. "
                "Use detach() for a tensor outside the graph."
            )
        if requires_grad and not is_float(self.dtype):
            raise DtypeError(
                f"requires_grad: only floating-point tensors have gradients, got {self.dtype} (shape {self.shape}). "
                "Convert it with .float() first."
            )
        if self.requires_grad != bool(requires_grad):
            self._switch_leaf(bool(requires_grad))
        return self

    def _switch_leaf(self, needs: bool) -> None:
        """Change to the leaf for when a gradient is wanted, or to the one for when none is.

        They are two because what was recorded while none was wanted must never send one. Hooks stay with the first.
        """
        grad, before = self.grad, self._node
        self._node = self._other_leaf or Leaf(self._value, needs)
        self._node.needs, self._node.grad = needs, grad
        self.array = self._value  # the leaf has the shape and dtype of now
        if isinstance(before, Leaf):
            before.needs, before.grad = False, None
            self._node.name, self._other_leaf = before.name, before

    @property
    def node(self) -> Record | Output | Leaf:
        """Where its gradient goes: the op that made it, or its leaf."""
        if self._node is None:
            self._node = Leaf(self._value, needs=False)
        return self._node

    @property
    def grad(self) -> Tensor | None:
        """d(loss)/d(this tensor), once `loss.backward()` was called; None before, and for what needs no gradient."""
        if type(self._node) is Leaf:
            return self._node.grad
        if self._retained is None and self.record is not None and not self._is_retained():
            warnings.warn(
                f"grad: this is an intermediate result, of {self.record}, and keeps no gradient. Call its "
                "retain_grad() before backward().",
                stacklevel=2,
            )
        return self._retained

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None and not isinstance(value, Tensor):
            raise TypeError(f"grad: expected a Tensor or None, got {type(value).__name__}.")
        if value is not None and (value.shape != self.shape or value.dtype != self.dtype):
            raise ShapeError(
                f"grad: expected shape {self.shape} and dtype {self.dtype}, got {value.shape} and {value.dtype}."
            )
        if value is not None and (mixed := mixed_devices("grad", [self.array, value.array])):
            raise mixed
        node = self.node
        if isinstance(node, Leaf):
            node.grad = value
        else:
            self._retained = value

    @checked
    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Tensor | Sequence[Tensor] | None = None,
    ) -> None:
        """Add d(self)/d(leaf) to the `.grad` of every leaf that this tensor was computed from.

        gradient: the upstream gradient, of this tensor's shape; for a tensor of one element it is 1 if not given.
        retain_graph: keep what the ops saved, so that backward can run again.
        inputs: the leaves that are meant; all others are left as they are.
        """
        refuse_create_graph(create_graph, "backward")
        ends = [(node_with_graph(self, "backward"), upstream_of(self, gradient, "backward"))]
        if inputs is None:
            tape.walk_back(ends, retain_graph=bool(retain_graph))
        else:
            accumulate_at(ends, [inputs] if isinstance(inputs, Tensor) else inputs, bool(retain_graph))

    def retain_grad(self) -> None:
        """Keep the gradient of this intermediate result in `.grad` (leaves keep theirs anyway)."""
        if not self.requires_grad:
            raise RuntimeError("retain_grad: this tensor does not require grad, so it never has a gradient.")
        if not self.is_leaf and not self._is_retained():
            _hooks_of(self).append(Retain(self))

    def _is_retained(self) -> bool:
        record: Any = self.record
        index = self._node.index if isinstance(self._node, Output) else 0
        return any(isinstance(hook, Retain) for hook in (record.hooks or {}).get(index, ()))

    @checked
    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> Handle:
        """Call `hook(gradient)` whenever this tensor's gradient is complete; a Tensor it returns replaces the gradient.

        Returns a handle with `remove()`.
        """
        if not self.requires_grad:
            raise RuntimeError("register_hook: this tensor does not require grad, so it never has a gradient.")

        def on_array(gradient: Array) -> Array:
            given = Tensor(gradient.copy())  # its own, since the hook may change it
            result = hook(given)
            if result is None:
                result = given
            if not isinstance(result, Tensor):
                raise TypeError(f"register_hook: a hook returns a Tensor or None, got {type(result).__name__}.")
            if result.shape != given.shape:
                raise ShapeError(f"register_hook: {result.shape} cannot replace a gradient of {given.shape}.")
            if result.dtype != given.dtype:
                raise DtypeError(f"register_hook: {result.dtype} cannot replace a gradient of {given.dtype}.")
            return result.array

        return Handle(_hooks_of(self), on_array)

    @checked
    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> Handle:
        """Call `hook(self)` on this leaf as soon as its `.grad` is final in a backward pass."""
        leaf = self._node
        if not (isinstance(leaf, Leaf) and leaf.needs):
            raise RuntimeError("register_post_accumulate_grad_hook: only a leaf that requires grad accumulates one.")
        ref = weakref.ref(self)

        def on_leaf() -> None:
            tensor = ref()
            if tensor is not None:
                hook(tensor)

        return Handle(leaf.after, on_leaf)

    def detach(self) -> Tensor:
        """A tensor outside the graph, on the same memory."""
        return Tensor(self.array)

    def __deepcopy__(self, memo: dict) -> Tensor:
        if not self.is_leaf:
            raise RuntimeError(f"deepcopy: only leaves can be copied, not the result of {self.record}. Use clone().")
        twin = type(self).__new__(type(self))
        own = {name: value for name, value in vars(self).items() if name not in ("_node", "_other_leaf")}
        twin.__dict__.update(copy.deepcopy(own, memo))
        if self.requires_grad:
            twin.requires_grad_()
        twin.grad = copy.deepcopy(self.grad, memo)
        return twin

    def edited(self) -> Tensor:
        """Note that the array was just changed in place, so that backward can tell. Returns itself."""
        tape.edits.note(self.array)
        return self

    @property
    def _version(self) -> int:
        """How often its memory was changed in place."""
        return tape.edits.count(self.array)


class Leaf:
    """Where a gradient comes to rest: what the tape knows of a tensor that no op made.

    The tensor and the records that used it share it. It does not know the tensor, so no circle arises.

    needs: whether a gradient is wanted. on_host: whether it is wanted as NumPy's. hooks: functions of the gradient
    array, before it is added to `grad`; after: functions without argument, called when `grad` is final. name: what the
    user calls it, if that was said.
    """

    __slots__ = ("after", "dtype", "grad", "hooks", "name", "needs", "on_host", "shape")

    def __init__(self, array: Array, needs: bool) -> None:
        self.shape = array.shape
        self.dtype = array.dtype
        self.needs = needs
        self.on_host = needs and is_on_host(array)
        self.grad: Tensor | None = None
        self.name: str | None = None
        self.hooks: list[Callable] = []
        self.after: list[Callable] = []

    def hooked(self, gradient: Array) -> Array:
        """Called by the tape, once a walk, with the complete gradient, which may be kept: what the hooks make of it."""
        if self.on_host and type(gradient) is not np.ndarray:
            gradient = to_host(gradient)  # NumPy's scalar as an array; or a GPU's, of a number that met a GPU's tensor
        if not self.hooks:
            return gradient
        for hook in tuple(self.hooks):  # a hook may remove itself
            gradient = hook(gradient)
        return gradient.copy()  # a hook may have kept what it was given or returned

    def accumulate(self, gradient: Array) -> None:
        """The same, added to `grad`."""
        self.add(self.hooked(gradient))

    def add(self, gradient: Array) -> None:
        """Add a gradient, which may be kept, to `grad`, and call what waits for that."""
        with _accumulating:
            if self.grad is None:
                self.grad = Tensor(gradient)
            else:
                self.grad.array += gradient
                self.grad.edited()
        for hook in tuple(self.after):
            hook()


_accumulating = threading.Lock()  # `+=` on a large array lets other threads run, and they may share the leaf


class Retain:
    """The hook of `retain_grad()`. It runs after all others, and holds its tensor weakly, since the record holds it."""

    def __init__(self, tensor: Tensor) -> None:
        self._tensor = weakref.ref(tensor)

    def __call__(self, gradient: Array) -> Array:
        tensor = self._tensor()
        if tensor is not None:
            before = tensor._retained
            tensor._retained = Tensor(gradient.copy() if before is None else before.array + gradient)
        return gradient


class Handle:
    """Removes a hook again: `handle.remove()`, or leave `with handle:`."""

    def __init__(self, hooks: list[Callable], hook: Callable) -> None:
        self._hooks, self._hook = hooks, hook
        hooks.insert(len(hooks) - (bool(hooks) and isinstance(hooks[-1], Retain)), hook)

    def remove(self) -> None:
        if self._hook in self._hooks:
            self._hooks.remove(self._hook)

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


def _hooks_of(tensor: Tensor) -> list[Callable]:
    """The hooks on a leaf live with it; those on a result live with its record, where backward meets them."""
    node = tensor.node
    if isinstance(node, Leaf):
        return node.hooks
    record, output = (node.record, node.index) if isinstance(node, Output) else (node, 0)
    if record.hooks is None:
        record.hooks = {}
        record.is_plain = False
    return record.hooks.setdefault(output, [])


# -- from tensors to the walk ------------------------------------------------------------------------------------------


def node_with_graph(tensor: Tensor, name: str) -> Record | Output | Leaf:
    """The node where a walk back from `tensor` starts."""
    if not tensor.requires_grad:
        raise RuntimeError(
            f"{name}: this tensor (shape {tensor.shape}) has no graph: none of what it was computed from requires "
            "grad, or it was computed under no_grad() or detached."
        )
    return tensor.node


def upstream_of(tensor: Tensor, gradient: Tensor | None, name: str) -> Array:
    """`gradient` as an array that fits `tensor`; ones for a tensor of one element."""
    if gradient is None:
        if tensor.array.size != 1:
            raise RuntimeError(
                f"{name}: only a scalar has a gradient by itself, got shape {tensor.shape}"
                f"{f' from {tensor.record}' if tensor.record else ''}. "
                "Reduce it, as in loss.sum().backward(), or give the upstream gradient: y.backward(gradient)."
            )
        return array_module(tensor.array).ones_like(tensor.array)[()]  # a scalar, not a 0-d array: see `array`
    array = as_array(gradient)
    if array.shape != tensor.shape:
        raise ShapeError(f"{name}: the upstream gradient must have shape {tensor.shape}, got {array.shape}.")
    if mixed := mixed_devices(name, [tensor.array, array]):
        raise mixed
    return array.astype(tensor.dtype, copy=False)


def accumulate_at(ends: list, inputs: Sequence[Tensor], retain_graph: bool) -> None:
    """Walk back from `ends`, but add gradients to the `.grad` of `inputs` only."""
    if not inputs:
        raise ValueError("backward: inputs must name at least one tensor. Leave it out to mean all leaves.")
    for tensor in inputs:
        if not (tensor.is_leaf and tensor.requires_grad):
            raise RuntimeError(
                f"backward: each of inputs must be a leaf that requires grad, got shape {tensor.shape}"
                f"{f' from {tensor.record}' if tensor.record else ''}. "
                "For the gradient of an intermediate result use autograd.grad(), or its retain_grad()."
            )
    leaves: list[Any] = list(dict.fromkeys(tensor.node for tensor in inputs))
    for leaf, gradient in zip(leaves, tape.walk_back(ends, wanted=leaves, retain_graph=retain_graph), strict=True):
        if gradient is not None:
            leaf.add(gradient)


def refuse_create_graph(create_graph: bool, name: str) -> None:
    if create_graph:
        raise NotImplementedError(f"{name}: gradients of gradients (create_graph=True) are not supported.")


_NO_ARRAYS = frozenset({int, bool, float, str, list, tuple, dict, range, type(None), Tensor})  # read as by PyTorch
_PRIVATE = frozenset({"_value", "_node", "_other_leaf", "_retained"})


def _read_as_torch_does(data: Any, requires_grad: Any, sizes: tuple[int, ...]) -> tuple[Array, bool]:
    """`Tensor(2, 3)` and `Tensor([1, 2, 3])`."""
    if type(data) is int:
        lengths = (data, *sizes) if requires_grad is False else (data, requires_grad, *sizes)
        if not all(type(n) is int and n >= 0 for n in lengths):
            raise ShapeError(f"Tensor: a size is made of whole numbers from 0 on, got {lengths}.")
        return np.zeros(lengths, get_default_dtype()), False
    if isinstance(data, Tensor):
        return data.array, requires_grad
    try:
        if not isinstance(data, (list, tuple, range)):
            raise TypeError
        return np.asarray(np.asarray(data), get_default_dtype()), requires_grad
    except (ValueError, TypeError):
        raise DtypeError(f"Tensor: expected sizes, or equally long lists of numbers, got {data!r}.") from None


def _rebuilt(kind: type[Tensor], array: Array, requires_grad: bool, own: dict[str, Any]) -> Tensor:
    """What pickle makes of what `__reduce_ex__` gave it."""
    twin = kind.__new__(kind)
    twin._value = array
    twin.__dict__.update(own)
    return twin.requires_grad_(requires_grad)


def is_tensor(thing: Any) -> bool:
    """Whether it is a Tensor."""
    return isinstance(thing, Tensor)


def as_array(thing: Any, like: Array | None = None) -> Array:
    """The array of a Tensor or array, or an array of anything else, in the dtype of `like`; all on its device."""
    if isinstance(thing, Tensor):
        array = thing.array
    elif is_array(thing):
        array = np.asarray(thing) if isinstance(thing, np.ndarray) else thing  # np.matrix has a `*` of its own
    elif like is not None:
        array = np.asarray(thing, like.dtype)
    else:
        array = np.asarray(thing)
        if array.dtype == np.float64 and not hasattr(thing, "dtype"):  # Python numbers, and lists of them, are float32
            array = array.astype(get_default_dtype(), copy=False)
    return array if like is None or type(array) is type(like) is np.ndarray else to_device(array, device_of(like))
