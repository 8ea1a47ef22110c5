"""Basin's side of a Python training script: no dependencies, Python 3.8 and newer.

    import basin

    config = basin.params({"lr": 1e-3, "epochs": 10})
    for epoch in range(1, config.epochs + 1):
        ...
        basin.report(epoch, val_accuracy=accuracy)
        if basin.should_stop():
            break
    basin.done(val_accuracy=accuracy)

Run by hand, outside Basin, the same script sees its defaults, and everything it sends goes nowhere.
Under Basin the first process that uses the module speaks for the trial; its children (data loaders, other ranks) stay silent.
Events are records (RS, JSON, LF) written whole to the process's real standard output; commands are read from standard input.
``basin.torch`` and ``basin.integrations`` are imported when they are first used.
"""

from __future__ import annotations

import argparse
import base64
import dataclasses
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, NamedTuple, Optional, Union

from ._link import PROTOCOL, WHOLE_RECORD, encode, environment_int, link, warn
from ._params import Params, as_params, overlay, trial_params
from ._values import file_name, float32, number, numbers, write_npy

if TYPE_CHECKING:
    from . import integrations, torch

__version__ = "0.1.0"
__all__ = [
    "Checkpoint", "Params", "active", "attempt", "checkpoint", "checkpoint_dir", "diagnostics", "done", "embedding", "failed",
    "heartbeat", "load_checkpoint", "params", "report", "seed", "sharpness", "should_checkpoint",
    "should_stop", "split_seed", "started", "stop_reason", "threads", "trial", "tune_online", "until_step",
]


def __getattr__(name: str) -> Any:
    # PyTorch takes seconds to load: only for those who ask.
    if name in ("torch", "integrations"):
        import importlib

        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


# ---------------------------------------------------------------------------------------------------------------- parameters


def params(defaults: Any = None) -> Params:
    """The trial's parameters over ``defaults`` (a mapping, an argparse.Namespace or a dataclass; nested is fine).

    Outside Basin just the defaults. A parameter that is not active in this trial keeps its default.
    """
    if defaults is None:
        defaults = {}
    elif isinstance(defaults, argparse.Namespace):
        defaults = vars(defaults)
    elif dataclasses.is_dataclass(defaults) and not isinstance(defaults, type):
        defaults = dataclasses.asdict(defaults)
    merged = as_params(defaults)
    if not isinstance(merged, Params):
        raise TypeError(f"defaults must be a mapping, a Namespace or a dataclass, not {type(defaults).__name__}")
    unknown = [name for name, value in trial_params().items() if not overlay(merged, name, value)]
    if unknown and defaults:
        print(f"basin: not among the script's defaults: {', '.join(unknown)}", file=sys.stderr)
    link.connect()
    return merged


# ---------------------------------------------------------------------------------------------------------------- about the trial


def active() -> bool:
    """Whether this process speaks for a trial of Basin."""
    return link.connect()


def trial() -> Optional[int]:
    """The trial's number; None outside Basin."""
    return environment_int("BASIN_TRIAL")


def attempt() -> int:
    """1 for the trial's first run, 2 after an interruption, and so on."""
    return environment_int("BASIN_ATTEMPT") or 1


def seed(default: int = 0) -> int:
    """The seed of this trial's training, derived from the study's."""
    value = environment_int("BASIN_SEED")
    return default if value is None else value


def split_seed(default: int = 0) -> int:
    """The seed for splitting the data: the same in all trials of a study, so that they are compared on the same samples."""
    value = environment_int("BASIN_SPLIT_SEED")
    return default if value is None else value


def diagnostics() -> Dict[str, Any]:
    """What the study's ``diagnostics`` ask for, with every default filled in: ``{"sharpness": {"estimators": [...], "at": "end",
    "samples": 1024, "batch": 64}, "rtd": {"samples": 128, ...}}``. Empty where nothing is asked for, and outside Basin."""
    text = os.environ.get("BASIN_DIAGNOSTICS", "")
    try:
        asked = json.loads(text) if text else {}
    except ValueError as error:
        warn(f"BASIN_DIAGNOSTICS cannot be read: {error}")
        return {}
    return asked if isinstance(asked, dict) else {}


