"""Basin's side of a Python training script: one module, no dependencies, Python 3.8 and newer.

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
"""

from __future__ import annotations

import argparse
import base64
import copy
import dataclasses
import json
import math
import os
import re
import stat
import struct
import sys
import threading
import traceback
from array import array as _array
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple, Union

__version__ = "0.1.0"
__all__ = [
    "Checkpoint", "Params", "active", "attempt", "checkpoint", "checkpoint_dir", "done", "embedding", "failed",
    "heartbeat", "load_checkpoint", "params", "report", "seed", "sharpness", "should_checkpoint", "should_stop",
    "split_seed", "started", "stop_reason", "threads", "trial", "until_step",
]

PROTOCOL = 1

#: A record up to this many bytes reaches a pipe in one piece, whatever other processes print; larger arrays go into files.
_WHOLE_RECORD = 4096
#: Seconds a script has to end by itself after Basin's engine has gone.
_EXIT_GRACE = 10.0


# ---------------------------------------------------------------------------------------------------------------- parameters


class Params(Dict[str, Any]):
    """A dict whose entries are attributes too, nested ones by dotted names: ``p.model.width == p["model.width"]``."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"no parameter {name!r}; there are: {', '.join(self) or 'none'}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __missing__(self, key: str) -> Any:
        head, dot, rest = str(key).partition(".")
        if dot and dict.__contains__(self, head) and isinstance(self[head], dict):
            return self[head][rest]
        raise KeyError(key)

    def get(self, key: str, default: Any = None) -> Any:
        try:
            return self[key]
        except KeyError:
            return default


def _as_params(value: Any) -> Any:
    if isinstance(value, Mapping):
        return Params((str(key), _as_params(item)) for key, item in value.items())
    return copy.deepcopy(value)


def _overlay(target: Params, name: str, value: Any) -> bool:
    """Sets ``name``, dotted or not, where the defaults have it; False when it is new."""
    if dict.__contains__(target, name):
        default = dict.__getitem__(target, name)
        # 1.0 travels as 1: a default that is a float stays one.
        if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        target[name] = value
        return True
    head, dot, rest = name.partition(".")
    if not dot:
        target[name] = value
        return False
    inner = dict.get(target, head)
    if not isinstance(inner, Params):
        if inner is not None:
            target[name] = value
            return False
        inner = target[head] = Params()
    return _overlay(inner, rest, value)


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
    merged = _as_params(defaults)
    if not isinstance(merged, Params):
        raise TypeError(f"defaults must be a mapping, a Namespace or a dataclass, not {type(defaults).__name__}")
    unknown = [name for name, value in _trial_params().items() if not _overlay(merged, name, value)]
    if unknown and defaults:
        print(f"basin: not among the script's defaults: {', '.join(unknown)}", file=sys.stderr)
    _link.connect()
    return merged


def _trial_params() -> Dict[str, Any]:
    path = os.environ.get("BASIN_PARAMS_FILE")
    if path and os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    return json.loads(os.environ.get("BASIN_PARAMS") or "{}")


# ---------------------------------------------------------------------------------------------------------------- about the trial


def active() -> bool:
    """Whether this process speaks for a trial of Basin."""
    return _link.connect()


def trial() -> Optional[int]:
    """The trial's number; None outside Basin."""
    return _environment_int("BASIN_TRIAL")


def attempt() -> int:
    """1 for the trial's first run, 2 after an interruption, and so on."""
    return _environment_int("BASIN_ATTEMPT") or 1


def seed(default: int = 0) -> int:
    """The seed of this trial's training, derived from the study's."""
    value = _environment_int("BASIN_SEED")
    return default if value is None else value


def split_seed(default: int = 0) -> int:
    """The seed for splitting the data: the same in all trials of a study, so that they are compared on the same samples."""
    value = _environment_int("BASIN_SPLIT_SEED")
    return default if value is None else value


