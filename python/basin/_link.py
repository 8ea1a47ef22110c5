"""The two pipes to Basin's executor, and which of a trial's processes may use them.

Invariant: at most one process of a trial writes events, each whole, and it never raises because Basin has gone. That process
is the first one that uses the SDK; where an ancestor was first, it is rank 0 of torch.distributed. Data loaders, forked or
spawned, and other ranks stay silent.
"""

from __future__ import annotations

import atexit
import json
import os
import stat
import sys
import threading
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any, Dict, List, Optional, Type

PROTOCOL = 1

#: A record up to this many bytes reaches a pipe in one piece, whatever other processes print; larger arrays go into files.
WHOLE_RECORD = 4096
#: Seconds a script has to end by itself after Basin's engine has gone.
EXIT_GRACE = 10.0
#: What launchers call the rank of a process; any that is not 0 is silent.
RANKS = ("RANK", "LOCAL_RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID")


def environment_int(name: str) -> Optional[int]:
    text = os.environ.get(name, "")
    try:
        return int(text)
    except ValueError:
        return None


def encode(event: Dict[str, Any]) -> bytes:
    return b"\x1e" + json.dumps(event, allow_nan=False).encode("utf-8") + b"\n"


def warn(message: str) -> None:
    """Says what went wrong in the trial's log; never raises."""
    try:
        print(f"basin: {message}", file=sys.stderr)
    except (OSError, ValueError, AttributeError):
        pass


def _distributed_rank() -> Optional[int]:
    """The rank in torch.distributed's default group; None without one. Never imports torch."""
    distributed: Any = sys.modules.get("torch.distributed")
    if distributed is None:
        return None
    try:
        return int(distributed.get_rank()) if distributed.is_available() and distributed.is_initialized() else None
    except (AttributeError, RuntimeError, ValueError):
        return None


