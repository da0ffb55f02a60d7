"""Control over the tape: gradients on demand, ops of one's own, recording on and off, the search for a first NaN."""

from __future__ import annotations

import importlib
from typing import Any

from minigrad.autograd.anomaly import detect_anomaly, is_anomaly_enabled, set_detect_anomaly
from minigrad.autograd.function import Function
from minigrad.autograd.grad_mode import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from minigrad.autograd.gradients import backward, grad

__all__ = [
    "Function",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "grad",
    "gradcheck",
    "is_anomaly_enabled",
    "is_grad_enabled",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
]


def __getattr__(name: str) -> Any:
    if name == "gradcheck":  # it looks at the library from outside; PyTorch has it here
        return importlib.import_module("minigrad.testing").gradcheck
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
