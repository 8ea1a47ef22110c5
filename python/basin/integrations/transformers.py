"""Basin for the Hugging Face Trainer::

    callback = BasinCallback()
    arguments = TrainingArguments(output_dir=str(basin.checkpoint_dir()), eval_strategy="epoch", save_strategy="epoch", ...)
    trainer = Trainer(model, arguments, ..., callbacks=[callback])
    trainer.train(resume_from_checkpoint=callback.resume_path)

Each evaluation is reported with the latest training loss, the Trainer's checkpoints are registered, and training ends when Basin
says so, on all ranks. Steps are epochs where the evaluation strategy is "epoch" or "no", else the Trainer's steps. Outside Basin it does
nothing.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Dict, Optional, Sequence

import basin

from ._shared import Pulse, scalars

if TYPE_CHECKING:
    TrainerCallback: Any = object
else:
    from transformers import TrainerCallback

#: Ends of the names of what says nothing about the model.
_TIMES = ("_runtime", "_per_second", "_preparation_time")
_FROM_TRAINING = ("loss", "grad_norm", "learning_rate")


class BasinCallback(TrainerCallback):  # type: ignore[misc]
    """``metrics`` limits what is reported to these names, such as "eval_accuracy"."""

    def __init__(self, metrics: Optional[Sequence[str]] = None) -> None:
        self.metrics = metrics
        self._pulse = Pulse()
        self._training: Dict[str, float] = {}
        self._reported: Dict[str, float] = {}
        self._step = 0

    @property
    def resume_path(self) -> Optional[str]:
        """For ``trainer.train(resume_from_checkpoint=...)``: this trial's last checkpoint, None at its first start."""
        latest = basin.load_checkpoint()
        return str(latest.path) if latest is not None and latest.path.is_dir() else None

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        epochs = state.num_train_epochs if _by_epoch(args) else state.max_steps
        planned = int(epochs) if epochs and epochs > 0 else None
        basin.started(steps=planned, device=str(args.device), backend="Hugging Face Trainer")

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> Any:
        if not _by_epoch(args):
            self._pulse.beat()
        else:
            self._pulse.beat(state.epoch % 1 if state.epoch else None)
        # Ranks would have to agree on it at every step: there the end of the epoch is soon enough.
        if args.world_size == 1 and basin.should_stop():
            return self._stop(args, control)
        return control

    def on_log(self, args: Any, state: Any, control: Any, logs: Optional[Dict[str, Any]] = None, **kwargs: Any) -> None:
        self._training.update(scalars(logs or {}, _FROM_TRAINING))

    def on_evaluate(
        self, args: Any, state: Any, control: Any, metrics: Optional[Dict[str, Any]] = None, **kwargs: Any
    ) -> Any:
        found = {name: value for name, value in scalars(metrics or {}).items() if not name.endswith(_TIMES)}
        return self._report(args, state, control, found)

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> Any:
        # An evaluation that belongs to this epoch comes after this hook.
        if _strategy(args) == "no":
            return self._report(args, state, control, {})
        return control

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.is_world_process_zero:
            basin.checkpoint(self._now(args, state), os.path.join(args.output_dir, f"checkpoint-{state.global_step}"))

    def _now(self, args: Any, state: Any) -> int:
        return max(1, round(state.epoch or 0)) if _by_epoch(args) else int(state.global_step)

    def _report(self, args: Any, state: Any, control: Any, found: Dict[str, float]) -> Any:
        step = self._now(args, state)
        if step != self._step:
            self._step, self._reported = step, {}
        # Several evaluation sets are several calls at one step.
        self._reported.update(scalars({**self._training, **found}, self.metrics))
        basin.report(step, self._reported)
        return self._stop(args, control) if _agreed(basin.should_stop(), args) else control

    def _stop(self, args: Any, control: Any) -> Any:
        control.should_training_stop = True
        if getattr(args.save_strategy, "value", args.save_strategy) != "no":
            control.should_save = True
        return control


def _strategy(args: Any) -> str:
    # Called evaluation_strategy in older versions.
    chosen = getattr(args, "eval_strategy", None) or getattr(args, "evaluation_strategy", "no")
    return str(getattr(chosen, "value", chosen))


def _by_epoch(args: Any) -> bool:
    return _strategy(args) != "steps"


def _agreed(stop: bool, args: Any) -> bool:
    """Whether any rank has been told to stop; only rank 0 hears Basin."""
    if args.world_size <= 1:
        return stop
    import torch
    from torch import distributed

    if not (distributed.is_available() and distributed.is_initialized()):
        return stop
    word = torch.tensor(float(stop), device=args.device)
    distributed.all_reduce(word, op=distributed.ReduceOp.MAX)
    return bool(word > 0)
