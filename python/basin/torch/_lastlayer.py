"""Sharpness measures of the last linear layer, from its input A [m, n], weights W and the probabilities P [m, k] of the probe.

With outputs z_i = W a_i and a mean loss, the Hessian in W is H = (1/m) sum_i S_i (x) a_i a_i', where S_i = d2l/dz2 is
diag(p) - pp' (softmax), diag(p (1 - p)) (sigmoid) or I (linear, half squared error). The ratios (theorem1 ... rms) come from
flatness-guided hyperparameter optimisation; none of them bounds a Hessian, and several grow with the size of the batch.
The formulas are those of src/flatness/lastLayer.ts; both are tested on the same weights.
"""

from __future__ import annotations

import math
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

import torch
from torch import Tensor, nn

from ._surface import as_it_was, batches_of, forward, map_tensors

LAST_LAYER = (
    "theorem1", "section", "penultimate", "product", "rms", "activation", "exact-frobenius", "exact-trace", "exact-top",
)
HEADS = ("softmax", "sigmoid", "linear")


class LastLayer(NamedTuple):
    """What the measures are computed from, in float64 on the CPU."""

    activations: Tensor
    #: As nn.Linear keeps it: [k, n], without bias.
    weights: Tensor
    probabilities: Tensor
    bias: bool


class _Recorder:
    """Notes the input and output of the linear layer that a forward pass comes to last."""

    def __init__(self, model: nn.Module, layer: Optional[str]) -> None:
        self.linear: Optional[nn.Linear] = None
        self.input: Optional[Tensor] = None
        self.output: Optional[Tensor] = None
        named = [model.get_submodule(layer)] if layer is not None else model.modules()
        linears = [module for module in named if isinstance(module, nn.Linear)]
        if not linears:
            where = "the model has none" if layer is None else f"{layer!r} is none"
            raise ValueError(f"the last-layer measures need an nn.Linear, and {where}; use a measure of the whole network")
        self._handles = [module.register_forward_hook(self._note) for module in linears]

    def _note(self, module: nn.Module, args: Tuple[Any, ...], output: Any) -> None:
        if isinstance(module, nn.Linear):
            self.linear, self.input, self.output = module, args[0].detach(), output.detach()

    def remove(self) -> None:
        for handle in self._handles:
            handle.remove()


def last_layer(
    model: nn.Module,
    inputs: Any,
    head: str = "softmax",
    layer: Optional[str] = None,
    batch_size: Optional[int] = None,
) -> LastLayer:
    """Runs the probe and takes down the last linear layer that it comes to, or the one named ``layer``. The model leaves as it
    came. ``head`` says what the layer's outputs mean."""
    if head not in HEADS:
        raise ValueError(f"head is one of {', '.join(HEADS)}, not {head!r}")
    device = next(model.parameters()).device
    recorder = _Recorder(model, layer)
    rows: List[Tensor] = []
    outputs: List[Tensor] = []
    try:
        with torch.no_grad(), as_it_was(model):
            for batch in batches_of(map_tensors(inputs, lambda tensor: tensor.to(device)), None, batch_size):
                forward(model, batch.inputs)
                if recorder.input is None or recorder.output is None:
                    raise ValueError("the forward pass never came to a linear layer")
                rows.append(recorder.input.reshape(-1, recorder.input.shape[-1]).double().cpu())
                outputs.append(recorder.output.reshape(-1, recorder.output.shape[-1]).double().cpu())
    finally:
        recorder.remove()
    linear = recorder.linear
    assert linear is not None
    scores = torch.cat(outputs)
    if head == "softmax":
        probabilities = scores.softmax(dim=1)
    else:
        probabilities = scores.sigmoid() if head == "sigmoid" else scores
    return LastLayer(torch.cat(rows), linear.weight.detach().double().cpu(), probabilities, linear.bias is not None)


# ---------------------------------------------------------------------------------------------------------------- exact


def exact_frobenius(a: Tensor, p: Tensor, head: str) -> float:
    """(1/m) sqrt(sum_ij <S_i, S_j> (a_i.a_j)^2); O(m^2 (n + k))."""
    if head == "linear":
        # S_i = I: sqrt(k) |A'A| / m, without the m x m matrix.
        return math.sqrt(p.shape[1]) * float(torch.linalg.matrix_norm(a.T @ a)) / a.shape[0]
    kernel = a @ a.T
    if head == "sigmoid":
        slopes = p * (1 - p)
        inner = slopes @ slopes.T
    else:
        product, squares = p @ p.T, (p * p) @ p.T
        inner = product - squares - squares.T + product * product
    return math.sqrt(max(0.0, float((inner * kernel * kernel).sum()))) / a.shape[0]


