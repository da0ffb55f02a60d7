"""The stand-in's `cupy.cuda`: two GPUs, whose work is done at once, and a pool that knows what arrays hold."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

from tests.device_guard import arrays
from tests.device_guard.arrays import Device


class Stream:
    """The one that there is."""

    def synchronize(self) -> None:  # which CuPy does not declare
        pass


class Event:
    """Knows when it was recorded."""

    def __init__(self, block: bool = False, disable_timing: bool = False, interprocess: bool = False) -> None:
        self.timing, self.time = not disable_timing, 0.0

    def record(self, stream: Any = None) -> None:
        self.time = time.perf_counter()

    def synchronize(self) -> None:
        pass

    done = property(lambda self: True)


def get_elapsed_time(start: Event, end: Event) -> float:
    if not (start.timing and end.timing):
        raise RuntimeError("cudaErrorInvalidResourceHandle: invalid resource handle")
    return 1e3 * (end.time - start.time)


class MemoryPool:
    """Nothing that was given back stays in it."""

    def used_bytes(self) -> int:
        return sum(array.nbytes for array in arrays.memory.values())

    total_bytes = used_bytes

    def free_all_blocks(self, stream: Any = None) -> None:
        pass


NAMES = SimpleNamespace(
    Device=Device,
    Event=Event,
    get_elapsed_time=get_elapsed_time,
    get_current_stream=Stream,
    is_available=lambda: True,
    runtime=SimpleNamespace(
        getDevice=lambda: Device.current,
        getDeviceCount=lambda: Device.count,
        getDeviceProperties=lambda number: {
            "name": b"stand-in",
            "major": 9,
            "minor": 0,
            "totalGlobalMem": 2**34,
            "multiProcessorCount": 132,
        },
    ),
)
