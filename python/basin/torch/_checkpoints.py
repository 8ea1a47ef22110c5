"""Checkpoints from which a training goes on as if it had never stopped: states, and everything that draws random numbers.

Invariant: a file is there whole or not at all, and the pointer to the newest one moves after it; an interruption at any moment
leaves a checkpoint that can be used.
"""

from __future__ import annotations

import os
import random
import re
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional, Union

import torch

import basin
from basin._link import _distributed_rank, warn

from ._takeover import given_to, keep_own, remember_given

_FORMAT = 1


def seed_everything(seed: Optional[int] = None) -> int:
    """Seeds random, NumPy (where it is loaded) and torch, on all devices, with the trial's seed; returns that seed."""
    value = basin.seed() if seed is None else seed
    random.seed(value)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(value % 2**32)
    torch.manual_seed(value)
    return value


def _random_state() -> Dict[str, Any]:
    version, numbers, gauss = random.getstate()
    state: Dict[str, Any] = {"python": [version, list(numbers), gauss], "torch": torch.get_rng_state()}
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        kind, keys, position, has_gauss, cached = numpy.random.get_state()
        state["numpy"] = [str(kind), keys.tolist(), int(position), int(has_gauss), float(cached)]
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state_all()
    return state


def _restore_random(state: Dict[str, Any]) -> None:
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))
    torch.set_rng_state(state["torch"].cpu())
    numpy = sys.modules.get("numpy")
    if numpy is not None and "numpy" in state:
        kind, keys, position, has_gauss, cached = state["numpy"]
        numpy.random.set_state((kind, numpy.array(keys, dtype=numpy.uint32), position, has_gauss, cached))
    saved = state.get("cuda")
    if saved is not None and torch.cuda.is_available():
        if len(saved) == torch.cuda.device_count():
            torch.cuda.set_rng_state_all([one.cpu() for one in saved])
        else:
            warn("the checkpoint is of a machine with another number of GPUs: their random numbers start anew")


def _state_of(name: str, part: Any) -> Any:
    if hasattr(part, "state_dict"):
        return part.state_dict()
    if hasattr(part, "get_state"):
        # A torch.Generator, such as a data loader's.
        return part.get_state()
    raise TypeError(f"{name} has neither state_dict nor get_state; plain values belong into `extra`")


def _load_state(name: str, part: Any, state: Any) -> None:
    if hasattr(part, "load_state_dict"):
        part.load_state_dict(state)
    elif hasattr(part, "set_state"):
        part.set_state(state.cpu())
    else:
        raise TypeError(f"{name} has neither load_state_dict nor set_state")


