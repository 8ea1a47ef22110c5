"""Training scripts under test, as Basin runs them: parameters and folders in variables, events on standard output."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.output import split

SDK = str(Path(__file__).resolve().parents[1])


class Trial:
    """A folder in which attempts of one trial run."""

    def __init__(self, test, text):
        self.test = test
        folder = tempfile.TemporaryDirectory()
        test.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "script.py").write_text(text)

    def run(self, until=None, attempt=1, code=0, **env):
        full = {name: value for name, value in os.environ.items() if not name.startswith("BASIN_")}
        full.update(
            PYTHONPATH=SDK, PYTHONUNBUFFERED="1", OMP_NUM_THREADS="1", BASIN_PROTOCOL="1", BASIN_TRIAL="1",
            BASIN_ATTEMPT=str(attempt), BASIN_SEED="7", BASIN_PARAMS="{}", BASIN_TRIAL_FOLDER=str(self.folder),
            BASIN_CHECKPOINT_DIR=str(self.folder / "checkpoints"),
        )
        if until is not None:
            full["BASIN_UNTIL_STEP"] = str(until)
        full.update(env)
        done = subprocess.run(
            [sys.executable, "script.py"], cwd=str(self.folder), env=full, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
        )
        self.test.assertEqual(done.returncode, code, done.stderr.decode())
        return split(done.stdout)


def reports(events):
    return [(event["step"], event["metrics"]) for event in events if event["type"] == "report"]
