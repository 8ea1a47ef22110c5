"""Sharpness measures of the whole network around its weights, over a ``LossSurface``.

Sources: Keskar et al. 2017 (worst case in a box), Foret et al. 2021 (SAM), Hutchinson 1990, Lanczos with full
re-orthogonalisation, Pearlmutter 1994 (Hessian-vector products). What each is worth: before convergence the worst cases measure
the gradient rather than curvature, so ``gradient-norm`` belongs beside them; the power iteration finds the eigenvalue of largest
magnitude, which may be negative, while Lanczos finds both ends.
Invariant: random vectors come from a generator of their own with a fixed seed, so that equal weights give equal values.
"""

from __future__ import annotations

import math
from typing import List, NamedTuple, Tuple

import torch
from torch import Tensor

from ._surface import LossSurface


class Estimate(NamedTuple):
    """A mean over random vectors and its standard error."""

    value: float
    standard_error: float


class Spectrum(NamedTuple):
    """Ritz values in ascending order, and the share of the spectrum that each stands for (they add up to 1)."""

    eigenvalues: List[float]
    weights: List[float]

    def density(self, at: List[float], sigma: float) -> List[float]:
        """The spectrum as a density, each Ritz value widened to a normal distribution of ``sigma``."""
        scale = 1 / (sigma * math.sqrt(2 * math.pi))
        return [
            sum(w * scale * math.exp(-0.5 * ((x - e) / sigma) ** 2) for e, w in zip(self.eigenvalues, self.weights))
            for x in at
        ]


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _normal(surface: LossSurface, generator: torch.Generator) -> Tensor:
    drawn = torch.randn(surface.dimension, generator=generator, dtype=torch.float64)
    return drawn.to(device=surface.device, dtype=surface.dtype)


def _signs(surface: LossSurface, generator: torch.Generator) -> Tensor:
    drawn = torch.randint(0, 2, (surface.dimension,), generator=generator) * 2 - 1
    return drawn.to(device=surface.device, dtype=surface.dtype)


def _dot(a: Tensor, b: Tensor) -> float:
    return float(torch.dot(a.double(), b.double()))


def _mean(values: List[float]) -> Estimate:
    n = len(values)
    mean = math.fsum(values) / n
    if n < 2:
        return Estimate(mean, math.nan)
    return Estimate(mean, math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1) / n))


def top_eigenvalue(surface: LossSurface, iterations: int = 100, tolerance: float = 1e-3, seed: int = 0) -> float:
    """The Hessian's eigenvalue of largest magnitude by the power iteration; one Hessian-vector product a step."""
    w = surface.weights()
    v = _normal(surface, _generator(seed))
    v = v / v.norm()
    top = 0.0
    for step in range(iterations):
        following = surface.hessian_vector(w, v)
        rayleigh = _dot(v, following)
        length = float(following.norm())
        if not math.isfinite(rayleigh) or length == 0:
            return rayleigh
        if step > 0 and abs(rayleigh - top) <= tolerance * abs(rayleigh):
            return rayleigh
        top, v = rayleigh, following / length
    return top


def lanczos(surface: LossSurface, steps: int = 20, seed: int = 0) -> Spectrum:
    """The Hessian's spectrum from ``steps`` Hessian-vector products; the ends are the surest part of it."""
    w = surface.weights()
    v = _normal(surface, _generator(seed))
    basis = [v / v.norm()]
    diagonal: List[float] = []
    beside: List[float] = []
    for step in range(min(steps, surface.dimension)):
        following = surface.hessian_vector(w, basis[-1])
        if not bool(torch.isfinite(following).all()):
            return Spectrum([math.nan], [1.0])
        diagonal.append(_dot(basis[-1], following))
        # Against all earlier vectors, twice: rounding costs orthogonality faster than one pass restores it.
        for _ in range(2):
            for earlier in basis:
                following = following - _dot(earlier, following) * earlier
        length = float(following.norm())
        scale = max(abs(x) for x in diagonal + beside) if diagonal else 1.0
        if step + 1 >= min(steps, surface.dimension) or length <= 1e-6 * max(scale, 1e-30):
            break
        beside.append(length)
        basis.append(following / length)
    tridiagonal = torch.diag(torch.tensor(diagonal, dtype=torch.float64))
    for i, value in enumerate(beside[: len(diagonal) - 1]):
        tridiagonal[i, i + 1] = tridiagonal[i + 1, i] = value
    values, vectors = torch.linalg.eigh(tridiagonal)
    return Spectrum(values.tolist(), (vectors[0] ** 2).tolist())


def hutchinson(surface: LossSurface, samples: int = 30, seed: int = 0) -> Tuple[Estimate, Estimate]:
    """(trace, Frobenius norm) of the Hessian from random signs: mean of v'Hv, and sqrt of the mean of |Hv|^2."""
    w = surface.weights()
    generator = _generator(seed)
    traces, squares = [], []
    for _ in range(samples):
        v = _signs(surface, generator)
        hv = surface.hessian_vector(w, v)
        traces.append(_dot(v, hv))
        squares.append(_dot(hv, hv))
    square = _mean(squares)
    norm = math.sqrt(square.value) if square.value >= 0 else math.nan
    # The error of a square root, to first order.
    error = square.standard_error / (2 * norm) if norm > 0 else square.standard_error
    return _mean(traces), Estimate(norm, error)


def sam(surface: LossSurface, rho: float = 0.05, ascent_steps: int = 0) -> float:
    """max f(w + z) - f(w) over |z| <= rho, from below and at least 0: one step of length rho along the gradient, then
    ``ascent_steps`` of rho/4 that are projected back into the ball."""
    w = surface.weights()
    start, gradient = surface.loss_and_gradient(w)
    length = float(gradient.norm())
    if not length > 0:
        return length
    z = gradient * (rho / length)
    value = surface.loss(w + z) - start
    value = value if math.isnan(value) else max(0.0, value)
    for _ in range(ascent_steps):
        gradient = surface.gradient(w + z)
        length = float(gradient.norm())
        if not length > 0:
            break
        z = z + gradient * (rho / 4 / length)
        radius = float(z.norm())
        if radius > rho:
            z = z * (rho / radius)
        found = surface.loss(w + z) - start
        if math.isnan(found):
            return found
        value = max(value, found)
    return value


def average_case(surface: LossSurface, sigma: float = 0.01, pairs: int = 20, seed: int = 0) -> Estimate:
    """Mean of f(w + sigma u) - f(w) over normal u and -u: half sigma squared times the trace, for small sigma."""
    w = surface.weights()
    start = surface.loss(w)
    generator = _generator(seed)
    values = []
    for _ in range(pairs):
        u = _normal(surface, generator) * sigma
        values.append((surface.loss(w + u) + surface.loss(w - u)) / 2 - start)
    return _mean(values)


def gradient_norm(surface: LossSurface) -> float:
    return float(surface.gradient(surface.weights()).double().norm())
