"""Slices of the loss: along one or two filter-normalised random directions (Li et al. 2018), and along the straight line between
two models, with the height of the barrier on it.

Weights of rank 1 (biases, batch norm's scale and shift) do not move along random directions; batch norm uses its running
statistics. Invariant: ``save`` writes what src/flatness/landscape.ts computes under the same names: positions, losses (of a grid
row-major), barrier, barrierAt.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path as File
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Union

import torch
from torch import Tensor, nn

import basin
from basin._values import number

from ._surface import Loss, LossSurface

#: Whose weights [in, out, ...] count their filters along the second axis; all others along the first.
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)


def _write(record: Dict[str, Any], path: Union[str, File, None], kind: str) -> File:
    if path is None:
        folder = File(os.environ.get("BASIN_TRIAL_FOLDER") or ".") / "landscapes"
        file = folder / f"{kind}.json"
    else:
        file = File(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    temporary.write_text(json.dumps(record, allow_nan=False), encoding="utf-8")
    os.replace(str(temporary), str(file))
    return file


class Landscape(NamedTuple):
    """f(w + a d1) for each position a, or f(w + a d1 + b d2) with losses[i * len(positions) + j] at (a_i, b_j)."""

    positions: List[float]
    losses: List[float]
    dimensions: int

    def save(self, path: Union[str, File, None] = None) -> File:
        """As JSON; without a path into the trial's folder, landscapes/slice1d.json or slice2d.json."""
        kind = f"slice{self.dimensions}d"
        losses = [number(value) for value in self.losses]
        return _write({"kind": kind, "positions": self.positions, "losses": losses}, path, kind)


class Path(NamedTuple):
    """f((1 - t) a + t b) for each position t in [0, 1]."""

    positions: List[float]
    losses: List[float]
    #: Largest height of the loss over the straight line between the losses at the ends (Entezari et al. 2022), at least 0.
    barrier: float
    barrier_at: float

    def save(self, path: Union[str, File, None] = None) -> File:
        """As JSON; without a path into the trial's folder, landscapes/path.json."""
        losses = [number(value) for value in self.losses]
        record = {"kind": "path", "positions": self.positions, "losses": losses}
        return _write({**record, "barrier": number(self.barrier), "barrierAt": self.barrier_at}, path, "path")


def positions_between(start: float, end: float, points: int) -> List[float]:
    """Even positions, both ends included; weighted ends rather than added gaps, so that symmetric ranges contain exactly 0."""
    if points < 2:
        raise ValueError(f"a slice needs at least 2 points, not {points}")
    return [(start * (points - 1 - i) + end * i) / (points - 1) for i in range(points)]


def filter_normalised(surface: LossSurface, direction: Tensor) -> Tensor:
    """``direction`` with each filter or unit scaled to the norm of the weights' own, d |w| / (|d| + 1e-10), and 0 on tensors of
    rank 1. Scaling a layer by c and the next by 1/c then leaves the slice of a ReLU network as it is."""
    transposed = {
        id(module.weight) for module in surface.model.modules() if isinstance(module, _TRANSPOSED)
    }
    parts = surface.unflatten(direction)
    scaled = []
    for name, weight in surface.parameters.items():
        d, w = parts[name], weight.detach()
        if w.dim() < 2:
            scaled.append(torch.zeros_like(d))
            continue
        axis = 1 if id(weight) in transposed else 0
        others = [i for i in range(w.dim()) if i != axis]
        own = torch.linalg.vector_norm(w, dim=others, keepdim=True)
        scaled.append(d * (own / (torch.linalg.vector_norm(d, dim=others, keepdim=True) + 1e-10)))
    return surface.flatten(scaled)


def _direction(surface: LossSurface, seed: int, index: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed * 2 + index)
    drawn = torch.randn(surface.dimension, generator=generator, dtype=torch.float64)
    return filter_normalised(surface, drawn.to(device=surface.device, dtype=surface.dtype))


def landscape_1d(
    surface: LossSurface,
    points: int = 51,
    span: float = 1.0,
    *,
    direction: Optional[Tensor] = None,
    seed: int = 0,
    progress: Optional[Callable[[float], None]] = basin.heartbeat,
) -> Landscape:
    """f(w + a d) for ``points`` values of a in [-span, span]; one forward pass over the probe each."""
    w = surface.weights()
    d = _direction(surface, seed, 0) if direction is None else direction
    positions = positions_between(-span, span, points)
    losses = []
    for i, a in enumerate(positions):
        losses.append(surface.loss(w + a * d))
        if progress is not None:
            progress((i + 1) / len(positions))
    return Landscape(positions, losses, 1)


def landscape_2d(
    surface: LossSurface,
    points: int = 25,
    span: float = 1.0,
    *,
    seed: int = 0,
    progress: Optional[Callable[[float], None]] = basin.heartbeat,
) -> Landscape:
    """f(w + a d1 + b d2) on a square grid, ``points`` squared forward passes over the probe."""
    w = surface.weights()
    d1, d2 = _direction(surface, seed, 0), _direction(surface, seed, 1)
    positions = positions_between(-span, span, points)
    losses = []
    for i, a in enumerate(positions):
        row = w + a * d1
        losses += [surface.loss(row + b * d2) for b in positions]
        if progress is not None:
            progress((i + 1) / len(positions))
    return Landscape(positions, losses, 2)


def linear_path(
    model: nn.Module,
    first: Mapping[str, Tensor],
    second: Mapping[str, Tensor],
    inputs: Any,
    targets: Any,
    points: int = 25,
    *,
    loss: Optional[Loss] = None,
    batch_size: Optional[int] = None,
) -> Path:
    """The loss on the straight line between two checkpoints of ``model``, given as state_dicts. Batch norm's running statistics
    go the same way as the weights; integer buffers stay the model's. The model leaves as it came."""
    surface = LossSurface(model, inputs, targets, loss, batch_size)

    def ends(names: List[str]) -> List[Mapping[str, Tensor]]:
        for state in (first, second):
            lacking = [name for name in names if name not in state]
            if lacking:
                raise ValueError(f"the checkpoint lacks {', '.join(lacking)}")
        return [{name: state[name].to(surface.device) for name in names} for state in (first, second)]

    a, b = (surface.flatten(list(state.values())) for state in ends(list(surface.parameters)))
    others = {**dict(model.named_buffers()), **dict(model.named_parameters())}
    moving = [
        name
        for name, value in others.items()
        if name not in surface.parameters and name in first and value.is_floating_point()
    ]
    start, end = ends(moving)
    positions = positions_between(0.0, 1.0, points)
    losses = []
    for t in positions:
        between = {name: (1 - t) * start[name] + t * end[name] for name in moving}
        losses.append(surface.loss((1 - t) * a + t * b, between))
    barrier, at = 0.0, 0.0
    for t, value in zip(positions, losses):
        height = value - ((1 - t) * losses[0] + t * losses[-1])
        if math.isnan(height):
            return Path(positions, losses, height, t)
        if height > barrier:
            barrier, at = height, t
    return Path(positions, losses, barrier, at)