def threads() -> Optional[int]:
    """CPU threads this trial should use; None outside Basin."""
    return environment_int("BASIN_THREADS")


def until_step() -> Optional[int]:
    """The step at which this run of the trial pauses (a scheduler's rung); None = the script decides. The script reports that step,
    keeps a checkpoint of it and ends: ``should_stop()`` is true then. Learning-rate schedules are those of the whole training."""
    return environment_int("BASIN_UNTIL_STEP")


def tune_online() -> Optional[Dict[str, Any]]:
    """The rates that the study asks the script to adapt while it trains (``tuneOnline``); None = none, or outside Basin.

    ``{"rule": "cosine", "learningRate": {"name": "lr", "start": 0.01, "low": 1e-6, "high": 1.0}, "momentum": {...}}``, each
    rate only where it is asked for. ``basin.torch`` has optimizers that do it: ``HypergradientSGD.tuned(model.parameters())``.
    """
    text = os.environ.get("BASIN_TUNE_ONLINE")
    if not text:
        return None
    asked: Dict[str, Any] = json.loads(text)
    given = trial_params()
    for role in ("learningRate", "momentum"):
        rate = asked.get(role)
        if rate is not None and rate["name"] in given:
            # The trial may begin elsewhere than the study says, where it takes over from another one.
            rate["start"] = float(given[rate["name"]])
    return asked


# ---------------------------------------------------------------------------------------------------------------- events


def started(
    steps: Optional[int] = None,
    device: Optional[str] = None,
    backend: Optional[str] = None,
    threads: Optional[int] = None,
) -> None:
    """What runs, and where; ``steps`` = epochs planned. Optional: the first report says the rest."""
    link.planned = steps
    link.send(_without_none(type="started", protocol=PROTOCOL, steps=steps, device=device, backend=backend, threads=threads))


def report(step: int, metrics: Optional[Mapping[str, Any]] = None, **more: Any) -> None:
    """Metrics after a step (epoch); steps are 1-based and increase. NaN and infinities are reported as what they are."""
    values = numbers(metrics, more)
    link.note_step(int(step))
    event = {"type": "report", "step": int(step), "metrics": values}
    link.send(event)
    _recent.append(event)
    del _recent[:-_REMEMBERED]


def heartbeat(fraction: Optional[float] = None) -> None:
    """Still alive, nothing new; ``fraction`` of the current step in [0, 1]. For steps longer than the study's heartbeat."""
    inside = None if fraction is None else min(1.0, max(0.0, float(fraction)))
    link.send(_without_none(type="heartbeat", fraction=inside))


def sharpness(
    estimator: Union[str, Mapping[str, Any], None] = None, value: Any = None, step: Optional[int] = None, **values: Any
) -> None:
    """Sharpness of the present weights: ``sharpness("keskar", 1.5)``, ``sharpness(keskar=1.5, sam=0.1)`` or a mapping of them."""
    found: Dict[str, Any] = dict(values)
    if isinstance(estimator, Mapping):
        found.update(estimator)
    elif estimator is not None:
        found[estimator] = value
    for name, one in found.items():
        link.send(_without_none(type="sharpness", estimator=str(name), value=number(one, name), step=step))


def embedding(array: Any, name: str = "embedding", step: Optional[int] = None, index_hash: Optional[str] = None) -> None:
    """A representation of the probe samples, one row a sample: NumPy or torch array, buffer, or nested lists.

    Small ones travel in the event, larger ones as a .npy file in the trial's folder. ``index_hash`` names the samples, so
    that only embeddings of the same ones are compared.
    """
    if not link.connect():
        return
    shape, data = float32(array)
    event = _without_none(type="embedding", name=name, step=step, indexHash=index_hash)
    if len(data) < WHOLE_RECORD:
        event["array"] = {"shape": list(shape), "data": base64.b64encode(data).decode("ascii")}
    if len(data) >= WHOLE_RECORD or len(encode(event)) > WHOLE_RECORD:
        folder = Path(os.environ.get("BASIN_TRIAL_FOLDER") or checkpoint_dir()) / "embeddings"
        file = folder / file_name(name, step)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_npy(file, shape, data)
        except OSError as error:
            warn(f"the embedding {name!r} could not be kept: {error}")
            return
        event["array"] = {"npy": str(file.absolute())}
    link.send(event)


