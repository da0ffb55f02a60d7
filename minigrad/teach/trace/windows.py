"""How the windows of a convolution or a pool lie over its image: what the page needs to light up what one sees."""

from __future__ import annotations

from typing import Any

from minigrad.tape import Record

OPS = {"conv2d", "conv_transpose2d", "max_pool2d", "avg_pool2d"}


def window_of(record: Record) -> dict[str, Any] | None:
    """{kernel, stride, pads, dilation, groups}, each (height, width) but the last; pads at the top and at the left.

    None for other ops, a user's among them, and where neither the cache nor a tape kept them.
    """
    if not record.op.is_ours or record.op.name not in OPS:
        return None
    parts = record.cache if isinstance(record.cache, tuple) else ()
    for part in parts:
        if hasattr(part, "kernel") and hasattr(part, "pads"):  # convolution's Geometry, max-pooling's Windows
            (top, _), (left, _) = part.pads
            kernel, stride, dilation = (list(pair) for pair in (part.kernel, part.stride, part.dilation))
            groups = getattr(part, "groups", 1)
            return {"kernel": kernel, "stride": stride, "pads": [top, left], "dilation": dilation, "groups": groups}
    if record.kept is None or "kernel_size" not in record.kept.settings:
        return None
    settings = record.kept.settings
    kernel, stride, pads = (_pair(settings.get(name)) for name in ("kernel_size", "stride", "padding"))
    return {"kernel": kernel, "stride": stride or kernel, "pads": pads or [0, 0], "dilation": [1, 1], "groups": 1}


def _pair(setting: Any) -> Any:
    return list(setting) if isinstance(setting, (tuple, list)) else None if setting is None else [setting, setting]