def threads() -> Optional[int]:
    """CPU threads this trial should use; None outside Basin."""
    return _environment_int("BASIN_THREADS")


def until_step() -> Optional[int]:
    """The step at which this run of the trial ends (a scheduler's rung); None = the script decides."""
    return _environment_int("BASIN_UNTIL_STEP")


def _environment_int(name: str) -> Optional[int]:
    text = os.environ.get(name, "")
    return int(text) if re.fullmatch(r"-?\d+", text) else None


# ---------------------------------------------------------------------------------------------------------------- events


def started(
    steps: Optional[int] = None,
    device: Optional[str] = None,
    backend: Optional[str] = None,
    threads: Optional[int] = None,
) -> None:
    """What runs, and where; ``steps`` = epochs planned. Optional: the first report says the rest."""
    _link.send(_without_none(type="started", protocol=PROTOCOL, steps=steps, device=device, backend=backend, threads=threads))


def report(step: int, metrics: Optional[Mapping[str, Any]] = None, **more: Any) -> None:
    """Metrics after a step (epoch); steps are 1-based and increase. NaN and infinities are reported as what they are."""
    _link.note_step(int(step))
    _link.send({"type": "report", "step": int(step), "metrics": _numbers(metrics, more)})


def heartbeat(fraction: Optional[float] = None) -> None:
    """Still alive, nothing new; ``fraction`` of the current step in [0, 1]. For steps longer than the study's heartbeat."""
    inside = None if fraction is None else min(1.0, max(0.0, float(fraction)))
    _link.send(_without_none(type="heartbeat", fraction=inside))


def sharpness(estimator: str, value: Any, step: Optional[int] = None) -> None:
    """A sharpness of the present weights by the named estimator."""
    _link.send(_without_none(type="sharpness", estimator=estimator, value=_number(value), step=step))


def embedding(array: Any, name: str = "embedding", step: Optional[int] = None, index_hash: Optional[str] = None) -> None:
    """A representation of the probe samples, one row a sample: NumPy or torch array, buffer, or nested lists.

    Small ones travel in the event, larger ones as a .npy file in the trial's folder. ``index_hash`` names the samples, so
    that only embeddings of the same ones are compared.
    """
    if not _link.connect():
        return
    shape, data = _float32(array)
    wire: Dict[str, Any] = {"shape": list(shape), "data": base64.b64encode(data).decode("ascii")}
    event = _without_none(type="embedding", name=name, step=step, indexHash=index_hash, array=wire)
    if len(data) > _WHOLE_RECORD or len(json.dumps(event)) + 2 > _WHOLE_RECORD:
        event["array"] = {"npy": str(_write_npy(name, step, shape, data))}
    _link.send(event)


def done(metrics: Optional[Mapping[str, Any]] = None, **more: Any) -> None:
    """The final metrics; ones that are missing are taken from the last report."""
    _link.send({"type": "done", "metrics": _numbers(metrics, more)})


def failed(reason: str) -> None:
    """The trial cannot be finished, for a reason a person can read. The script should end after it."""
    _link.send({"type": "failed", "reason": str(reason)[:3000]})


def _without_none(**fields: Any) -> Dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _number(value: Any) -> Union[int, float, str]:
    """A metric as JSON can carry it: JSON has no NaN, which therefore travels as text."""
    if not isinstance(value, (int, float)) and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= 2**53:
        return value
    number = float(value)
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return number


def _numbers(metrics: Optional[Mapping[str, Any]], more: Mapping[str, Any]) -> Dict[str, Union[int, float, str]]:
    return {str(name): _number(value) for name, value in {**(metrics or {}), **more}.items()}


# ---------------------------------------------------------------------------------------------------------------- commands


def should_stop() -> bool:
    """Whether the script should end after this step: asked to, at the scheduler's rung, or Basin has gone. Never blocks."""
    _link.connect()
    return _link.stopping()


def stop_reason() -> str:
    """Why ``should_stop`` is true; empty while it is not."""
    return _link.reason if _link.stopping() else ""