def _save(value: Any, path: Path) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with open(str(temporary), "wb") as file:
            torch.save(value, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(str(temporary), str(path))
    finally:
        if temporary.exists():
            temporary.unlink()


def _load(path: Path) -> Dict[str, Any]:
    # States of schedulers and scalers hold more than tensors. The file is the training script's own and no less trusted.
    loaded: Dict[str, Any] = torch.load(str(path), map_location="cpu", weights_only=False)
    return loaded


def checkpoint(
    step: int,
    *,
    folder: Union[str, Path] = "checkpoints",
    extra: Optional[Dict[str, Any]] = None,
    keep: int = 2,
    **parts: Any,
) -> Path:
    """Saves the named ``parts`` and all random states, and tells Basin::

        basin.torch.checkpoint(epoch, model=model, optimizer=optimizer, scheduler=scheduler)

    A part is anything with a state_dict (or a torch.Generator); ``extra`` takes plain values. ``folder`` is only used outside
    Basin. The ``keep`` newest files stay. Under DDP every rank calls it: rank 0 writes, the others add their random states.
    """
    if keep < 1:
        raise ValueError("at least one checkpoint must be kept")
    place = basin.checkpoint_dir(folder)
    rank = _distributed_rank() or 0
    path = place / f"step-{int(step)}.pt"
    if rank > 0:
        _save({"step": int(step), "random": _random_state()}, _rank_file(path, rank))
        return path
    _save({
        "format": _FORMAT,
        "step": int(step),
        "parts": {name: _state_of(name, part) for name, part in parts.items() if part is not None},
        "extra": dict(extra or {}),
        "random": _random_state(),
        "seed": basin.seed(),
        "given": {name: given for name, part in parts.items() if (given := given_to(part)) is not None},
    }, path)
    basin.checkpoint(step, path)
    _forget_old(place, path, keep)
    return path


def _rank_file(path: Path, rank: int) -> Path:
    return path.with_name(f"{path.stem}.rank{rank}.pt")


def _forget_old(place: Path, newest: Path, keep: int) -> None:
    found: List[Any] = []
    for file in place.glob("step-*.pt"):
        match = re.match(r"step-(\d+)(\.rank\d+)?\.pt$", file.name)
        if match and file.name != newest.name:
            found.append((int(match.group(1)), file))
    newest_step = int(newest.stem[5:])
    # Also what a run that went further before it was set back has left.
    earlier = sorted({step for step, _ in found if step < newest_step})
    kept = set(earlier[len(earlier) - (keep - 1) :]) if keep > 1 else set()
    for step, file in found:
        if step not in kept and step != newest_step:
            try:
                file.unlink()
            except OSError:
                pass


class Resumed(int):
    """The step that was resumed, 0 at a fresh start; ``extra`` is what the checkpoint was given. ``taken_over``: the checkpoint is
    another trial's."""

    extra: Dict[str, Any]
    taken_over: bool


def resume(*, path: Union[str, Path, None] = None, **parts: Any) -> "Resumed":
    """Restores what ``checkpoint`` has saved and returns its step; 0 when there is nothing to resume::

        start = basin.torch.resume(model=model, optimizer=optimizer, scheduler=scheduler)
        for epoch in range(start + 1, epochs + 1):

    Call it last before training: it also restores the random numbers. ``path`` resumes a file by hand, outside Basin.

    In population-based training the checkpoint may be another trial's. Then states are taken over, random numbers are the
    trial's own, and so are the optimizer's settings wherever the script has made it with others (a scheduled learning rate in
    proportion). Rates of hypergradient optimizers follow the scheduler's ``hdCopy``.
    """
    wanted = {name: part for name, part in parts.items() if part is not None}
    for part in wanted.values():
        remember_given(part)
    file = Path(path) if path is not None else None
    if file is None:
        latest = basin.load_checkpoint()
        file = latest.path if latest is not None else None
    if file is None:
        return _resumed(0, {}, False)
    saved = _load(file)
    if not isinstance(saved, dict) or saved.get("format") != _FORMAT:
        raise ValueError(f"{file} was not written by basin.torch.checkpoint")
    missing = sorted(set(wanted) - set(saved["parts"]))
    if missing:
        raise ValueError(f"{file} has no {', '.join(missing)}; it has {', '.join(sorted(saved['parts'])) or 'nothing'}")
    taken_over = path is None and "seed" in saved and saved["seed"] != basin.seed()
    for name, part in wanted.items():
        if taken_over:
            _take_over(name, part, saved)
        else:
            _load_state(name, part, saved["parts"][name])
    if not taken_over:
        states = saved["random"]
        rank = _distributed_rank() or 0
        if rank > 0 and _rank_file(file, rank).exists():
            states = _load(_rank_file(file, rank))["random"]
        _restore_random(states)
    return _resumed(saved["step"], saved["extra"], taken_over)


def _resumed(at: int, extra: Dict[str, Any], taken_over: bool) -> "Resumed":
    step = Resumed(at)
    step.extra = extra
    step.taken_over = taken_over
    return step


def _take_over(name: str, part: Any, saved: Dict[str, Any]) -> None:
    """Another trial's state, with this trial's own settings and random numbers."""
    if not hasattr(part, "load_state_dict"):
        # A generator: what the trial draws is its own.
        return
    try:
        _load_state(name, part, saved["parts"][name])
    except (RuntimeError, ValueError) as error:
        raise ValueError(
            f"the trial cannot go on from the other trial's checkpoint: {name} does not fit ({error}). Only parameters that leave "
            "the weights usable may differ; mark those that shape the model with `kind: structural` in the study"
        ) from error
    keep_own(part, saved.get("given", {}).get(name), int(saved["step"]))
