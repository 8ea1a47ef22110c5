"""Hypergradient descent: each step adapts the learning rate alpha and the momentum gamma by the newest gradient.

Sources: Baydin et al. 2018 (alpha); Seifi and Niaki, extended hypergradient descent (gamma), with heavy-ball sign:
theta += -alpha g + gamma d. With p = -d(theta)/d(alpha) of the last update and d its move,

    cosine (default)   alpha *= 1 + beta cos(g, p)      gamma -= eta cos(g, d)
    raw                alpha += beta g.p                gamma -= eta g.d

The cosine rule does not depend on the scale of the loss; the raw one diverges easily. Both end in bounds. The rules are those of
src/trainers/tfjs/training/hypergradient.ts. Invariant: rates live in the parameter groups as "lr" and "momentum", so that
state_dict, checkpoints and logs carry them; each group has rates of its own.
"""

from __future__ import annotations

import math
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple

import torch
from torch import Tensor
from torch.optim import Optimizer

import basin

_TINY = 1e-12


def _clip(value: float, bounds: Tuple[float, float]) -> float:
    return min(bounds[1], max(bounds[0], value))


class _Hypergradient(Optimizer):
    """What both optimizers share: signals, the rule, and gradients that cannot be used."""

    def __init__(self, params: Any, defaults: Dict[str, Any]) -> None:
        if defaults["rule"] not in ("cosine", "raw"):
            raise ValueError(f"rule is 'cosine' or 'raw', not {defaults['rule']!r}")
        for name in ("beta", "eta", "weight_decay"):
            if not defaults[name] >= 0:
                raise ValueError(f"{name} must not be negative, and is {defaults[name]}")
        super().__init__(params, defaults)

    @classmethod
    def tuned(cls, params: Iterable[Any], **options: Any) -> Any:
        """The optimizer with the rates, bounds and rule of the study's ``tuneOnline``; ``options`` win. A rate that the study
        does not tune stays as it is given. Outside Basin, or without ``tuneOnline``, the class's own defaults."""
        return cls(params, **{**cls._asked(basin.tune_online()), **options})

    @classmethod
    def _asked(cls, asked: Optional[Dict[str, Any]]) -> Dict[str, Any]:
        if asked is None:
            return {}
        rate = asked.get("learningRate")
        if rate is None:
            return {"rule": asked["rule"], "beta": 0.0, "lr_bounds": (0.0, math.inf)}
        return {"rule": asked["rule"], "lr": rate["start"], "lr_bounds": (rate["low"], rate["high"])}

    def add_param_group(self, param_group: Dict[str, Any]) -> None:
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        for rate, bounds in (("lr", "lr_bounds"), ("momentum", "momentum_bounds")):
            low, high = group[bounds]
            if not 0 <= low <= high:
                raise ValueError(f"{bounds} must be (low, high) with 0 <= low <= high, and are {group[bounds]}")
            if not group[rate] >= 0:
                raise ValueError(f"{rate} must not be negative, and is {group[rate]}")
            group[rate] = _clip(float(group[rate]), (low, high))

    def metrics(self) -> Dict[str, float]:
        """The rates of the first parameter group as metrics: ``basin.report(epoch, loss=loss, **optimizer.metrics())``."""
        group = self.param_groups[0]
        return {"learning_rate": float(group["lr"]), "momentum": float(group["momentum"])}

    def _moves(self, group: Dict[str, Any]) -> bool:
        """Whether the group has a momentum that the rule adapts."""
        raise NotImplementedError

    def _update(self, group: Dict[str, Any], parameter: Tensor, gradient: Tensor, state: Dict[str, Any]) -> None:
        """One weight tensor's update, with state["direction"] (p) and state["move"] (d) as the rule wants them."""
        raise NotImplementedError

    @torch.no_grad()
    def step(self, closure: Optional[Callable[[], Any]] = None) -> Any:
        """One update; None or what the closure returns. A gradient that is not finite is left out, and halves the rates."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        work = [self._gradients(group) for group in self.param_groups]
        scale = self._clip_scale(work)
        signals = [self._signals(group, pairs, scale) for group, pairs in zip(self.param_groups, work)]
        if not all(math.isfinite(found[0]) for found in signals):
            for group in self.param_groups:
                group["lr"] = _clip(group["lr"] / 2, group["lr_bounds"])
            return loss
        for group, pairs, found in zip(self.param_groups, work, signals):
            self._adapt(group, found)
            for parameter, gradient in pairs:
                self._update(group, parameter, self._decayed(group, parameter, gradient, scale), self.state[parameter])
        return loss

    def _gradients(self, group: Dict[str, Any]) -> List[Tuple[Tensor, Tensor]]:
        pairs = []
        for parameter in group["params"]:
            if parameter.grad is None:
                continue
            if parameter.grad.is_sparse:
                raise RuntimeError(f"{type(self).__name__} takes no sparse gradients")
            pairs.append((parameter, parameter.grad))
        return pairs

    def _clip_scale(self, work: List[List[Tuple[Tensor, Tensor]]]) -> Any:
        limit = self.defaults["max_grad_norm"]
        norms = [torch.linalg.vector_norm(gradient) for pairs in work for _, gradient in pairs]
        if limit is None or not norms:
            return 1.0
        device = norms[0].device
        norm = torch.linalg.vector_norm(torch.stack([one.to(device) for one in norms]))
        return float(torch.clamp(limit / norm, max=1.0)) if bool(norm > 0) else 1.0

    def _decayed(self, group: Dict[str, Any], parameter: Tensor, gradient: Tensor, scale: float) -> Tensor:
        gradient = gradient if scale == 1.0 else gradient * scale
        decay = 0.0 if group.get("decoupled") else group["weight_decay"]
        return gradient if decay == 0 else gradient.add(parameter, alpha=decay)

    def _signals(self, group: Dict[str, Any], pairs: List[Tuple[Tensor, Tensor]], scale: float) -> List[float]:
        """g.g, g.p, p.p, g.d and d.d over the group: one wait for the device."""
        if not pairs:
            return [0.0] * 5
        device = pairs[0][0].device
        sums = torch.zeros(5, dtype=torch.float64, device=device if device.type != "mps" else "cpu")
        for parameter, gradient in pairs:
            g = self._decayed(group, parameter, gradient, scale).reshape(-1)
            state = self.state[parameter]
            found = [torch.dot(g, g)] + [torch.zeros((), device=g.device, dtype=g.dtype)] * 4
            if "direction" in state:
                p, d = state["direction"].reshape(-1), self._last_move(group, state).reshape(-1)
                found[1:] = [torch.dot(g, p), torch.dot(p, p), torch.dot(g, d), torch.dot(d, d)]
            sums += torch.stack(found).to(device=sums.device, dtype=sums.dtype)
        values: List[float] = sums.tolist()
        return values

    def _last_move(self, group: Dict[str, Any], state: Dict[str, Any]) -> Tensor:
        if "move" in state:
            moved: Tensor = state["move"]
            return moved
        along: Tensor = state["direction"]
        return -float(group["lr"]) * along

    def _adapt(self, group: Dict[str, Any], signals: List[float]) -> None:
        gg, gp, pp, gd, dd = signals
        alpha, gamma = float(group["lr"]), float(group["momentum"])
        if group["rule"] == "raw":
            alpha, gamma = alpha + group["beta"] * gp, gamma - group["eta"] * gd
        else:
            norm = math.sqrt(gg) + _TINY
            alpha *= 1 + group["beta"] * gp / (norm * (math.sqrt(pp) + _TINY))
            gamma -= group["eta"] * gd / (norm * (math.sqrt(dd) + _TINY))
        group["lr"] = _clip(alpha, group["lr_bounds"])
        if self._moves(group):
            group["momentum"] = _clip(gamma, group["momentum_bounds"])


class HypergradientSGD(_Hypergradient):
    """SGD with heavy-ball (or Nesterov) momentum whose learning rate and momentum adapt themselves.

    ``beta`` and ``eta`` are the paces of learning rate and momentum: .05 and .02 with the cosine rule up to about a thousand
    steps, .02 and .01 for longer runs; 1e-3 and 1e-3 with the raw rule, if not given. Adapt both or neither: a high, fixed
    momentum with an adapted learning rate tends to diverge. ``lr=1e-5...0.2, momentum=0.7...0.99`` are the bounds of the paper;
    the default ones let the momentum fall under noise. ``weight_decay`` is part of the gradient, ``max_grad_norm`` clips it
    before both uses. The learning rate is the optimizer's own: no scheduler beside it.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        momentum: float = 0.9,
        *,
        rule: str = "cosine",
        beta: Optional[float] = None,
        eta: Optional[float] = None,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        max_grad_norm: Optional[float] = None,
        lr_bounds: Tuple[float, float] = (1e-6, 1.0),
        momentum_bounds: Tuple[float, float] = (0.0, 0.99),
    ) -> None:
        cosine = rule == "cosine"
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "rule": rule,
            "beta": (0.05 if cosine else 1e-3) if beta is None else beta,
            "eta": (0.02 if cosine else 1e-3) if eta is None else eta,
            "nesterov": nesterov, "weight_decay": weight_decay, "max_grad_norm": max_grad_norm,
            "lr_bounds": lr_bounds, "momentum_bounds": momentum_bounds,
        })

    @classmethod
    def _asked(cls, asked: Optional[Dict[str, Any]]) -> Dict[str, Any]:
        options = super()._asked(asked)
        if asked is None:
            return options
        momentum = asked.get("momentum")
        if momentum is None:
            return {**options, "eta": 0.0, "momentum_bounds": (0.0, 1.0)}
        return {**options, "momentum": momentum["start"], "momentum_bounds": (momentum["low"], momentum["high"])}

    def _moves(self, group: Dict[str, Any]) -> bool:
        return True

    def _update(self, group: Dict[str, Any], parameter: Tensor, gradient: Tensor, state: Dict[str, Any]) -> None:
        alpha, gamma = float(group["lr"]), float(group["momentum"])
        if group["nesterov"]:
            velocity = state["velocity"] if "velocity" in state else torch.zeros_like(parameter)
            velocity = state["velocity"] = velocity * gamma + gradient
            state["direction"] = gradient + gamma * velocity
            parameter.add_(state["direction"], alpha=-alpha)
            return
        # By displacements, so that a new rate does not rescale the moves already made.
        move = state["move"] if "move" in state else torch.zeros_like(parameter)
        state["move"] = move = move * gamma - alpha * gradient
        state["direction"] = gradient.clone()
        parameter.add_(move)


