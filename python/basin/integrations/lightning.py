"""Basin for PyTorch Lightning 2 (``lightning`` or ``pytorch_lightning``)::

    callback = BasinCallback()
    trainer = Trainer(max_epochs=config.epochs, callbacks=[callback])
    trainer.fit(model, data, ckpt_path=callback.resume_path)

Each epoch's metrics are reported, a checkpoint is kept and registered, and training ends when Basin says so, on all ranks.
Outside Basin it does nothing.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Optional, Sequence

import basin
from basin.torch._checkpoints import _random_state, _restore_random

from ._shared import Pulse, scalars

if TYPE_CHECKING:
    Checkpoint: Any = object
elif "pytorch_lightning" in sys.modules and "lightning.pytorch" not in sys.modules:
    from pytorch_lightning.callbacks import Checkpoint
else:
    try:
        from lightning.pytorch.callbacks import Checkpoint
    except ImportError:
        from pytorch_lightning.callbacks import Checkpoint


# A Checkpoint, so that it runs after the module's own hooks have logged, and Lightning adds no checkpointing of its own.
class BasinCallback(Checkpoint):  # type: ignore[misc]
    """``metrics`` limits what is reported to these names; ``checkpoints=False`` keeps none, and the trial cannot be resumed."""

    def __init__(self, metrics: Optional[Sequence[str]] = None, checkpoints: bool = True) -> None:
        super().__init__()
        self.metrics = metrics
        self.checkpoints = checkpoints
        self._pulse = Pulse()
        self._random: Optional[Dict[str, Any]] = None
        self._previous: Optional[Path] = None

    @property
    def resume_path(self) -> Optional[str]:
        """For ``trainer.fit(..., ckpt_path=...)``: this trial's last checkpoint, None at its first start and outside Basin."""
        latest = basin.load_checkpoint()
        return str(latest.path) if latest is not None and latest.path.suffix == ".ckpt" else None

    # What Lightning's own checkpoints leave out: a resumed epoch shuffles and drops out as it would have.
    def state_dict(self) -> Dict[str, Any]:
        return {"random": _random_state()}

    def load_state_dict(self, state_dict: Dict[str, Any]) -> None:
        self._random = state_dict.get("random")

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        # Before the data loader's iterator draws its seed.
        self._take_up_random()
        epochs = trainer.max_epochs
        planned = epochs if isinstance(epochs, int) and epochs > 0 else None
        basin.started(steps=planned, device=str(trainer.strategy.root_device), backend="PyTorch Lightning")

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        # Strategies that load their checkpoint late.
        self._take_up_random()

    def _take_up_random(self) -> None:
        if self._random is not None:
            _restore_random(self._random)
            self._random = None

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        total = trainer.num_training_batches
        known = isinstance(total, int) and total > 0
        self._pulse.beat((batch_idx + 1) / total if known else None)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        step = trainer.current_epoch + 1
        basin.report(step, scalars(trainer.callback_metrics, self.metrics))
        if self.checkpoints and os.environ.get("BASIN_PROTOCOL"):
            path = basin.checkpoint_dir() / f"epoch-{step}.ckpt"
            trainer.save_checkpoint(str(path))
            if trainer.is_global_zero:
                basin.checkpoint(step, path)
                self._forget_previous(path)
        if trainer.strategy.reduce_boolean_decision(basin.should_stop(), all=False):
            trainer.should_stop = True

    def _forget_previous(self, newest: Path) -> None:
        for old in newest.parent.glob("epoch-*.ckpt"):
            # The one before stays: whoever copies a trial's weights may be reading it.
            if old not in (newest, self._previous) and old.is_file():
                old.unlink()
        self._previous = newest
