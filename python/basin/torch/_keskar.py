"""Keskar sharpness: the largest rise of the loss within a small box around the weights, by projected L-BFGS.

Source: Keskar et al. 2017, with the epsilons of Agrawal et al.: 1e-3 and 5e-4. The set is a box with |z_i| <= eps (|w_i| + 1),
so that away from a minimum its corner along the gradient's signs makes nearly all of the value. The ascent is that of
src/flatness/boxAscent.ts: same directions, same search, so that both end at the same point.
Invariant: every point that is evaluated lies in the box; the loss rises from step to step.
"""

from __future__ import annotations

import math
from typing import List, Optional, Tuple

import torch
from torch import Tensor

from ._surface import LossSurface

EPSILONS = (1e-3, 5e-4)
_MEMORY = 10
_HALVINGS = 20
#: Share of the promised rise that a step must bring (Armijo).
_SUFFICIENT = 1e-4

_Pairs = List[Tuple[Tensor, Tensor]]


def _dot(a: Tensor, b: Tensor) -> float:
    return float(torch.dot(a.double(), b.double()))


def _norm(a: Tensor) -> float:
    return float(torch.linalg.vector_norm(a.double()))


def _quasi_newton(g: Tensor, free: Tensor, pairs: _Pairs) -> Optional[Tensor]:
    """The two-loop recursion on the free weights; None when no pair is of use there or the result does not ascend. A pair is
    (step, minus the change of the gradient)."""
    cut = [(s * free, y * free) for s, y in pairs]
    useful = [(s, y) for s, y in cut if _dot(s, y) > 1e-12 * _norm(s) * _norm(y)]
    if not useful:
        return None
    d = g * free
    factors = []
    for s, y in reversed(useful):
        factor = _dot(s, d) / _dot(s, y)
        factors.append(factor)
        d = d - factor * y
    s, y = useful[-1]
    d = d * (_dot(s, y) / _dot(y, y))
    for s, y in useful:
        d = d + (factors.pop() - _dot(y, d) / _dot(s, y)) * s
    return d if _dot(d, g) > 1e-10 * _norm(d) * _norm(g) else None


def keskar(surface: LossSurface, epsilon: float = 1e-3, iterations: int = 10) -> float:
    """100 (max f(w + z) - f(w)) / (1 + f(w)), never negative; about 12 gradients."""
    if not epsilon > 0:
        raise ValueError(f"epsilon is {epsilon}; it must be positive")
    w = surface.weights()
    box = epsilon * (w.abs() + 1)
    start, g = surface.loss_and_gradient(w)
    if not math.isfinite(start):
        return math.nan
    z, value = torch.zeros_like(w), start
    if _norm(g) == 0:
        # Nothing points anywhere: a random point of the box instead.
        draw = torch.rand(w.numel(), generator=torch.Generator().manual_seed(0), dtype=torch.float64) - 0.5
        z = box * draw.to(device=w.device, dtype=w.dtype)
        value, g = surface.loss_and_gradient(w + z)
    pairs: _Pairs = []

    def search(direction: Tensor) -> Optional[Tuple[Tensor, float]]:
        """The first point along the projected arc that rises enough."""
        for halving in range(_HALVINGS + 1):
            point = torch.maximum(torch.minimum(z + direction * 0.5**halving, box), -box)
            promised = _dot(g, point - z)
            if promised <= 0:
                continue
            there = surface.loss(w + point)
            if there >= value + _SUFFICIENT * promised and there > value:
                return point, there
        return None

    for _ in range(iterations):
        if not math.isfinite(value):
            break
        held = ((z <= -box) & (g < 0)) | ((z >= box) & (g > 0))
        if bool(((g == 0) | held).all()):
            break
        direction = _quasi_newton(g, (~held).to(g.dtype), pairs)
        found = None if direction is None else search(direction)
        if found is None:
            # Towards the corner that the gradient points to.
            zero = torch.zeros_like(z)
            found = search(torch.where(g > 0, box - z, torch.where(g < 0, -box - z, zero)))
        if found is None:
            break
        point, value = found
        following = surface.gradient(w + point)
        s, y = point - z, g - following
        if _dot(s, y) > 1e-12 * _norm(s) * _norm(y):
            pairs = [*pairs, (s, y)][-_MEMORY:]
        z, g = point, following
    rise = value - start
    return 100 * (rise if math.isnan(rise) else max(0.0, rise)) / (1 + start)
