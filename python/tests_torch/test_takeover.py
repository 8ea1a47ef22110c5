"""Going on from another trial's checkpoint: states are taken over, settings and random numbers are the trial's own."""

import shutil
import unittest

from .scripts import Trial, reports

SCRIPT = """
import torch
import basin

config = basin.params({"lr": 0.1, "momentum": 0.9, "width": 8, "kind": "sgd", "schedule": "none"})
basin.torch.seed_everything()
torch.manual_seed(basin.seed())
model = torch.nn.Sequential(torch.nn.Linear(4, config.width), torch.nn.ReLU(), torch.nn.Linear(config.width, 3))
if config.kind == "sgd":
    optimizer = torch.optim.SGD(model.parameters(), lr=config.lr, momentum=config.momentum)
else:
    optimizer = basin.torch.HypergradientSGD(model.parameters(), lr=config.lr, momentum=config.momentum)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5) if config.schedule == "step" else None
x = torch.randn(60, 4, generator=torch.Generator().manual_seed(1))
start = basin.torch.resume(model=model, optimizer=optimizer, scheduler=scheduler)
group = optimizer.param_groups[0]
print("start", int(start), start.taken_over, repr(group["lr"]), repr(group["momentum"]),
      scheduler.base_lrs if scheduler else None, sum(float(p.double().sum()) for p in model.parameters()),
      sum(float(v.double().sum()) for s in optimizer.state.values() for v in s.values() if torch.is_tensor(v)), float(torch.rand(())))
for epoch in range(start + 1, 5):
    order = torch.randperm(60)
    for rows in order.split(20):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x[rows]), x[rows].argmax(1) % 3).backward()
        optimizer.step()
    if scheduler:
        scheduler.step()
    basin.report(epoch, lr=group["lr"], weights=sum(float(p.double().sum()) for p in model.parameters()),
                 state=sum(float(v.double().sum()) for s in optimizer.state.values() for v in s.values() if torch.is_tensor(v)))
    basin.torch.checkpoint(epoch, model=model, optimizer=optimizer, scheduler=scheduler)
    if basin.should_stop():
        break
else:
    basin.done()
"""


class TakingOver(unittest.TestCase):
    def exploit(self, theirs, own, **env):
        """The last report of a parent that pauses at 2, the child's first line, and all that the child reported."""
        parent, child = Trial(self, SCRIPT), Trial(self, SCRIPT)
        said, _ = parent.run(until=2, BASIN_PARAMS=theirs, BASIN_SEED="7")
        self.assertNotIn("done", [event["type"] for event in said])
        shutil.copytree(str(parent.folder / "checkpoints"), str(child.folder / "checkpoints"))
        pointer = child.folder / "checkpoints" / "latest.json"
        pointer.write_text(f'{{"step": 2, "path": "{child.folder / "checkpoints" / "step-2.pt"}", "reports": []}}')
        events, log = child.run(BASIN_PARAMS=own, BASIN_SEED="8", **env)
        return reports(said)[-1][1], log.split(), reports(events)

    def test_weights_and_state_are_the_other_s_and_settings_its_own(self):
        before, line, after = self.exploit('{"lr": 0.1, "momentum": 0.9}', '{"lr": 0.3, "momentum": 0.5}')
        self.assertEqual(line[:5], ["start", "2", "True", "0.3", "0.5"])
        self.assertEqual(float(line[6]), before["weights"])
        self.assertEqual(float(line[7]), before["state"])
        self.assertEqual([step for step, _ in after], [3, 4])

    def test_random_numbers_are_its_own(self):
        _, line, _ = self.exploit("{}", "{}")
        alone = Trial(self, SCRIPT)
        _, fresh = alone.run(BASIN_PARAMS="{}", BASIN_SEED="8", until=1)
        self.assertEqual(line[-1], fresh.split()[-1])

    def test_a_schedule_goes_on_in_proportion(self):
        params = '{{"lr": {}, "schedule": "step"}}'
        _, line, after = self.exploit(params.format(0.1), params.format(0.4))
        self.assertAlmostEqual(float(line[3]), 0.1)
        self.assertEqual(line[5], "[0.4]")
        self.assertAlmostEqual(after[0][1]["lr"], 0.05)

    def test_a_setting_that_is_the_same_in_both_stays_as_the_other_left_it(self):
        params = '{"lr": 0.1, "schedule": "step"}'
        _, line, _ = self.exploit(params, params)
        self.assertAlmostEqual(float(line[3]), 0.025)

    def test_adapted_rates_follow_the_policy(self):
        params = '{"lr": 0.02, "momentum": 0.8, "kind": "hypergradient"}'
        before, line, _ = self.exploit(params, params, BASIN_HD_COPY="copy")
        self.assertEqual(float(line[3]), before["lr"])
        self.assertNotEqual(before["lr"], 0.02)
        for policy in ("reset", "keep"):
            _, line, _ = self.exploit(params, params, BASIN_HD_COPY=policy)
            self.assertEqual(line[3:5], ["0.02", "0.8"])
        before, line, _ = self.exploit(params, params)
        self.assertIn(round(float(line[3]) / before["lr"], 9), (0.8, 1.2))
        self.assertEqual(float(line[7]), before["state"])

    def test_another_model_is_refused_with_a_reason(self):
        parent, child = Trial(self, SCRIPT), Trial(self, SCRIPT)
        parent.run(until=2, BASIN_PARAMS="{}", BASIN_SEED="7")
        shutil.copytree(str(parent.folder / "checkpoints"), str(child.folder / "checkpoints"))
        shutil.rmtree(str(parent.folder / "checkpoints"))
        events, _ = child.run(BASIN_PARAMS='{"width": 9}', BASIN_SEED="8", code=1)
        self.assertEqual(events[-1]["type"], "failed")
        self.assertIn("cannot go on from the other trial's checkpoint: model does not fit", events[-1]["reason"])


if __name__ == "__main__":
    unittest.main()
