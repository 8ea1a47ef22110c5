"""What the callbacks have in common."""

from __future__ import annotations

import time
from typing import Any, Dict, Mapping, Optional, Sequence

import basin


def scalars(metrics: Mapping[str, Any], only: Optional[Sequence[str]] = None) -> Dict[str, float]:
    """The entries that are numbers, ``only`` those named where names are given."""
    found: Dict[str, float] = {}
    for name, value in metrics.items():
        if only is not None and name not in only:
            continue
        if hasattr(value, "numel") and value.numel() != 1:
            continue
        try:
            found[str(name)] = float(value)
        except (TypeError, ValueError):
            continue
    return found


class Pulse:
    """Heartbeats, at most one in a few seconds however short the batches are."""

    def __init__(self, seconds: float = 5.0) -> None:
        self._seconds = seconds
        self._next = 0.0

    def beat(self, fraction: Optional[float] = None) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + self._seconds
            basin.heartbeat(fraction)
