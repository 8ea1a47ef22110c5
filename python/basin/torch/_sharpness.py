"""One call for the sharpness of the present weights: measures by name, on one fixed probe, sent to Basin.

Names and formulas are the built-in trainer's. Invariant: the model leaves as it came.
"""

from __future__ import annotations

import math
from typing import Any, Dict, List, Optional, Sequence

from torch import nn

import basin

from . import _curvature, _keskar, _lastlayer
from ._surface import Loss, LossSurface

#: Whole-network measures. "keskar" gives one value for each epsilon, "lanczos" both ends of the spectrum.
NETWORK = (
    "keskar", "top-eigenvalue", "lanczos", "hutchinson-trace", "hutchinson-frobenius", "sam", "average-case",
    "gradient-norm",
)
ESTIMATORS = _lastlayer.LAST_LAYER + NETWORK


def sharpness(
    model: nn.Module,
    inputs: Any,
    targets: Any = None,
    estimators: Sequence[str] = ("exact-frobenius", "exact-trace", "exact-top"),
    *,
    loss: Optional[Loss] = None,
    head: str = "softmax",
    layer: Optional[str] = None,
    bias: bool = False,
    loss_scale: float = 1.0,
    batch_size: Optional[int] = None,
    samples: int = 30,
    seed: int = 0,
    step: Optional[int] = None,
    send: bool = True,
) -> Dict[str, float]:
    """The named measures of ``model`` on a fixed probe, sent to Basin unless ``send`` is False.

    ``inputs`` and ``targets`` are the probe, the same in every trial (``basin.torch.probe_of``): tensors, samples first, or dicts
    or tuples of them. ``loss(outputs, targets)`` is the mean of a batch; cross-entropy if not given. ``head`` says what the last
    linear layer's outputs mean ("softmax", "sigmoid", "linear"), ``layer`` which one that is if not the last. ``batch_size``
    cuts the probe to save memory: it never changes a whole-network measure, and the last layer's are computed on all rows.
    ``samples`` is the number of random vectors of "hutchinson-..."; their standard errors come as "....se".
    """
    unknown = [name for name in estimators if name not in ESTIMATORS]
    if unknown:
        raise ValueError(f"there is no {', '.join(unknown)}; the measures are {', '.join(ESTIMATORS)}")
    found: Dict[str, float] = {}
    local = [name for name in estimators if name in _lastlayer.LAST_LAYER]
    if local:
        last = _lastlayer.last_layer(model, inputs, head, layer, batch_size)
        for name in local:
            found[name] = _lastlayer.estimate(name, last, head, bias, loss_scale)
    whole = [name for name in estimators if name in NETWORK]
    if whole:
        if targets is None:
            raise ValueError(f"{', '.join(whole)} need the probe's targets")
        found.update(_network(LossSurface(model, inputs, targets, loss, batch_size), whole, samples, seed))
    if send:
        basin.sharpness(found, step=step)
    return found


def _network(surface: LossSurface, names: List[str], samples: int, seed: int) -> Dict[str, float]:
    found: Dict[str, float] = {}
    if "keskar" in names:
        for epsilon in _keskar.EPSILONS:
            found["keskar" if epsilon == 1e-3 else f"keskar-{epsilon:g}"] = _keskar.keskar(surface, epsilon)
    if "top-eigenvalue" in names:
        found["top-eigenvalue"] = _curvature.top_eigenvalue(surface, seed=seed)
    if "lanczos" in names:
        ends = _curvature.lanczos(surface, seed=seed).eigenvalues
        found["lanczos-smallest"], found["lanczos-largest"] = ends[0], ends[-1]
    if "hutchinson-trace" in names or "hutchinson-frobenius" in names:
        trace, norm = _curvature.hutchinson(surface, samples, seed)
        for name, estimate in (("hutchinson-trace", trace), ("hutchinson-frobenius", norm)):
            if name in names:
                found[name] = estimate.value
                if not math.isnan(estimate.standard_error):
                    found[name + ".se"] = estimate.standard_error
    if "sam" in names:
        found["sam"] = _curvature.sam(surface)
    if "average-case" in names:
        found["average-case"] = _curvature.average_case(surface, seed=seed).value
    if "gradient-norm" in names:
        found["gradient-norm"] = _curvature.gradient_norm(surface)
    return found
