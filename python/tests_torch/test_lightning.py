"""The callback in a real Lightning Trainer: reports, checkpoints, stopping, and a resumed run that equals the uninterrupted one."""

import unittest

from .scripts import Trial, reports

SCRIPT = """
import logging, warnings
warnings.filterwarnings("ignore")
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
import torch
from basin.integrations.lightning import BasinCallback
from lightning.pytorch import LightningModule, Trainer
from torch.utils.data import DataLoader, TensorDataset
import basin

class Net(LightningModule):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Dropout(0.3), torch.nn.Linear(8, 3))
    def training_step(self, batch, index):
        loss = torch.nn.functional.cross_entropy(self.net(batch[0]), batch[1])
        self.log("loss", loss, on_step=False, on_epoch=True)
        return loss
    def validation_step(self, batch, index):
        self.log("val_loss", torch.nn.functional.cross_entropy(self.net(batch[0]), batch[1]))
    def on_train_epoch_end(self):
        self.log("late", float(self.current_epoch))
    def configure_optimizers(self):
        optimizer = torch.optim.Adam(self.parameters(), lr=0.01)
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)]

basin.torch.seed_everything()
x = torch.randn(60, 4, generator=torch.Generator().manual_seed(1))
data = TensorDataset(x, x.argmax(1) % 3)
callback = BasinCallback()
trainer = Trainer(max_epochs=4, callbacks=[callback], logger=False, enable_progress_bar=False, enable_model_summary=False,
                  accelerator="cpu", num_sanity_val_steps=2, default_root_dir=".")
trainer.fit(Net(), DataLoader(data, 16, shuffle=True), DataLoader(data, 60), ckpt_path=callback.resume_path)
"""


class Lightning(unittest.TestCase):
    def test_a_run_and_the_same_run_in_two_parts(self):
        whole = Trial(self, SCRIPT)
        events, _ = whole.run()
        expected = reports(events)
        self.assertEqual([step for step, _ in expected], [1, 2, 3, 4])
        self.assertEqual([metrics["late"] for _, metrics in expected], [0, 1, 2, 3])
        self.assertEqual(sorted(expected[0][1]), ["late", "loss", "val_loss"])
        self.assertEqual((events[0]["type"], events[0]["steps"], events[0]["device"]), ("started", 4, "cpu"))
        self.assertEqual([event["step"] for event in events if event["type"] == "checkpoint"], [1, 2, 3, 4])
        kept = sorted(file.name for file in (whole.folder / "checkpoints").glob("*.ckpt"))
        self.assertEqual(kept, ["epoch-3.ckpt", "epoch-4.ckpt"])
        self.assertFalse((whole.folder / "lightning_logs").exists())

        parts = Trial(self, SCRIPT)
        first, _ = parts.run(until=2)
        second, _ = parts.run(attempt=2)
        self.assertEqual(reports(first), expected[:2])
        # The first two are said again.
        self.assertEqual(reports(second), expected)


if __name__ == "__main__":
    unittest.main()
