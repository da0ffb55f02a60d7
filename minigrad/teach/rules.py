"""The local rule of an op, in symbols: what its backward multiplies the upstream gradient by."""

from __future__ import annotations


def rule_of(op: str, argument: str) -> dict[str, str]:
    """{"rule", "rule_text"} of the gradient for an argument, in LaTeX and as text; empty for a user's own op."""
    return {"rule": "", "rule_text": ""}