class Link:
    """What one process knows of Basin."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._tried = False
        #: The process that speaks, where it is this one; a forked child finds its parent's number.
        self._owner: Optional[int] = None
        #: An ancestor uses the SDK: it gets the commands and leaves word in files that start with this.
        self._mailbox: Optional[str] = None
        self._child_for_good = False
        self._stop = threading.Event()
        self._wants_checkpoint = threading.Event()
        self._said_started = False
        self._said_end = False
        self._gone = False
        self._held: Optional[int] = None
        self.reason = ""
        self._until = environment_int("BASIN_UNTIL_STEP")
        #: Steps planned, where the script has said so, and the last one reported.
        self.planned: Optional[int] = None
        self._step = 0
        self._out: Optional[int] = None
        if os.environ.get("BASIN_PROTOCOL"):
            try:
                # Now, before the script or a library turns standard output elsewhere. Not inherited by programs it starts.
                self._out = os.dup(1)
            except OSError:
                pass
            if hasattr(os, "register_at_fork"):
                os.register_at_fork(after_in_child=self._after_fork)

    # ---------------------------------------------------------------------------------------------------- who speaks

    def connect(self) -> bool:
        """Whether this process speaks for the trial."""
        if not self._tried:
            with self._lock:
                if not self._tried:
                    self._connect()
                    self._tried = True
        if self._owner is not None:
            return self._owner == os.getpid()
        # Below a process that was first: only rank 0 of a process group that was made here, and not by a parent before a fork.
        if self._mailbox is None or self._child_for_good or _distributed_rank() != 0:
            return False
        with self._lock:
            self._owner = os.getpid()
            self._said_started = os.path.exists(self._mailbox + "started")
        return True

    def _after_fork(self) -> None:
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._wants_checkpoint = threading.Event()
        self._child_for_good = _distributed_rank() is not None
        if self._tried:
            self._owner = None
            self._mailbox = os.environ.get("BASIN_SDK_MAILBOX")

    def _connect(self) -> None:
        if self._out is None or not os.environ.get("BASIN_PROTOCOL"):
            return
        if any(environment_int(name) not in (None, 0) for name in RANKS) or _distributed_rank() not in (None, 0):
            return
        mine = str(os.getpid())
        # A child that imports the module again (spawned workers) finds its ancestor's number here.
        if os.environ.setdefault("BASIN_SDK_PID", mine) != mine:
            self._mailbox = os.environ.get("BASIN_SDK_MAILBOX")
            return
        # Two processes of which neither descends from the other: the first one holds the lock until it ends.
        if not self._hold_lock():
            del os.environ["BASIN_SDK_PID"]
            return
        folder = os.environ.get("BASIN_TRIAL_FOLDER")
        if folder:
            os.environ["BASIN_SDK_MAILBOX"] = os.path.join(folder, f".sdk-{mine}-")
            # Of a process of an earlier attempt that had the same number and was killed.
            self._forget("stop", "checkpoint", "started")
        self._owner = os.getpid()
        self._listen()
        self._watch_for_exceptions()
        atexit.register(self._at_exit)

    def _hold_lock(self) -> bool:
        folder = os.environ.get("BASIN_TRIAL_FOLDER")
        if not folder:
            return True
        try:
            import fcntl
        except ImportError:
            # Windows: processes that share no SDK-using ancestor are told apart by their ranks alone.
            return True
        try:
            held = os.open(os.path.join(folder, ".sdk-lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            return True
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(held)
            return False
        except OSError:
            # A file system without locks.
            os.close(held)
            return True
        self._held = held
        return True

    # ---------------------------------------------------------------------------------------------------- commands

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
        self.request_stop("Basin's engine has gone")
        timer = threading.Timer(EXIT_GRACE, os._exit, args=(75,))
        timer.daemon = True
        timer.start()

    def _on_command(self, line: bytes) -> None:
        try:
            command = json.loads(line.decode("utf-8"))
            kind = command["type"]
        except (ValueError, KeyError, TypeError):
            return
        if kind == "stop":
            self.request_stop(str(command.get("reason", "")) or "requested")
        elif kind == "checkpoint":
            self._wants_checkpoint.set()
            self._leave_word("checkpoint", "")

    def request_stop(self, reason: str) -> None:
        if not self._stop.is_set():
            self.reason = reason
            self._stop.set()
            self._leave_word("stop", reason)

    def note_step(self, step: int) -> None:
        self._step = max(self._step, step)
        if self._until is not None and step >= self._until and not self._stop.is_set():
            # What is to go on later needs a checkpoint of exactly this step.
            self._wants_checkpoint.set()
            self.request_stop(f"step {self._until} is reached")

    def pauses(self) -> bool:
        """Whether the trial is at its rung, from where it may go on another time."""
        if self._until is None or self._step < self._until:
            return False
        return self.planned is None or self._step < self.planned

    def stopping(self) -> bool:
        if self._mailbox is not None and not self._stop.is_set():
            word = self._word("stop")
            if word is not None:
                self.reason = word or "requested"
                self._stop.set()
        return self._stop.is_set()

    def take_checkpoint_request(self) -> bool:
        if self._mailbox is not None:
            if self._word("checkpoint") is None:
                return False
            self._forget("checkpoint")
            return True
        if not self._wants_checkpoint.is_set():
            return False
        self._wants_checkpoint.clear()
        self._forget("checkpoint")
        return True

    # The process that has the commands may only have started the one that trains (torch.multiprocessing.spawn): words in files.

    def _box(self) -> Optional[str]:
        return self._mailbox or os.environ.get("BASIN_SDK_MAILBOX")

    def _leave_word(self, name: str, text: str) -> None:
        box = self._box()
        if box is None or self._mailbox is not None or self._owner != os.getpid():
            return
        try:
            temporary = Path(f"{box}{name}.tmp")
            temporary.write_text(text, encoding="utf-8")
            os.replace(str(temporary), box + name)
        except OSError:
            pass

    def _word(self, name: str) -> Optional[str]:
        try:
            return Path(f"{self._mailbox}{name}").read_text(encoding="utf-8")
        except OSError:
            return None

    def _forget(self, *names: str) -> None:
        box = self._box()
        for name in names if box is not None else ():
            try:
                os.unlink(f"{box}{name}")
            except OSError:
                pass

    # ---------------------------------------------------------------------------------------------------- events

    def send(self, event: Dict[str, Any]) -> None:
        """Writes one record whole. Does nothing outside Basin and in other processes than the one that speaks."""
        if not self.connect():
            return
        record = encode(event)
        with self._lock:
            kind = event["type"]
            if kind == "started":
                self._note_started()
            elif not self._said_started:
                self._note_started()
                self._write(encode({"type": "started", "protocol": PROTOCOL}))
            if kind in ("done", "failed"):
                self._said_end = True
            try:
                # What the script has printed so far comes before the event in the log.
                sys.stdout.flush()
            except (OSError, ValueError, AttributeError):
                pass
            self._write(record)

    def _note_started(self) -> None:
        if not self._said_started:
            self._said_started = True
            self._leave_word("started", "")

    def _write(self, record: bytes) -> None:
        if self._gone or self._out is None:
            return
        rest = memoryview(record)
        try:
            while rest:
                rest = rest[os.write(self._out, rest) :]
        except OSError:
            self._gone = True
            self.request_stop("Basin's engine has gone")

    # ---------------------------------------------------------------------------------------------------- the end

    def _watch_for_exceptions(self) -> None:
        before = sys.excepthook

        def on_exception(kind: Type[BaseException], error: BaseException, trace: Optional[TracebackType]) -> None:
            self._fail(error)
            before(kind, error, trace)

        sys.excepthook = on_exception

    def _fail(self, error: BaseException) -> None:
        if self._said_end or isinstance(error, (KeyboardInterrupt, SystemExit)) or self._owner != os.getpid():
            return
        self.send(failure(error))

    def _at_exit(self) -> None:
        if self._owner != os.getpid():
            return
        # Where a library has put its own hook in place of ours (rich, IPython), the interpreter still remembers the error.
        error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
        if isinstance(error, BaseException):
            self._fail(error)
        self._forget("stop", "checkpoint", "started")


def failure(error: BaseException) -> Dict[str, Any]:
    """The event for an unhandled exception: what and where in its first line, then as much of the traceback as fits, newest
    calls last. The whole of it is in the log."""
    summary = "".join(traceback.format_exception_only(type(error), error)).strip()
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({os.path.basename(frames[-1].filename)}, line {frames[-1].lineno})" if frames else ""
    head, _, more = summary.partition("\n")
    lines: List[str] = more.splitlines() + "".join(traceback.format_list(frames)).splitlines()
    event = {"type": "failed", "reason": ""}
    head = head[:500]
    while True:
        event["reason"] = "\n".join([head + place, *lines])
        if not lines or len(encode(event)) <= WHOLE_RECORD:
            return event
        del lines[: 1 + len(lines) // 16]


link = Link()