def exact_trace(a: Tensor, p: Tensor, head: str) -> float:
    """The mean of tr(S_i) |a_i|^2."""
    traces = torch.full((p.shape[0],), float(p.shape[1]), dtype=p.dtype) if head == "linear" else (p * (1 - p)).sum(1)
    return float((traces * (a * a).sum(1)).mean())


def _curvature(p: Tensor, head: str) -> Callable[[Tensor], Tensor]:
    if head == "softmax":
        return lambda u: p * (u - (p * u).sum(1, keepdim=True))
    if head == "sigmoid":
        return lambda u: p * (1 - p) * u
    return lambda u: u


def exact_top(a: Tensor, p: Tensor, head: str, iterations: int = 1000, tolerance: float = 1e-9) -> float:
    """Largest eigenvalue (H is positive semi-definite) by the power iteration; O(m n k) a step."""
    apply = _curvature(p, head)
    v = torch.randn(a.shape[1], p.shape[1], generator=torch.Generator().manual_seed(0), dtype=a.dtype)
    top = 0.0
    for _ in range(iterations):
        length = float(torch.linalg.vector_norm(v))
        if length == 0 or not math.isfinite(length):
            return length
        v = v / length
        following = a.T @ apply(a @ v) / a.shape[0]
        rayleigh = float((v * following).sum())
        if abs(rayleigh - top) <= tolerance * abs(rayleigh):
            return rayleigh
        top, v = rayleigh, following
    return top


def _finite(value: float, a: Tensor, p: Tensor) -> float:
    return value if bool(torch.isfinite(a).all()) and bool(torch.isfinite(p).all()) else math.nan


# ---------------------------------------------------------------------------------------------------------------- measures


def estimate(
    name: str, layer: LastLayer, head: str = "softmax", bias: bool = False, loss_scale: float = 1.0
) -> float:
    """One measure on one batch. ``bias`` counts the bias among the weights (exact measures only); ``loss_scale`` is a factor
    on the exact ones for losses that differ by one: 2/k for a squared error averaged over k outputs (nn.MSELoss), 1/k for a
    binary cross-entropy averaged over k labels (nn.BCEWithLogitsLoss)."""
    a, w, p = layer.activations, layer.weights, layer.probabilities

    def norm(tensor: Tensor) -> float:
        return float(torch.linalg.vector_norm(tensor))

    size = norm(w)
    ratios: Dict[str, Callable[[], float]] = {
        "theorem1": lambda: _ratio(norm(p), size),
        # 0 as soon as one sample has all its units dead.
        "section": lambda: _ratio(float(torch.linalg.vector_norm(a, dim=1).min()), a.shape[0] * size),
        "penultimate": lambda: _ratio(norm(a), size),
        "product": lambda: _ratio(norm(a) * norm(p), size),
        # rms(A) rms(P) / rms(W): the sizes n and k cancel, 1/m is left.
        "rms": lambda: _ratio(norm(a) * norm(p), a.shape[0] * size),
        "activation": lambda: norm(a),
    }
    if name in ratios:
        return ratios[name]()
    exact: Dict[str, Callable[[Tensor, Tensor, str], float]] = {
        "exact-frobenius": exact_frobenius,
        "exact-trace": exact_trace,
        "exact-top": exact_top,
    }
    if name not in exact:
        raise ValueError(f"the last layer's measures are {', '.join(LAST_LAYER)}, not {name!r}")
    inputs = torch.cat([a, torch.ones(a.shape[0], 1, dtype=a.dtype)], dim=1) if bias else a
    return _finite(loss_scale * exact[name](inputs, p, head), a, p) if a.numel() else math.nan


def _ratio(above: float, below: float) -> float:
    if below == 0:
        return math.nan if above == 0 or math.isnan(above) else math.inf
    return above / below


def estimate_over_batches(
    name: str, layer: LastLayer, batch_size: int, head: str = "softmax", bias: bool = False, loss_scale: float = 1.0
) -> float:
    """The largest finite value over the rows in order, ``batch_size`` at a time, the last partial batch included."""
    values = []
    for start in range(0, layer.activations.shape[0], batch_size):
        part = slice(start, start + batch_size)
        batch = layer._replace(activations=layer.activations[part], probabilities=layer.probabilities[part])
        values.append(estimate(name, batch, head, bias, loss_scale))
    return max((value for value in values if math.isfinite(value)), default=math.nan)
