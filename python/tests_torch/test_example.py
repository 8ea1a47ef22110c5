"""examples/pytorch-digits as its user runs it: through the built command line, with what it sends arriving in the store."""

import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from .nets import REPOSITORY, node

CLI = REPOSITORY / "dist" / "cli.cjs"
EPOCHS = 30


class Workspace:
    """A copy of the example in a workspace of its own."""

    def __init__(self, test, scheduler="scheduler: { kind: none }"):
        folder = tempfile.TemporaryDirectory()
        test.addCleanup(folder.cleanup)
        self.test, self.folder = test, Path(folder.name)
        self.example = self.folder / "pytorch-digits"
        shutil.copytree(str(REPOSITORY / "examples" / "pytorch-digits"), str(self.example))
        (self.folder / "digits").mkdir()
        shutil.copy(str(REPOSITORY / "examples" / "digits" / "digits.csv"), str(self.folder / "digits"))
        (self.folder / ".basin").mkdir()
        for name in ("config.yaml", "digits.study.yaml"):
            text = (self.example / name).read_text()
            changed = re.sub(r"epochs: \d+", f"epochs: {EPOCHS}", text)
            test.assertNotEqual(text, changed)
            (self.example / name).write_text(changed.replace("scheduler: { kind: median }", scheduler))
        self.trial = self.folder / ".basin" / "studies" / "1" / "trials" / "0"

    def start(self, *args):
        env = {name: value for name, value in os.environ.items() if not name.startswith("BASIN_")}
        prefix = Path(sys.executable).parent
        env.update(VIRTUAL_ENV=str(prefix.parent), PATH=f"{prefix}{os.pathsep}{env['PATH']}", PYTHONDONTWRITEBYTECODE="1")
        command = [node(), str(CLI), *args]
        return subprocess.Popen(
            command, cwd=str(self.example), env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def basin(self, *args):
        process = self.start(*args)
        out, errors = process.communicate()
        log = self.trial / "trainer.log"
        said = errors.decode() + (log.read_text() if log.exists() else "")
        self.test.assertEqual(process.returncode, 0, said)
        return json.loads(out)

    def shown(self):
        return self.basin("show", "digits.study.yaml", "0", "--json")


class Example(unittest.TestCase):
    def test_a_trial_whose_engine_was_killed_ends_as_the_one_that_ran_through(self):
        self.assertTrue(CLI.exists(), "dist/cli.cjs is not built")
        whole = Workspace(self)
        result = whole.basin("run", "digits.study.yaml", "--trials", "2", "--json")
        self.assertEqual(result["state"], "complete")
        self.assertEqual((result["trials"]["complete"], result["trials"]["failed"]), (2, 0))
        expected = whole.shown()
        self.check_what_arrived(whole, expected)

        cut = Workspace(self)
        first = cut.start("run", "digits.study.yaml", "--trials", "1", "--json")
        pointer = cut.trial / "checkpoints" / "latest.json"
        while not pointer.exists():
            self.assertIsNone(first.poll(), "the study ended before it could be interrupted")
            time.sleep(0.005)
        first.send_signal(signal.SIGKILL)
        first.communicate()
        resumed = cut.basin("run", "digits.study.yaml", "--trials", "1", "--json")
        self.assertEqual(resumed["state"], "complete")
        log = (cut.trial / "trainer.log").read_text()
        self.assertIn("going on after epoch", log)
        found = cut.shown()
        self.assertEqual(metrics_of(found), metrics_of(expected))
        file = f"embeddings/penultimate-{EPOCHS}.npy"
        self.assertEqual((cut.trial / file).read_bytes(), (whole.trial / file).read_bytes())
        self.assertEqual((expected["attempt"], found["attempt"]), (1, 2))

    def test_under_asha_trials_pause_at_rungs_and_the_best_go_on_where_they_were(self):
        place = Workspace(self, "scheduler: { kind: asha, eta: 3 }")
        result = place.basin("run", "digits.study.yaml", "--trials", "9", "--json")
        self.assertEqual(result["state"], "complete", result["reason"])
        self.assertEqual(result["trials"]["failed"], 0)
        study = place.basin("show", "digits.study.yaml", "--json")
        schedule = study["schedule"]
        self.assertEqual(schedule["fullSteps"], 9 * EPOCHS)
        self.assertLess(schedule["trainedSteps"], schedule["fullSteps"] / 2)
        made = [decision["decision"] for decision in schedule["decisions"]]
        self.assertGreaterEqual(made.count("pause"), 9)
        self.assertGreaterEqual(made.count("promote"), 3)
        self.assertTrue(all(decision["reason"] for decision in schedule["decisions"]))
        trained = 0
        for row in study["rows"]:
            log = (place.trial.parent / str(row["number"]) / "trainer.log").read_text()
            # Each epoch was trained once, by whichever attempt.
            epochs = [int(number) for number in re.findall(r"^epoch (\d+):", log, re.MULTILINE)]
            self.assertEqual(epochs, list(range(1, row["last"]["step"] + 1)))
            trained += len(epochs)
        self.assertEqual(schedule["trainedSteps"], trained)

    def test_the_stopping_variant_of_asha_prunes_at_rungs(self):
        place = Workspace(self, "scheduler: { kind: asha, eta: 3, variant: stopping }")
        result = place.basin("run", "digits.study.yaml", "--trials", "6", "--json")
        self.assertEqual(result["state"], "complete", result["reason"])
        self.assertEqual(result["trials"]["failed"], 0)
        self.assertGreater(result["trials"]["pruned"], 0)

    def check_what_arrived(self, workspace, shown):
        metrics = metrics_of(shown)
        self.assertEqual(len(metrics["val_accuracy"]), EPOCHS)
        for name in ("exact-frobenius", "exact-trace", "top-eigenvalue", "sam", "gradient-norm"):
            ((step, value),) = metrics[f"sharpness.{name}"]
            self.assertEqual(step, EPOCHS)
            self.assertGreaterEqual(value, 0)
        raw = (workspace.trial / "embeddings" / f"penultimate-{EPOCHS}.npy").read_bytes()
        (length,) = struct.unpack("<H", raw[8:10])
        width = shown["params"]["width"]
        self.assertIn(f"(128, {width})", raw[10 : 10 + length].decode())
        self.assertEqual(len(raw) - 10 - length, 128 * width * 4)


def metrics_of(shown):
    """{metric: [(step, value), ...]}"""
    found = {}
    for curve in shown["curves"]:
        found[curve["metric"]] = list(zip(curve["steps"], curve["values"]))
    return found


if __name__ == "__main__":
    unittest.main()
