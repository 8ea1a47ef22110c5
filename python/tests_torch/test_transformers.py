"""The callback in a real Hugging Face Trainer: reports, checkpoints, stopping, and a resumed run that equals the uninterrupted."""

import unittest

from .scripts import Trial, reports

SCRIPT = """
import os, warnings
warnings.filterwarnings("ignore")
os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")
import torch
import basin
from basin.integrations.transformers import BasinCallback
from transformers import Trainer, TrainingArguments

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Dropout(0.3), torch.nn.Linear(8, 3))
    def forward(self, x, labels):
        z = self.net(x)
        return {"loss": torch.nn.functional.cross_entropy(z, labels), "logits": z}

basin.torch.seed_everything()
x = torch.randn(60, 4, generator=torch.Generator().manual_seed(1))
data = [{"x": row, "labels": label} for row, label in zip(x, x.argmax(1) % 3)]
callback = BasinCallback()
arguments = TrainingArguments(
    output_dir=str(basin.checkpoint_dir()), num_train_epochs=4, per_device_train_batch_size=16, learning_rate=0.01,
    eval_strategy="epoch", save_strategy="epoch", save_total_limit=2, logging_strategy="epoch", report_to=[],
    disable_tqdm=True, use_cpu=True, seed=basin.seed(),
)
trainer = Trainer(Net(), arguments, train_dataset=data, eval_dataset=data, callbacks=[callback],
                  compute_metrics=lambda p: {"accuracy": float((p.predictions.argmax(1) == p.label_ids).mean())})
trainer.train(resume_from_checkpoint=callback.resume_path)
"""


class HuggingFace(unittest.TestCase):
    def test_a_run_and_the_same_run_in_two_parts(self):
        events, _ = Trial(self, SCRIPT).run()
        expected = reports(events)
        self.assertEqual([step for step, _ in expected], [1, 2, 3, 4])
        names = {"epoch", "eval_accuracy", "eval_loss", "grad_norm", "learning_rate", "loss"}
        self.assertLessEqual({"eval_accuracy", "eval_loss", "loss"}, set(expected[0][1]))
        self.assertLessEqual(set(expected[0][1]), names)
        self.assertEqual((events[0]["type"], events[0]["steps"], events[0]["device"]), ("started", 4, "cpu"))
        self.assertEqual([event["step"] for event in events if event["type"] == "checkpoint"], [1, 2, 3, 4])

        parts = Trial(self, SCRIPT)
        first, _ = parts.run(until=2)
        second, _ = parts.run(attempt=2)
        self.assertEqual(reports(first), expected[:2])
        # The first two are said again.
        self.assertEqual(reports(second), expected)


if __name__ == "__main__":
    unittest.main()
