"""Writes `names.json`, what the installed CuPy has: run `python -m tests.device_guard.make_names` where it imports.

No GPU is needed: names, parameters and the dtypes of ufuncs can be read without one.
"""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("names.json")


def names(cupy: Any) -> dict[str, Any]:
    """Functions and array methods with their parameters, attributes of arrays, ufuncs with the dtypes they take."""
    methods, attributes = {}, []
    for name, member in public(cupy.ndarray):
        if not callable(member):
            attributes.append(name)
        elif (parameters := of_method(member)) is not None:
            methods[name] = parameters
    return {
        "version": cupy.__version__,
        "functions": {name: of_function(member) for name, member in public(cupy) if is_function(member)},
        "stride_tricks": {n: of_function(f) for n, f in public(cupy.lib.stride_tricks) if is_function(f)},
        "ufuncs": {name: " ".join(member.types) for name, member in public(cupy) if isinstance(member, cupy.ufunc)},
        "methods": methods,
        "attributes": attributes,
    }


def public(home: Any) -> list[tuple[str, Any]]:
    return [(name, getattr(home, name)) for name in sorted(dir(home)) if not name.startswith("_")]


def is_function(member: Any) -> bool:
    return inspect.isfunction(member) or type(member).__name__ == "_GUFunc"


def of_function(function: Any) -> str:
    """`a, axis=None, *, dtype=None`: the parameters, every default as None."""
    stars, text = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}, []
    for one in inspect.signature(function).parameters.values():
        if one.kind is inspect.Parameter.KEYWORD_ONLY and not any(part.startswith("*") for part in text):
            text.append("*")
        default = "" if one.default is inspect.Parameter.empty else "=None"
        text.append(f"{stars.get(one.kind, '')}{one.name}{default}")
    return ", ".join(text)


def of_method(method: Any) -> str | None:
    """The same, of a compiled method, whose first line of documentation tells: `_ndarray_base.all(self, axis=None)`."""
    found = re.match(r"\w+\.\w+\(self,? ?(.*)\)", (method.__doc__ or "").partition("\n")[0])
    if found is None:
        return of_function(method).removeprefix("self, ") if inspect.isroutine(method) else None
    parts = [part.split("=") for part in re.split(r", ", found[1]) if part]
    return ", ".join(part[0].split()[-1] + ("=None" if part[1:] else "") for part in parts)


def main() -> None:
    import cupy

    FILE.write_text(json.dumps(names(cupy), indent=0) + "\n")


if __name__ == "__main__":
    main()
