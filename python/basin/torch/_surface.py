"""The loss on a fixed probe as a function of all trainable weights, as one flat vector.

Invariant: the model leaves as it came: weights, gradients, buffers, train/eval flags and random numbers are untouched, since
the weights are put in by ``torch.func.functional_call`` and everything else is restored.
"""

from __future__ import annotations

import contextlib
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import torch
from torch import Tensor, nn

#: (outputs of the model, targets) -> mean loss of the batch, a scalar.
Loss = Callable[[Any, Any], Tensor]


@contextlib.contextmanager
def as_it_was(model: nn.Module, evaluation: bool = True) -> Iterator[None]:
    """Evaluation mode inside; afterwards flags, buffers and random numbers are what they were before."""
    flags = [(module, module.training) for module in model.modules()]
    buffers = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]
    devices = sorted({p.device.index for p in model.parameters() if p.device.type == "cuda" and p.device.index is not None})
    with torch.random.fork_rng(devices=devices):
        try:
            if evaluation:
                model.eval()
            yield
        finally:
            for module, training in flags:
                module.training = training
            with torch.no_grad():
                for buffer, value in buffers:
                    # Bit for bit, so that NaN counts as equal; a model that leaves its buffers alone costs no write.
                    if not torch.equal(buffer, value):
                        buffer.copy_(value)


@contextlib.contextmanager
def twice_differentiable(model: nn.Module) -> Iterator[None]:
    """Second derivatives inside: cuDNN's recurrent layers and the fused attention kernels have none."""
    with contextlib.ExitStack() as stack:
        if any(isinstance(module, nn.RNNBase) for module in model.modules()):
            stack.enter_context(torch.backends.cudnn.flags(enabled=False))
        attention: Any = getattr(torch.nn, "attention", None)
        if attention is not None and hasattr(attention, "sdpa_kernel"):
            stack.enter_context(attention.sdpa_kernel(attention.SDPBackend.MATH))
        elif torch.cuda.is_available():
            old: Any = torch.backends.cuda
            stack.enter_context(old.sdp_kernel(enable_flash=False, enable_mem_efficient=False, enable_math=True))
        yield


