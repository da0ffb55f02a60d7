"""What PyTorch users ask of `torch.cuda`: which GPU, is it done, how long did it take, how much memory.

Without a GPU the questions that have an answer get it (none is there, nothing is allocated, there is nothing to wait
for), and the others are an error that says what is missing. A device is told as everywhere: 1, `"cuda:1"` or
`mg.device("cuda:1")`; None is the current one.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from minigrad import backend
from minigrad.random import manual_seed

__all__ = [
    *["is_available", "device_count", "current_device", "set_device", "get_device_name", "get_device_capability"],
    "get_device_properties",
    *["synchronize", "Event", "memory_allocated", "memory_reserved", "empty_cache", "mem_get_info"],
    *["manual_seed", "manual_seed_all"],
]

manual_seed_all = manual_seed  # there is one random stream, on the host, for all devices


def is_available() -> bool:
    """Whether CuPy is installed and sees a GPU."""
    return backend.cuda_available()


def device_count() -> int:
    """The number of GPUs that can be used; 0 without CuPy."""
    return _cupy().cuda.runtime.getDeviceCount() if is_available() else 0


def current_device() -> int:
    """The number of the GPU that "cuda" means."""
    return _cupy("current_device").cuda.runtime.getDevice()


def set_device(device: Any) -> None:
    """Let "cuda" mean this GPU, and work be done there, from now on in this thread.

    Choose it before tensors are put there. Those on another one can only be moved, or looked at.
    """
    gpu = _gpu("set_device", device)
    if gpu.id != current_device():
        backend.choice.changed = True
    gpu.use()


def get_device_name(device: Any = None) -> str:
    """What its maker calls a GPU."""
    gpu = _gpu("get_device_name", device)
    return _cupy().cuda.runtime.getDeviceProperties(gpu.id)["name"].decode()


def get_device_capability(device: Any = None) -> tuple[int, int]:
    """A GPU's compute capability, such as (9, 0): the set of instructions that it knows."""
    digits = _gpu("get_device_capability", device).compute_capability
    return int(digits[:-1]), int(digits[-1])


def get_device_properties(device: Any = None) -> SimpleNamespace:
    """A GPU's `name`, `major` and `minor` (its compute capability), `total_memory`, and `multi_processor_count`."""
    gpu = _gpu("get_device_properties", device)
    told = _cupy().cuda.runtime.getDeviceProperties(gpu.id)
    return SimpleNamespace(
        name=told["name"].decode(),
        major=told["major"],
        minor=told["minor"],
        total_memory=told["totalGlobalMem"],
        multi_processor_count=told["multiProcessorCount"],
    )


def synchronize(device: Any = None) -> None:
    """Wait until the GPU has done what it was given, as a stopwatch must. Without one there is nothing to do."""
    if is_available():
        _gpu("synchronize", device).synchronize()


class Event:
    """A mark in the GPU's work: `record()` sets it behind all that was given to the GPU so far.

    It is how a GPU's time is taken, since the host is far ahead of it:

        start, end = (mg.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        loss.backward()
        end.record()
        end.synchronize()
        print(start.elapsed_time(end), "ms")

    enable_timing: whether it is to note the time, too. blocking: whether the host sleeps while it waits.
    """

    def __init__(self, enable_timing: bool = False, blocking: bool = False) -> None:
        self.enable_timing = enable_timing
        self._event = _cupy("Event").cuda.Event(block=blocking, disable_timing=not enable_timing)

    def record(self) -> None:
        """Set the mark behind the work that was given so far, and forget where it was."""
        self._event.record(_cupy().cuda.get_current_stream())

    def query(self) -> bool:
        """Whether the GPU has come to the mark."""
        return self._event.done

    def synchronize(self) -> None:
        """Wait until the GPU has come to the mark."""
        self._event.synchronize()

    def elapsed_time(self, end: Event) -> float:
        """Milliseconds from this mark to a later one, both of which the GPU has come to."""
        if not (self.enable_timing and end.enable_timing):
            raise ValueError("Event.elapsed_time: both events must be made with enable_timing=True.")
        return _cupy().cuda.get_elapsed_time(self._event, end._event)


# -- memory ------------------------------------------------------------------------------------------------------------


def memory_allocated(device: Any = None) -> int:
    """Bytes that arrays on a GPU hold; 0 without one."""
    if not is_available():
        return 0
    with _gpu("memory_allocated", device):
        return _cupy().get_default_memory_pool().used_bytes()


def memory_reserved(device: Any = None) -> int:
    """Bytes that CuPy keeps from a GPU for arrays, those of arrays that are gone among them; 0 without a GPU."""
    if not is_available():
        return 0
    with _gpu("memory_reserved", device):
        return _cupy().get_default_memory_pool().total_bytes()


def empty_cache() -> None:
    """Give the GPU back what CuPy keeps for arrays to come. Without one there is nothing to do."""
    if is_available():
        _cupy().get_default_memory_pool().free_all_blocks()


def mem_get_info(device: Any = None) -> tuple[int, int]:
    """Bytes that are free on a GPU, whoever took the others, and bytes that it has."""
    return _gpu("mem_get_info", device).mem_info


def _cupy(name: str = "") -> Any:
    return backend.cupy_with_a_gpu(f"cuda.{name}")


def _gpu(name: str, device: Any) -> Any:
    """CuPy's device of what was told."""
    _cupy(name)
    where = backend.device("cuda" if device is None else device)
    if where == backend.CPU:
        raise ValueError(f"cuda.{name}: expected a GPU, such as 'cuda:0' or 0, got {device!r}.")
    return backend.cupy_with_a_gpu(f"cuda.{name}", where.index or 0).cuda.Device(where.index)
