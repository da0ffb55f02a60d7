"""Control over the tape: gradients on demand, ops of one's own, recording on and off, the search for a first NaN."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from minigrad.autograd.grad_mode import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled

if TYPE_CHECKING:
    from minigrad.autograd.anomaly import detect_anomaly, is_anomaly_enabled, set_detect_anomaly
    from minigrad.autograd.function import Function
    from minigrad.autograd.gradients import backward, grad

__all__ = [
    "Function",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "grad",
    "gradcheck",
    "inference_mode",
    "is_anomaly_enabled",
    "is_grad_enabled",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
]

# Imported when first asked for, so that `import minigrad` stays quick. gradcheck looks at the library from outside, and
# is here because PyTorch has it here.
_LAZY = {
    "Function": "minigrad.autograd.function",
    "backward": "minigrad.autograd.gradients",
    "detect_anomaly": "minigrad.autograd.anomaly",
    "grad": "minigrad.autograd.gradients",
    "gradcheck": "minigrad.testing.jacobians",
    "is_anomaly_enabled": "minigrad.autograd.anomaly",
    "set_detect_anomaly": "minigrad.autograd.anomaly",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_LAZY[name]), name)
    return value