def should_checkpoint() -> bool:
    """True once after Basin has asked for a checkpoint."""
    _link.connect()
    return _link.take_checkpoint_request()


# ---------------------------------------------------------------------------------------------------------------- checkpoints


class Checkpoint(NamedTuple):
    step: int
    path: Path


def checkpoint_dir(default: Union[str, Path] = "checkpoints") -> Path:
    """The folder for this trial's checkpoints, made if need be; outside Basin ``default``."""
    folder = Path(os.environ.get("BASIN_CHECKPOINT_DIR") or default)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def checkpoint(step: int, path: Union[str, Path]) -> None:
    """A checkpoint that is complete on disk: ``load_checkpoint`` finds it after an interruption."""
    full = Path(path).absolute()
    if not _link.connect():
        return
    pointer = checkpoint_dir() / "latest.json"
    temporary = pointer.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(json.dumps({"step": int(step), "path": str(full)}), encoding="utf-8")
    os.replace(str(temporary), str(pointer))
    _link.send({"type": "checkpoint", "step": int(step), "path": str(full)})


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
    return latest if latest.path.exists() else None


# ---------------------------------------------------------------------------------------------------------------- arrays


def _float32(array: Any) -> Tuple[Tuple[int, ...], bytes]:
    """Shape and little-endian float32 bytes, row-major."""
    if hasattr(array, "detach"):
        array = array.detach().cpu()
    numpy = sys.modules.get("numpy")
    if numpy is not None and hasattr(array, "__array__"):
        values = numpy.ascontiguousarray(numpy.asarray(array), dtype="<f4")
        return tuple(values.shape), values.tobytes()
    if not hasattr(array, "tolist"):
        try:
            array = memoryview(array)
        except TypeError:
            pass
    nested = array.tolist() if hasattr(array, "tolist") else array
    shape: List[int] = []
    level = nested
    while isinstance(level, (list, tuple)):
        shape.append(len(level))
        if not level:
            break
        level = level[0]
    flat = _array("f")
    _flatten(nested, shape, flat)
    if sys.byteorder == "big":
        flat.byteswap()
    return tuple(shape), flat.tobytes()


def _flatten(nested: Any, shape: List[int], out: Any) -> None:
    if not shape:
        out.append(float(nested))
        return
    if not isinstance(nested, (list, tuple)) or len(nested) != shape[0]:
        raise ValueError("an embedding's rows must have equal lengths")
    for item in nested:
        _flatten(item, shape[1:], out)


def _write_npy(name: str, step: Optional[int], shape: Tuple[int, ...], data: bytes) -> Path:
    folder = Path(os.environ.get("BASIN_TRIAL_FOLDER") or checkpoint_dir()) / "embeddings"
    folder.mkdir(parents=True, exist_ok=True)
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", name)[:80] or "embedding"
    file = folder / (f"{safe}.npy" if step is None else f"{safe}-{step}.npy")
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {tuple(shape)!r}, }}".encode("latin-1")
    padding = -(10 + len(header) + 1) % 64
    temporary = file.with_suffix(f".{os.getpid()}.tmp")
    with open(temporary, "wb") as out:
        out.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header) + padding + 1) + header + b" " * padding + b"\n" + data)
    os.replace(str(temporary), str(file))
    return file.absolute()


# ---------------------------------------------------------------------------------------------------------------- the link


