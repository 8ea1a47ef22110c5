"""Representations of fixed probe samples, taken from a model by forward hooks, and which samples these are.

Invariant: the same samples in the same order in every trial of a study; evaluation mode, no augmentation, no gradient.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import random
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

import torch
from torch import Tensor, nn

import basin
from basin._link import warn

from ._surface import as_it_was, first_tensor


class Probe(NamedTuple):
    """Rows of a data set, and a name for them: embeddings are compared only where the names are equal."""

    indices: List[int]
    index_hash: str


def index_hash(indices: Sequence[int]) -> str:
    """16 hexadecimal digits of SHA-256 over the indices in order, as little-endian 64-bit integers."""
    digest = hashlib.sha256()
    for index in indices:
        digest.update(int(index).to_bytes(8, "little", signed=True))
    return digest.hexdigest()[:16]


def probe_of(labels: Union[int, Sequence[Any], Tensor], size: int = 128, seed: Optional[int] = None) -> Probe:
    """``size`` rows of the validation data (all, if there are fewer), the same in every trial of the study.

    ``labels``: one for each row, and then every label has its share of the probe; or just the number of rows. ``seed`` is
    the study's split seed if not given.
    """
    draw = random.Random(basin.split_seed() if seed is None else seed)
    if isinstance(labels, int):
        groups: List[List[int]] = [list(range(labels))]
    else:
        values = labels.tolist() if hasattr(labels, "tolist") else list(labels)
        by_label: Dict[Any, List[int]] = {}
        for row, label in enumerate(values):
            by_label.setdefault(label, []).append(row)
        groups = [by_label[label] for label in sorted(by_label, key=lambda label: (str(type(label)), label))]
    total = sum(len(group) for group in groups)
    if total == 0:
        raise ValueError("a probe needs at least one row")
    take = min(size, total)
    # Largest remainders: shares add up to the size, each within one of its label's part.
    shares = [take * len(group) // total for group in groups]
    order = sorted(range(len(groups)), key=lambda i: (-(take * len(groups[i]) % total), i))
    for i in order[: take - sum(shares)]:
        shares[i] += 1
    chosen = sorted(row for group, share in zip(groups, shares) for row in draw.sample(group, share))
    return Probe(chosen, index_hash(chosen))


class Embedding:
    """What ``embeddings`` has recorded; complete when its block has ended."""

    def __init__(self, name: str) -> None:
        self.name = name
        #: [samples, units], float32, on the CPU.
        self.array: Optional[Tensor] = None
        #: "nan": there are values that are not finite; "collapsed": all samples look alike.
        self.flags: Tuple[str, ...] = ()
        self._parts: List[Tensor] = []

    def _add(self, value: Any) -> None:
        tensor = first_tensor(value)
        if tensor is None:
            raise ValueError(f"the layer of the embedding {self.name!r} gave no tensor")
        tensor = tensor.detach().float()
        if tensor.dim() == 1:
            tensor = tensor[:, None]
        elif tensor.dim() == 3:
            # [samples, positions, units]
            tensor = tensor.mean(dim=1)
        elif tensor.dim() > 3:
            # [samples, channels, ...]: global average pooling.
            tensor = tensor.flatten(2).mean(dim=2)
        self._parts.append(tensor.cpu())

    def _finish(self) -> None:
        if not self._parts:
            raise RuntimeError(f"the embedding {self.name!r} is empty: call the model inside the block, model(x)")
        self.array = torch.cat(self._parts)
        self.flags = flags_of(self.array)
        self._parts = []


def flags_of(array: Tensor) -> Tuple[str, ...]:
    """("nan",) where a value is not finite, ("collapsed",) where the 0.9-quantile of the distances is below
    1e-6 |P| / sqrt(n): nothing but rounding tells the samples apart."""
    if not bool(torch.isfinite(array).all()):
        return ("nan",)
    values = array.double()
    n = values.shape[0]
    if n < 2:
        return ()
    # Differences and not the scalar products: near a collapse those would leave nothing but rounding.
    distances = torch.cdist(values, values, compute_mode="donot_use_mm_for_euclid_dist")
    wide = float(distances.flatten().kthvalue(max(1, math.ceil(0.9 * n * n))).values)
    return ("collapsed",) if wide <= 1e-6 * float(values.norm()) / math.sqrt(n) else ()


@contextlib.contextmanager
def embeddings(
    model: nn.Module,
    layer: Optional[str] = None,
    *,
    name: str = "penultimate",
    step: Optional[int] = None,
    index_hash: Optional[str] = None,
    send: bool = True,
) -> Iterator[Embedding]:
    """Records how ``model`` sees the samples that are put through it in the block, in evaluation mode, and sends that to Basin::

        with basin.torch.embeddings(model, index_hash=probe.index_hash):
            model(inputs[probe.indices])

    The representation is the output of ``layer`` (a name of ``model.named_modules()``) or, without one, the input of the linear
    layer that a forward pass comes to last. Several calls are several batches. Convolutional maps are averaged over their
    positions, sequences over their tokens. The model leaves as it came.
    """
    found = Embedding(name)
    latest: List[Any] = []
    handles = []

    def note(module: nn.Module, args: Tuple[Any, ...]) -> None:
        latest[:] = args[:1]

    def take(module: nn.Module, args: Tuple[Any, ...], output: Any) -> None:
        if layer is not None:
            found._add(output)
        elif latest:
            found._add(latest.pop())
        else:
            raise RuntimeError("the forward pass never came to a linear layer: name the layer")

    if layer is not None:
        handles.append(model.get_submodule(layer).register_forward_hook(take))
    else:
        linears = [module for module in model.modules() if isinstance(module, nn.Linear)]
        if not linears:
            raise ValueError("the model has no nn.Linear, whose input would be the embedding: name the layer")
        handles += [module.register_forward_pre_hook(note) for module in linears]
        handles.append(model.register_forward_hook(take))
    try:
        with torch.no_grad(), as_it_was(model):
            yield found
    finally:
        for handle in handles:
            handle.remove()
    found._finish()
    if found.flags:
        warn(f"the embedding {name!r} is {' and '.join(found.flags)}")
    if send and found.array is not None:
        basin.embedding(found.array, name=name, step=step, index_hash=index_hash)