def map_tensors(value: Any, how: Callable[[Tensor], Tensor]) -> Any:
    """Applies ``how`` to the tensors of nested dicts, lists and tuples."""
    if isinstance(value, Tensor):
        return how(value)
    if isinstance(value, dict):
        return {name: map_tensors(item, how) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [map_tensors(item, how) for item in value]
    return value


def first_tensor(value: Any) -> Optional[Tensor]:
    if isinstance(value, Tensor):
        return value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ():
        found = first_tensor(item)
        if found is not None:
            return found
    return None


class Batch(NamedTuple):
    inputs: Any
    targets: Any
    rows: int


def forward(model: Callable[..., Any], inputs: Any) -> Any:
    """Calls a model the way its input looks: a dict is keywords, a list or tuple is arguments."""
    if isinstance(inputs, dict):
        return model(**inputs)
    if isinstance(inputs, (list, tuple)):
        return model(*inputs)
    return model(inputs)


def batches_of(inputs: Any, targets: Any, batch_size: Optional[int]) -> List[Batch]:
    """The probe's rows in order, ``batch_size`` at a time; the last batch may be smaller."""
    sample = first_tensor(inputs)
    if sample is None or sample.dim() == 0 or sample.shape[0] == 0:
        raise ValueError("the probe has no rows: inputs are tensors (or a dict, list or tuple of them), samples first")
    rows = int(sample.shape[0])
    size = rows if batch_size is None else batch_size
    if size < 1:
        raise ValueError(f"a batch cannot have {size} rows")
    found = []
    for start in range(0, rows, size):
        end = min(rows, start + size)

        def part(tensor: Tensor, start: int = start, end: int = end) -> Tensor:
            # What a validation loop made under inference_mode cannot take part in a gradient, and nor could a copy made there.
            with torch.inference_mode(False):
                piece = tensor[start:end]
                return piece.clone() if piece.is_inference() else piece.detach()

        found.append(Batch(map_tensors(inputs, part), map_tensors(targets, part), end - start))
    return found


class LossSurface:
    """f(w), its gradient and exact Hessian-vector products (double backward) for a model's trainable weights.

    The loss is the mean over all rows of the probe, in evaluation mode (batch norm uses its running statistics, dropout is
    off). Weights are vectors in the model's own precision; convert a copy of the model to float64 where that is not enough.
    """

    def __init__(
        self,
        model: nn.Module,
        inputs: Any,
        targets: Any,
        loss: Optional[Loss] = None,
        batch_size: Optional[int] = None,
    ) -> None:
        self.model = model
        self.loss_function: Loss = nn.functional.cross_entropy if loss is None else loss
        self.parameters: Dict[str, nn.Parameter] = {
            name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad
        }
        if not self.parameters:
            raise ValueError("the model has no weights that require a gradient")
        first = next(iter(self.parameters.values()))
        self.device, self.dtype = first.device, first.dtype
        self.sizes = [parameter.numel() for parameter in self.parameters.values()]
        self.dimension = sum(self.sizes)

        def move(tensor: Tensor) -> Tensor:
            return tensor.to(self.device)

        self.batches = batches_of(map_tensors(inputs, move), map_tensors(targets, move), batch_size)
        self.rows = sum(batch.rows for batch in self.batches)

    # ---------------------------------------------------------------------------------------------------- vectors

    def weights(self) -> Tensor:
        """The present weights as one vector, a copy."""
        return self.flatten([parameter.detach() for parameter in self.parameters.values()])

    def flatten(self, tensors: Sequence[Tensor]) -> Tensor:
        return torch.cat([tensor.reshape(-1).to(device=self.device, dtype=self.dtype) for tensor in tensors])

    def unflatten(self, vector: Tensor) -> Dict[str, Tensor]:
        if vector.numel() != self.dimension:
            raise ValueError(f"the vector has {vector.numel()} values, but the model has {self.dimension} weights")
        parts = torch.split(vector.to(device=self.device), self.sizes)
        return {
            name: part.view_as(parameter).to(parameter.dtype)
            for (name, parameter), part in zip(self.parameters.items(), parts)
        }

    # ---------------------------------------------------------------------------------------------------- values

    @contextlib.contextmanager
    def _ready(self, gradients: bool) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            stack.enter_context(torch.inference_mode(False))
            stack.enter_context(torch.set_grad_enabled(gradients))
            stack.enter_context(torch.autocast(self.device.type, enabled=False))
            stack.enter_context(as_it_was(self.model))
            yield

    def _batch_loss(self, weights: Dict[str, Tensor], batch: Batch) -> Tensor:
        def run(*args: Any, **keywords: Any) -> Any:
            return torch.func.functional_call(self.model, weights, args, keywords)

        value = self.loss_function(forward(run, batch.inputs), batch.targets)
        if value.dim() != 0:
            raise ValueError(f"the loss must be one number, the mean of the batch; it has the shape {list(value.shape)}")
        return value

    def loss(self, weights: Tensor, buffers: Optional[Dict[str, Tensor]] = None) -> float:
        """Mean loss of the probe. One forward pass; ``buffers`` take the place of the model's."""
        named = {**(buffers or {}), **self.unflatten(weights)}
        total = 0.0
        with self._ready(False):
            for batch in self.batches:
                total += float(self._batch_loss(named, batch)) * batch.rows
        return total / self.rows

    def _differentiate(self, weights: Tensor, vector: Optional[Tensor]) -> Tuple[float, Tensor]:
        total = 0.0
        with self._ready(True), twice_differentiable(self.model):
            # Copies made here: a vector made under inference_mode cannot take part in a gradient.
            leaves = {name: part.detach().clone().requires_grad_(True) for name, part in self.unflatten(weights).items()}
            variables = list(leaves.values())
            direction = None if vector is None else [part.clone() for part in self.unflatten(vector).values()]
            result = torch.zeros(self.dimension, device=self.device, dtype=self.dtype)
            for batch in self.batches:
                value = self._batch_loss(leaves, batch)
                total += float(value.detach()) * batch.rows
                found = torch.autograd.grad(value, variables, create_graph=direction is not None, allow_unused=True)
                if direction is not None:
                    dots = [(g * d).sum() for g, d in zip(found, direction) if g is not None and g.requires_grad]
                    if not dots:
                        continue
                    found = torch.autograd.grad(torch.stack(dots).sum(), variables, allow_unused=True)
                flat = [torch.zeros_like(v) if g is None else g.detach() for g, v in zip(found, variables)]
                result += self.flatten(flat) * (batch.rows / self.rows)
        return total / self.rows, result

    def gradient(self, weights: Tensor) -> Tensor:
        """Gradient of the mean loss. One forward and one backward pass."""
        return self._differentiate(weights, None)[1]

    def loss_and_gradient(self, weights: Tensor) -> Tuple[float, Tensor]:
        return self._differentiate(weights, None)

    def hessian_vector(self, weights: Tensor, vector: Tensor) -> Tensor:
        """H(w) v, exact; two to three gradients' time."""
        return self._differentiate(weights, vector)[1]