class _Link:
    """The two pipes to Basin's executor. Only the process that connected first sends and listens."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._tried = False
        self._owner: Optional[int] = None
        self._stop = threading.Event()
        self._wants_checkpoint = threading.Event()
        self._said_started = False
        self._gone = False
        self.reason = ""
        self._until = until_step()
        self._out: Optional[int] = None
        if os.environ.get("BASIN_PROTOCOL"):
            try:
                # Now, before the script or a library turns standard output elsewhere. Not inherited by children.
                self._out = os.dup(1)
            except OSError:
                pass

    def connect(self) -> bool:
        """Whether this process speaks for the trial."""
        if not self._tried:
            with self._lock:
                if not self._tried:
                    self._connect()
                    self._tried = True
        return self._owner == os.getpid()

    def _connect(self) -> None:
        if self._out is None or not os.environ.get("BASIN_PROTOCOL"):
            return
        mine = str(os.getpid())
        # A child that imports the module again (spawned workers) finds its ancestor's number here.
        if os.environ.setdefault("BASIN_SDK_PID", mine) != mine:
            return
        ranks = (os.environ.get(name, "0") for name in ("RANK", "OMPI_COMM_WORLD_RANK"))
        if any(rank not in ("", "0") for rank in ranks):
            return
        self._owner = os.getpid()
        self._listen()
        before = sys.excepthook

        def on_exception(kind: Any, error: Any, trace: Any) -> None:
            if not issubclass(kind, KeyboardInterrupt):
                failed(_describe(kind, error, trace))
            before(kind, error, trace)

        sys.excepthook = on_exception

    def _listen(self) -> None:
        try:
            mode = os.fstat(0).st_mode
            if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
                return
            source = os.dup(0)
            # Children must neither read the commands nor keep the pipe open.
            null = os.open(os.devnull, os.O_RDONLY)
            os.dup2(null, 0)
            os.close(null)
        except OSError:
            return
        threading.Thread(target=self._read_commands, args=(source,), name="basin-commands", daemon=True).start()

    def _read_commands(self, source: int) -> None:
        pending = b""
        while True:
            try:
                chunk = os.read(source, 4096)
            except OSError:
                chunk = b""
            if not chunk:
                break
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                self._on_command(line)
        # Nobody is there any more to take the results: give the script a moment to end, then end it.
        self._request_stop("Basin's engine has gone")
        timer = threading.Timer(_EXIT_GRACE, os._exit, args=(75,))
        timer.daemon = True
        timer.start()

    def _on_command(self, line: bytes) -> None:
        try:
            command = json.loads(line.decode("utf-8"))
            kind = command["type"]
        except (ValueError, KeyError, TypeError):
            return
        if kind == "stop":
            self._request_stop(str(command.get("reason", "")) or "requested")
        elif kind == "checkpoint":
            self._wants_checkpoint.set()

    def _request_stop(self, reason: str) -> None:
        if not self._stop.is_set():
            self.reason = reason
            self._stop.set()

    def note_step(self, step: int) -> None:
        if self._until is not None and step >= self._until:
            self._request_stop(f"step {self._until} is reached")

    def stopping(self) -> bool:
        return self._stop.is_set()

    def take_checkpoint_request(self) -> bool:
        if not self._wants_checkpoint.is_set():
            return False
        self._wants_checkpoint.clear()
        return True

    def send(self, event: Dict[str, Any]) -> None:
        """Writes one record whole. Does nothing outside Basin and in other processes than the one that connected."""
        if not self.connect():
            return
        record = b"\x1e" + json.dumps(event, allow_nan=False).encode("utf-8") + b"\n"
        with self._lock:
            if event["type"] == "started":
                self._said_started = True
            elif not self._said_started:
                started()
            try:
                # What the script has printed so far comes before the event in the log.
                sys.stdout.flush()
            except (OSError, ValueError, AttributeError):
                pass
            self._write(record)

    def _write(self, record: bytes) -> None:
        if self._gone or self._out is None:
            return
        rest = memoryview(record)
        try:
            while rest:
                rest = rest[os.write(self._out, rest) :]
        except OSError:
            self._gone = True
            self._request_stop("Basin's engine has gone")


def _describe(kind: Any, error: Any, trace: Any) -> str:
    """The traceback's last line, and where it came from."""
    text = traceback.format_exception_only(kind, error)[-1].strip()
    frames = traceback.extract_tb(trace)
    return f"{text} ({os.path.basename(frames[-1].filename)}, line {frames[-1].lineno})" if frames else text


_link = _Link()
