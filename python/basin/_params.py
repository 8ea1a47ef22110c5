"""The trial's parameters: where they come from, and how they are laid over a script's defaults."""

from __future__ import annotations

import copy
import json
import os
from typing import Any, Dict, Mapping


class Params(Dict[str, Any]):
    """A dict whose entries are attributes too, nested ones by dotted names: ``p.model.width == p["model.width"]``."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"no parameter {name!r}; there are: {', '.join(self) or 'none'}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __missing__(self, key: str) -> Any:
        head, dot, rest = str(key).partition(".")
        if dot and dict.__contains__(self, head) and isinstance(self[head], dict):
            return self[head][rest]
        raise KeyError(key)

    def get(self, key: str, default: Any = None) -> Any:
        try:
            return self[key]
        except KeyError:
            return default

    # Pickled as the plain dict that it is: data loaders and spawned ranks get parameters too.
    def __reduce__(self) -> Any:
        return (Params, (dict(self),))


def as_params(value: Any) -> Any:
    """Mappings become ``Params``, whatever is in them is copied."""
    if isinstance(value, Mapping):
        return Params((str(key), as_params(item)) for key, item in value.items())
    return copy.deepcopy(value)


def overlay(target: Params, name: str, value: Any) -> bool:
    """Sets ``name``, dotted or not, where the defaults have it; False when it is new."""
    if dict.__contains__(target, name):
        default = dict.__getitem__(target, name)
        # 1.0 travels as 1: a default that is a float stays one.
        if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        target[name] = value
        return True
    head, dot, rest = name.partition(".")
    if not dot:
        target[name] = value
        return False
    inner = dict.get(target, head)
    if not isinstance(inner, Params):
        if inner is not None:
            target[name] = value
            return False
        inner = target[head] = Params()
    return overlay(inner, rest, value)


def trial_params() -> Dict[str, Any]:
    """The parameters that Basin has chosen for this trial; empty outside Basin."""
    path = os.environ.get("BASIN_PARAMS_FILE")
    if path and os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            found: Dict[str, Any] = json.load(file)
            return found
    given: Dict[str, Any] = json.loads(os.environ.get("BASIN_PARAMS") or "{}")
    return given
