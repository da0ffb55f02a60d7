"""`DistributedDataParallel`: ranks that each see a part of the batch take the step that one would take with all of it.

Each rank has the whole network, and its own part of the batch. Backward gives it the gradient of its part's loss; the
mean of these over the ranks is the gradient of the mean loss, if the parts are equally large. So all that the ranks
must do together is to average the gradients. Then each takes the same step from the same weights, and they stay the
same.

Many small messages cost more than one large one, so gradients travel in buckets, flat arrays that several parameters
share. Backward reaches the last layer first: buckets are filled from the last parameter to the first, and as soon as a
bucket is full its sum begins, while backward goes on with the layers before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import is_dataclass
from functools import partial
from typing import Any

from minigrad import distributed
from minigrad.autograd import is_grad_enabled
from minigrad.backend import Array, Device, array_module, device, device_of, is_on_host
from minigrad.creation import tensor
from minigrad.nn.module import Module, Parameter
from minigrad.tensor import Tensor


class DistributedDataParallel(Module):
    """Wraps a network, which is then `.module`: `backward()` through it averages the gradients over the ranks.

    >>> distributed.init_process_group()
    >>> net = DistributedDataParallel(nn.Linear(4320, 4))
    >>> loss(net(part_of_the_batch), its_labels).backward()  # each parameter's grad is now the ranks' mean

    All ranks begin with the parameters and buffers of rank 0. Each must go forward and backward equally often (or else
    inside `join()`), with all parameters that require grad in the graph, or with all of them switched off for a while.
    What goes through `net.module` is one rank's alone, and averages nothing. Names in `state_dict()` begin with
    `module.`, as in PyTorch; `net.module.state_dict()` has them without.

    device_ids: None or, as PyTorch's scripts say it, a list of the one GPU on which the network is. Inputs must be
        there already; PyTorch moves them.
    bucket_cap_mb: how many megabytes of gradients travel together.
    find_unused_parameters: PyTorch's, which must stay False: that a parameter was not used is an error that names it.
    forward_sync_buffers: whether buffers, such as batch-norm's running statistics, are rank 0's again in the first
        forward, and in each after a step. If not, each rank keeps those of its own parts of the batches. (The name is
        PyTorch's from 2.13 on, in place of `broadcast_buffers`.)
    """

    def __init__(
        self,
        module: Module,
        device_ids: Sequence[int | str | Device] | None = None,
        *,
        bucket_cap_mb: float = 1.0,
        find_unused_parameters: bool = False,
        forward_sync_buffers: bool = True,
    ) -> None:
        super().__init__()
        if find_unused_parameters:
            raise NotImplementedError(
                "DistributedDataParallel: unused parameters are not looked for. Use every parameter in forward, or "
                "switch it off with requires_grad_(False), and leave out find_unused_parameters."
            )
        if any(isinstance(one, DistributedDataParallel) for one in module.modules()):
            raise ValueError("DistributedDataParallel: in this network there is one already; wrap it once, as a whole.")
        _check_device_ids(device_ids, module)
        self.module = module
        self.forward_sync_buffers = forward_sync_buffers
        self.require_backward_grad_sync = True
        distributed.check_equal({**dict(module.named_parameters()), **dict(module.named_buffers())}, shapes_only=True)
        self._shared: dict[str, tuple[Array, int, bytes | None]] = {}  # the buffers when all ranks had the same
        self._share_state(0)
        learned = [(name, one) for name, one in module.named_parameters() if one.requires_grad]
        if not learned:
            raise ValueError("DistributedDataParallel: no parameter of this network requires grad.")
        self._frozen = {name: one for name, one in module.named_parameters() if not one.requires_grad}
        self._buckets = list(_buckets(reversed(learned), bucket_cap_mb * 2**20))
        self._begun = 0  # buckets whose sum has begun
        self._averaging = False  # whether a backward that averages is under way
        self._parted = True  # whether the ranks' buffers may differ
        self._uneven = False  # whether some ranks may have fewer batches
        self._leader = 0  # the rank whose buffers are shared
        for bucket in self._buckets:
            for name, parameter in bucket.parameters.items():
                parameter.register_post_accumulate_grad_hook(partial(self._arrived, bucket, name))

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        stepping = is_grad_enabled() and self.require_backward_grad_sync
        learns = any(one.requires_grad for one in self.module.parameters())
        averages = stepping and learns
        if is_grad_enabled() and learns:
            self._check_ready()
        if self._uneven:
            self._ask_all(has_data=True, stepping=stepping, averages=averages)
        self._sync_buffers(stepping)
        output = self.module(*args, **kwargs)
        ends = [one for one in _tensors_in(output) if one.requires_grad and not one.is_leaf] if averages else []
        for one in ends:
            one.register_hook(self._begin)
        self._averaging = averages and not ends  # where they cannot be found, the next backward is taken for theirs
        return output

    @contextmanager
    def no_sync(self) -> Iterator[None]:
        """What runs forward in here averages nothing: gradients add up on each rank until a pass outside."""
        before, self.require_backward_grad_sync = self.require_backward_grad_sync, False
        try:
            yield
        finally:
            self.require_backward_grad_sync = before

    @contextmanager
    def join(self, *, optimizer: Any = None) -> Iterator[None]:
        """Where ranks have unequally many batches, train in here.

        A rank that has no more waits at the end, and brings gradients of zero as long as others have some; the mean
        stays one over all ranks. Then all have the parameters and buffers of a rank that went on to the last.

        optimizer: takes the steps of those that go on also where a rank waits. Without it one that remembers (momentum,
            Adam) remembers less on the ranks with fewer batches, and in the next epoch they part.
        """
        self._uneven = True
        try:
            yield
            while True:
                for parameter in self.module.parameters():
                    parameter.grad = None
                go_on, stepping, averages = self._ask_all(has_data=False)
                if not go_on:
                    break
                if averages:
                    self.backward_of_nothing()
                    if optimizer is not None:
                        optimizer.step()
                else:
                    self._sync_buffers(stepping)
        finally:
            self._uneven = False
        self._share_state(self._leader)
        self._leader = 0

    def backward_of_nothing(self) -> None:
        """Take part in one averaging with gradients of zero: for a rank without data, while the others have some."""
        self._averaging = True
        self._sync_buffers(True)
        for bucket in self._buckets:
            for name, parameter in bucket.parameters.items():
                if parameter.grad is None:
                    parameter.grad = Tensor(array_module(parameter.array).zeros_like(parameter.array))
                self._arrived(bucket, name, parameter)

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("DistributedDataParallel: a copy could not talk to the other ranks; copy or pickle .module.")

    def _share_state(self, src: int) -> None:
        """Give all ranks the parameters and buffers of one."""
        for one in (*self.module.parameters(), *self.module.buffers()):
            distributed.broadcast(one.detach(), src)
        self._note_buffers()

    def _ask_all(self, has_data: bool, stepping: bool = False, averages: bool = False) -> tuple[bool, bool, bool]:
        """Whether any rank has data, may change buffers, and averages. The last that has data leads."""
        found = tensor([distributed.get_rank() if has_data else -1, stepping, averages])
        distributed.all_reduce(found, distributed.ReduceOp.MAX)
        leader, stepping, averages = found.tolist()
        if leader >= 0:
            self._leader = leader
        return leader >= 0, bool(stepping), bool(averages)

    def _sync_buffers(self, stepping: bool) -> None:
        """Give all ranks the buffers of the first, if they may have parted since. stepping: they may part again.

        What has changed on no rank is left alone, for a backward to come may need it.
        """
        buffers = dict(self.module.named_buffers())
        if self._parted and self.forward_sync_buffers and buffers:
            changed = tensor([int(self._has_changed(name, one)) for name, one in buffers.items()])
            distributed.all_reduce(changed, distributed.ReduceOp.MAX)
            for one, it_has in zip(buffers.values(), changed.tolist(), strict=True):
                if it_has:
                    distributed.broadcast(one.detach(), self._leader)
            self._note_buffers()
        self._parted = stepping

    def _note_buffers(self) -> None:
        """All ranks have the same buffers: note where each is, in which version, and what is in it."""
        self._shared = {name: (one.array, one._version, _content(one)) for name, one in self.module.named_buffers()}

    def _has_changed(self, name: str, buffer: Tensor) -> bool:
        array, version, content = self._shared.get(name, (None, 0, None))
        return buffer.array is not array or buffer._version != version or _content(buffer) != content

    def _begin(self, _: Tensor) -> None:
        """A backward has come to an output of a forward that averages."""
        self._averaging = True

    def _arrived(self, bucket: _Bucket, name: str, parameter: Tensor) -> None:
        """The gradient of a parameter is there. With the last one, wait for the sums, and put the means in their place.

        The sums begin in the order of the buckets, for all ranks must begin them in the same order.
        """
        if not self._averaging:
            return
        bucket.take(name, parameter)
        if self._begun:
            self._buckets[0].move_on()
        while self._begun < len(self._buckets) and not self._buckets[self._begun].missing:
            self._buckets[self._begun].begin()
            self._begun += 1
        if self._begun == len(self._buckets):
            for one in self._buckets:
                one.finish()
            self._begun, self._averaging = 0, False

    def _check_ready(self) -> None:
        """Raise if what is learned was changed, or if the pass before left gradients waiting for others."""
        learned = {name: one for bucket in self._buckets for name, one in bucket.parameters.items()}
        known, now = {**learned, **self._frozen}, dict(self.module.named_parameters())
        changed = [
            name
            for name in {**known, **now}
            if known.get(name) is not now.get(name) or now[name].requires_grad != (name in learned)
        ]
        changed += [name for bucket in self._buckets for name in bucket.parameters if not bucket.fits(name)]
        if changed:
            raise RuntimeError(
                f"DistributedDataParallel: {', '.join(changed)} or its requires_grad was changed after wrapping, which "
                "decides what is averaged. Change it before, or wrap .module anew."
            )
        missing = [name for bucket in self._buckets for name in bucket.parameters if name in bucket.missing]
        if self._begun or len(missing) < len(learned):
            raise RuntimeError(
                f"DistributedDataParallel: the last backward gave no gradient to {', '.join(reversed(missing))}, so "
                "nothing was averaged. Use every parameter in forward, or, before wrapping, switch it off with "
                "requires_grad_(False)."
            )


def _tensors_in(output: Any) -> Iterator[Tensor]:
    """Those that a forward returned, in tuples, lists, dicts and dataclasses too."""
    if isinstance(output, Tensor):
        yield output
    elif isinstance(output, Mapping):
        yield from _tensors_in(list(output.values()))
    elif is_dataclass(output):
        yield from _tensors_in(vars(output))
    elif isinstance(output, (tuple, list)):
        for one in output:
            yield from _tensors_in(one)


def _content(buffer: Tensor) -> bytes | None:
    """What is in it, whoever wrote it there. None on a GPU: the host would have to wait, so there its version tells."""
    return buffer.array.tobytes() if is_on_host(buffer.array) else None


def _check_device_ids(device_ids: Sequence[int | str | Device] | None, module: Module) -> None:
    """Raise if they name anything but the one device on which the network is."""
    if not isinstance(device_ids, (list, tuple, type(None))):
        raise TypeError(f"DistributedDataParallel: device_ids is a list of one device, or None, got {device_ids!r}.")
    if device_ids:
        there = {str(one.device) for one in module.parameters()}
        if {str(device(one)) for one in device_ids} != there or len(there) > 1:
            raise ValueError(
                f"DistributedDataParallel: device_ids={list(device_ids)}, but the network is on "
                f"{' and '.join(sorted(there))}. Move it first, or leave device_ids out: it is trained where it is."
            )


class _Bucket:
    """Gradients that travel together.

    parameters: whose, by name. missing: names of those whose gradients have not come yet. flat: all of them, one after
    another.
    """

    def __init__(self, parameters: dict[str, Parameter]) -> None:
        self.parameters = parameters
        self.missing = set(parameters)
        first = next(iter(parameters.values()))
        xp = array_module(first.array)
        self.flat = xp.empty(sum(one.numel() for one in parameters.values()), first.dtype)
        self._sum: Any = None
        self._parts: dict[str, Array] = {}  # of flat, for each parameter
        end = 0
        for name, one in parameters.items():
            start, end = end, end + one.numel()
            self._parts[name] = self.flat[start:end].reshape(one.shape)

    def fits(self, name: str) -> bool:
        """Whether a parameter still has the dtype, and is on the device, that it had."""
        array = self.parameters[name].array
        return array.dtype == self.flat.dtype and device_of(array) == device_of(self.flat)

    def take(self, name: str, parameter: Tensor) -> None:
        """Copy a gradient into its place."""
        assert parameter.grad is not None
        self._parts[name][...] = parameter.grad.array
        self.missing.discard(name)

    def begin(self) -> None:
        """Begin to add up the gradients of all ranks."""
        self._sum = distributed.all_reduce(Tensor(self.flat), async_op=True)

    def move_on(self) -> None:
        """Let MPI do what it can: it works only while it is called."""
        self._sum.is_completed()

    def finish(self) -> None:
        """Wait for the sums, and give each parameter the mean."""
        self._sum.wait()
        xp, ranks = array_module(self.flat), distributed.get_world_size()
        for name, parameter in self.parameters.items():
            gradient: Any = parameter.grad
            xp.divide(self._parts[name], ranks, out=gradient.array)
            gradient.edited()
        self.missing = set(self.parameters)


def _buckets(parameters: Iterable[tuple[str, Parameter]], size: float) -> Iterator[_Bucket]:
    """Buckets of parameters that follow each other and have one dtype; each is closed once it has `size` bytes."""
    members: dict[str, Parameter] = {}
    for name, parameter in parameters:
        if members and (
            sum(one.nbytes for one in members.values()) >= size or next(iter(members.values())).dtype != parameter.dtype
        ):
            yield _Bucket(members)
            members = {}
        members[name] = parameter
    yield _Bucket(members)