def done(metrics: Optional[Mapping[str, Any]] = None, **more: Any) -> None:
    """The final metrics; ones that are missing are taken from the last report. At a scheduler's rung the trial is not done, and
    this says nothing: a script may leave its loop there and come here as at its end."""
    if link.pauses():
        return
    link.send({"type": "done", "metrics": numbers(metrics, more)})


def failed(reason: str) -> None:
    """The trial cannot be finished, for a reason a person can read. The script should end after it."""
    link.send({"type": "failed", "reason": str(reason)[:3000]})


def _without_none(**fields: Any) -> Dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


# ---------------------------------------------------------------------------------------------------------------- commands


def should_stop() -> bool:
    """Whether the script should end after this step: asked to, at the scheduler's rung, or Basin has gone. Never blocks."""
    link.connect()
    return link.stopping()


def stop_reason() -> str:
    """Why ``should_stop`` is true; empty while it is not."""
    return link.reason if link.stopping() else ""


def should_checkpoint() -> bool:
    """True once after Basin has asked for a checkpoint, and once at the scheduler's rung: for scripts that keep one only then."""
    link.connect()
    return link.take_checkpoint_request()


# ---------------------------------------------------------------------------------------------------------------- checkpoints


class Checkpoint(NamedTuple):
    step: int
    path: Path


#: The latest reports travel with each checkpoint: what Basin could not take in before it went is said again by the next run.
_recent: List[Dict[str, Any]] = []
_REMEMBERED = 50


def checkpoint_dir(default: Union[str, Path] = "checkpoints") -> Path:
    """The folder for this trial's checkpoints, made if need be; outside Basin ``default``."""
    folder = Path(os.environ.get("BASIN_CHECKPOINT_DIR") or default)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def checkpoint(step: int, path: Union[str, Path]) -> None:
    """A checkpoint that is complete on disk: ``load_checkpoint`` finds it after an interruption. Report its step first: reports
    that an interruption loses are repeated from the checkpoint, and the steps before it are not run again."""
    full = Path(path).absolute()
    if not link.connect():
        return
    try:
        pointer = checkpoint_dir() / "latest.json"
        temporary = pointer.with_suffix(f".{os.getpid()}.tmp")
        note = {"step": int(step), "path": str(full), "reports": _recent}
        temporary.write_text(json.dumps(note), encoding="utf-8")
        os.replace(str(temporary), str(pointer))
    except OSError as error:
        warn(f"the checkpoint of step {step} could not be noted: {error}")
        return
    link.send({"type": "checkpoint", "step": int(step), "path": str(full)})


def load_checkpoint() -> Optional[Checkpoint]:
    """The last checkpoint of this trial, if an earlier run left one; None outside Basin."""
    folder = os.environ.get("BASIN_CHECKPOINT_DIR")
    if not folder:
        return None
    try:
        found = json.loads(Path(folder, "latest.json").read_text(encoding="utf-8"))
        latest = Checkpoint(int(found["step"]), Path(found["path"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not latest.path.exists():
        # The workspace may have moved with its trials.
        latest = Checkpoint(latest.step, Path(folder, latest.path.name))
    if not latest.path.exists():
        return None
    if not _recent and attempt() > 1 and link.connect():
        _repeat(found.get("reports"))
    return latest


def _repeat(reports: Any) -> None:
    """Says again what an earlier run has reported; what Basin has already, it ignores."""
    for event in reports if isinstance(reports, list) else ():
        if isinstance(event, dict) and event.get("type") == "report":
            link.send({**event, "repeated": True})
            _recent.append(event)
