"""Checkpoints: a training that is stopped anywhere and resumed equals the one that was not, and no interruption leaves half a file."""

import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import basin
import basin.torch as bt
import torch

from .scripts import Trial, reports

SCRIPT = """
import random
import numpy
import torch
import basin

basin.torch.seed_everything()
model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.Dropout(0.3), torch.nn.Linear(8, 3))
optimizer = basin.torch.HypergradientSGD(model.parameters(), lr=0.05)
averaged = torch.optim.swa_utils.AveragedModel(model)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0)
x = torch.randn(60, 4, generator=torch.Generator().manual_seed(1))
generator = torch.Generator().manual_seed(basin.seed())
data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, x.argmax(1) % 3), 16, shuffle=True, generator=generator)
parts = {"model": model, "optimizer": optimizer, "averaged": averaged, "scheduler": scheduler, "loader": generator}
start = basin.torch.resume(**parts)
best = start.extra.get("best", 9.0)
for epoch in range(start + 1, 6):
    for inputs, labels in data:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(inputs + 0.1 * random.random() + 0.1 * numpy.random.rand()), labels)
        loss.backward()
        optimizer.step()
    averaged.update_parameters(model)
    scheduler.step(loss.item())
    best = min(best, loss.item())
    weights = sum(float(p.double().sum()) for p in [*averaged.parameters(), *model.buffers()])
    basin.report(epoch, loss=loss, best=best, weights=weights, **optimizer.metrics())
    basin.torch.checkpoint(epoch, **parts, extra={"best": best})
    if basin.should_stop():
        break
"""


class Resuming(unittest.TestCase):
    def test_stopped_after_any_epoch_it_goes_on_bit_for_bit(self):
        whole = Trial(self, SCRIPT)
        expected = reports(whole.run()[0])
        self.assertEqual(len(expected), 5)
        self.assertEqual(sorted(file.name for file in (whole.folder / "checkpoints").iterdir()),
                         ["latest.json", "step-4.pt", "step-5.pt"])
        parts = Trial(self, SCRIPT)
        found = {}
        for attempt, until in enumerate((2, None), start=1):
            for step, metrics in reports(parts.run(until=until, attempt=attempt)[0]):
                self.assertEqual(found.setdefault(step, metrics), metrics)
        self.assertEqual(list(found.items()), expected)

    def test_a_write_that_dies_leaves_the_one_before(self):
        trial = Trial(self, SCRIPT)
        trial.run(until=2)
        broken = SCRIPT.replace("import basin\n", "import basin, os\nos.replace = lambda *of: os._exit(9)\n")
        (trial.folder / "script.py").write_text(broken)
        trial.run(attempt=2, code=9)
        (trial.folder / "script.py").write_text(SCRIPT)
        # What was reported before is said again, in case nobody took it in.
        self.assertEqual([step for step, _ in reports(trial.run(attempt=3)[0])], [1, 2, 3, 4, 5])


class ByHand(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.model = torch.nn.Linear(2, 2)

    def test_a_file_can_be_resumed_outside_basin(self):
        path = bt.checkpoint(3, model=self.model, folder=self.folder, extra={"a": 1})
        draw = torch.rand(3)
        twin = torch.nn.Linear(2, 2)
        start = bt.resume(model=twin, path=path)
        self.assertEqual((start, start.extra), (3, {"a": 1}))
        self.assertTrue(torch.equal(twin.weight, self.model.weight))
        self.assertTrue(torch.equal(torch.rand(3), draw))
        self.assertEqual(bt.resume(model=twin), 0)

    def test_old_files_go_and_those_of_a_run_that_was_set_back(self):
        for step in (1, 2, 9):
            bt.checkpoint(step, model=self.model, folder=self.folder)
        bt.checkpoint(3, model=self.model, folder=self.folder)
        self.assertEqual([file.name for file in self.folder.iterdir() if "9" in file.name], [])
        bt.checkpoint(4, model=self.model, folder=self.folder, keep=1)
        self.assertEqual([file.name for file in self.folder.iterdir()], ["step-4.pt"])

    def test_every_rank_keeps_its_random_numbers(self):
        with mock.patch("basin.torch._checkpoints._distributed_rank", lambda: 0):
            path = bt.checkpoint(1, model=self.model, folder=self.folder)
        torch.manual_seed(5)
        with mock.patch("basin.torch._checkpoints._distributed_rank", lambda: 1):
            bt.checkpoint(1, model=self.model, folder=self.folder)
            draw = torch.rand(2)
            bt.resume(model=self.model, path=path)
            self.assertTrue(torch.equal(torch.rand(2), draw))
        self.assertEqual(sorted(file.name for file in self.folder.iterdir()), ["step-1.pt", "step-1.rank1.pt"])

    def test_what_does_not_fit_is_named(self):
        path = bt.checkpoint(1, model=self.model, folder=self.folder)
        with self.assertRaisesRegex(ValueError, "has no optimizer; it has model"):
            bt.resume(model=self.model, optimizer=torch.optim.Adam(self.model.parameters()), path=path)
        with self.assertRaisesRegex(TypeError, "best has neither state_dict nor get_state"):
            bt.checkpoint(1, best=3, folder=self.folder)
        torch.save({"x": 1}, str(self.folder / "other.pt"))
        with self.assertRaisesRegex(ValueError, "was not written by basin.torch.checkpoint"):
            bt.resume(path=self.folder / "other.pt")


class Seeds(unittest.TestCase):
    def test_everything_is_seeded(self):
        import random

        import numpy

        drawn = []
        for _ in range(2):
            self.assertEqual(bt.seed_everything(11), 11)
            drawn.append((random.random(), numpy.random.rand(), torch.rand(1).item()))
        self.assertEqual(*drawn)
        with mock.patch.dict(os.environ, {"BASIN_SEED": "13"}):
            self.assertEqual(bt.seed_everything(), basin.seed())


if __name__ == "__main__":
    unittest.main()