class HypergradientAdam(_Hypergradient):
    """Adam whose learning rate adapts itself; ``beta1`` stays. With ``decoupled`` the weight decay is AdamW's.

    ``beta`` is the pace: .05 with the cosine rule (.02 for runs of more than a thousand steps), 1e-7 with the raw one.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: Tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        *,
        rule: str = "cosine",
        beta: Optional[float] = None,
        weight_decay: float = 0.0,
        decoupled: bool = False,
        max_grad_norm: Optional[float] = None,
        lr_bounds: Tuple[float, float] = (1e-6, 1.0),
    ) -> None:
        if not all(0 <= value < 1 for value in betas):
            raise ValueError(f"betas must lie in [0, 1), and are {betas}")
        super().__init__(params, {
            "lr": lr, "momentum": betas[0], "betas": betas, "eps": eps, "rule": rule,
            "beta": (0.05 if rule == "cosine" else 1e-7) if beta is None else beta, "eta": 0.0,
            "weight_decay": weight_decay, "decoupled": decoupled, "max_grad_norm": max_grad_norm,
            "lr_bounds": lr_bounds, "momentum_bounds": (0.0, 1.0),
        })

    def metrics(self) -> Dict[str, float]:
        return {"learning_rate": float(self.param_groups[0]["lr"])}

    def _moves(self, group: Dict[str, Any]) -> bool:
        return False

    def _update(self, group: Dict[str, Any], parameter: Tensor, gradient: Tensor, state: Dict[str, Any]) -> None:
        beta1, beta2 = group["betas"]
        if "mean" not in state:
            state.update(step=0, mean=torch.zeros_like(parameter), square=torch.zeros_like(parameter))
        state["step"] += 1
        state["mean"].mul_(beta1).add_(gradient, alpha=1 - beta1)
        state["square"].mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        mean = state["mean"] / (1 - beta1 ** state["step"])
        square = state["square"] / (1 - beta2 ** state["step"])
        direction = mean / (square.sqrt() + group["eps"])
        if group["decoupled"] and group["weight_decay"] != 0:
            direction = direction.add(parameter, alpha=group["weight_decay"])
        state["direction"] = direction
        parameter.add_(direction, alpha=-float(group["lr"]))
