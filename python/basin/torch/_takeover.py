"""Going on from another trial's checkpoint with settings of one's own (a population's exploit step, Jaderberg et al. 2017).

An optimizer's state_dict holds its settings beside its state, so loading another trial's would bring that trial's learning rate,
too. Invariant: a setting that the script has made otherwise than the other trial's script did is the script's own; one that is
the same in both is as the other trial left it, which may be scheduled or adapted.
"""

from __future__ import annotations

import os
import random
import weakref
from typing import Any, Dict, List, Optional

import basin

from ._hypergradient import _Hypergradient

#: What optimizers and schedulers were made with, before anything was loaded into them.
_given: "weakref.WeakKeyDictionary[Any, Dict[str, Any]]" = weakref.WeakKeyDictionary()


def _settings(group: Dict[str, Any]) -> Dict[str, Any]:
    return {name: value for name, value in group.items() if name != "params"}


def remember_given(part: Any) -> None:
    """Notes the settings that the script has made an optimizer or a scheduler with; of other parts there are none."""
    found: Dict[str, Any] = {}
    if isinstance(getattr(part, "param_groups", None), list):
        found["groups"] = [_settings(group) for group in part.param_groups]
    if isinstance(getattr(part, "base_lrs", None), list):
        found["base_lrs"] = list(part.base_lrs)
    if found:
        _given.setdefault(part, found)


def given_to(part: Any) -> Optional[Dict[str, Any]]:
    """What ``remember_given`` has noted; None where there is nothing."""
    try:
        return _given.get(part)
    except TypeError:
        # Not hashable or not weakly referable: no optimizer.
        return None


def keep_own(part: Any, theirs: Optional[Dict[str, Any]], step: int) -> None:
    """After loading another trial's state: the settings that differ from that trial's become the script's own again.

    ``theirs`` is what that trial's script made the part with; None where its checkpoint does not say: then all are the script's own.
    """
    own = given_to(part)
    if own is None:
        return
    if "base_lrs" in own and own["base_lrs"] != (theirs or {}).get("base_lrs"):
        part.base_lrs = list(own["base_lrs"])
    if "groups" not in own:
        return
    given: List[Dict[str, Any]] = (theirs or {}).get("groups") or []
    for at, (group, mine) in enumerate(zip(part.param_groups, own["groups"])):
        before = given[at] if at < len(given) else {}
        adapted = _adapted(part, group, mine, step, at)
        for name, value in mine.items():
            if name in adapted:
                group[name] = adapted[name]
            elif name not in before or not _same(before[name], value):
                group[name] = _scaled(group.get(name), before.get(name), value) if name == "lr" else value


def _same(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except (RuntimeError, TypeError, ValueError):
        return False


def _scaled(now: Any, before: Any, own: Any) -> Any:
    """A scheduled learning rate, as it would be had its schedule begun at ``own``."""
    try:
        if before is None or float(before) == 0 or float(now) == float(before):
            return own
        return float(now) * (float(own) / float(before))
    except (TypeError, ValueError):
        return own


def _adapted(part: Any, group: Dict[str, Any], mine: Dict[str, Any], step: int, at: int) -> Dict[str, float]:
    """The rates of a hypergradient optimizer's group by the policy ``BASIN_HD_COPY``; empty for other optimizers."""
    if not isinstance(part, _Hypergradient):
        return {}
    policy = os.environ.get("BASIN_HD_COPY") or "perturb"
    rates = {"lr": float(mine["lr"]), "momentum": float(mine["momentum"])}
    if policy in ("copy", "perturb"):
        rng = random.Random(f"{basin.seed()}:hdCopy:{step}:{at}")
        first, second = (rng.choice((0.8, 1.2)) if policy == "perturb" else 1.0 for _ in range(2))
        # A rate that never moves is a setting like any other.
        if mine["beta"] != 0:
            rates["lr"] = float(group["lr"]) * first
        if part._moves(group) and mine["eta"] != 0:
            momentum = float(group["momentum"])
            rates["momentum"] = momentum if second == 1.0 else 1 - (1 - momentum) * second
    for name, bounds in (("lr", "lr_bounds"), ("momentum", "momentum_bounds")):
        low, high = mine[bounds]
        rates[name] = min(high, max(low, rates[name]))
    return rates
