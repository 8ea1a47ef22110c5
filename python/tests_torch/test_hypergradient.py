"""The optimizers against the published table, against TypeScript's on the same weights, and as torch optimizers."""

import copy
import json
import math
import unittest
from unittest import mock

import basin.torch as bt
import torch
from torch import nn

from .nets import net, typescript

#: alpha, gamma, x, y after each step on f = (x^2 + 10 y^2) / 2 from (1, 1) with alpha 0.01, gamma 0.5.
BOWL = {
    ("raw", 1e-4, 1e-3): [
        [0.01, 0.5, 0.99, 0.9],
        [0.019099, 0.5009099, 0.966082891, 0.67801801],
        [0.025296804296209, 0.5024380837809636, 0.9296272147569168, 0.3949689152277642],
        [0.02806457437007334, 0.5035899299089154, 0.8851789112078907, 0.14158189647786418],
        [0.028706067491329628, 0.5039880247564308, 0.8373674929314074, -0.026764721359258725],
        [0.028742295495809565, 0.5039830029807046, 0.7892034868512391, -0.10391576005674878],
    ],
    ("cosine", 0.05, 0.02): [
        [0.01, 0.5, 0.99, 0.9],
        [0.01049997554285076, 0.5199990217138335, 0.9744050339954394, 0.7535003179429598],
        [0.011024879122146095, 0.5399939358684591, 0.9552411492070916, 0.5913188787873029],
        [0.011575848622909382, 0.5599758398110554, 0.9334521097870989, 0.43205101290724524],
        [0.012153839929848885, 0.5799168596911645, 0.9094712509464377, 0.28717810375233127],
        [0.012758853745624878, 0.5997136947501834, 0.883485790811146, 0.1636552018866113],
    ],
}


def optimizer_of(name, rule, parameters):
    shared = {"lr": 0.05, "rule": rule, "beta": 0.05, "weight_decay": 0.01, "max_grad_norm": 0.3}
    if name.startswith("adam"):
        return bt.HypergradientAdam(parameters, decoupled=name == "adamw", **shared)
    return bt.HypergradientSGD(parameters, momentum=0.6, eta=0.02, nesterov=name == "nesterov", **shared)


class Rules(unittest.TestCase):
    def test_the_bowl(self):
        for (rule, beta, eta), rows in BOWL.items():
            theta = nn.Parameter(torch.ones(2, dtype=torch.float64))
            optimizer = bt.HypergradientSGD([theta], 0.01, 0.5, rule=rule, beta=beta, eta=eta)
            for row in rows:
                optimizer.zero_grad()
                ((theta**2 * torch.tensor([1.0, 10.0])).sum() / 2).backward()
                optimizer.step()
                group = optimizer.param_groups[0]
                for found, expected in zip([group["lr"], group["momentum"], *theta.tolist()], row):
                    self.assertAlmostEqual(found, expected, places=11)

    def test_twenty_steps_as_in_typescript(self):
        for name in ("momentum", "nesterov", "adam", "adamw"):
            for rule in ("cosine", "raw"):
                with self.subTest(name=name, rule=rule):
                    expected = typescript()["descents"][f"{name}-{rule}"]
                    mlp = net("mlp")
                    model, x = mlp.model.float(), mlp.inputs.float()
                    optimizer = optimizer_of(name, rule, model.parameters())
                    for row in expected["steps"]:
                        optimizer.zero_grad()
                        loss = nn.functional.cross_entropy(model(x), mlp.labels)
                        loss.backward()
                        optimizer.step()
                        # Both in float32: they part by rounding, which twenty steps let grow.
                        self.assertAlmostEqual(loss.item(), row["loss"], delta=1e-4)
                        self.assertAlmostEqual(optimizer.param_groups[0]["lr"], row["learningRate"], delta=1e-4)
                        if name in ("momentum", "nesterov"):
                            self.assertAlmostEqual(optimizer.param_groups[0]["momentum"], row["momentum"], delta=1e-4)
                    w = torch.cat([p.detach().reshape(-1) for p in model.parameters()])
                    self.assertLess(float((w - mlp.flat(expected["weights"])).abs().max()), 2e-3)


class AsATorchOptimizer(unittest.TestCase):
    def train(self, model, optimizer, steps, seed=0):
        generator = torch.Generator().manual_seed(seed)
        for _ in range(steps):
            x = torch.randn(16, 4, generator=generator)
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), x.argmax(1) % 3).backward()
            optimizer.step()

    def model(self):
        torch.manual_seed(7)
        return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))

    def test_state_dict_goes_on_bit_for_bit(self):
        for make in (bt.HypergradientSGD, bt.HypergradientAdam):
            model = self.model()
            optimizer = make(model.parameters(), lr=0.05)
            self.train(model, optimizer, 5)
            twin = copy.deepcopy(model)
            again = make(twin.parameters())
            again.load_state_dict(copy.deepcopy(optimizer.state_dict()))
            self.train(model, optimizer, 5, 1)
            self.train(twin, again, 5, 1)
            for a, b in zip(model.parameters(), twin.parameters()):
                self.assertTrue(torch.equal(a, b))
            self.assertEqual(optimizer.metrics(), again.metrics())

    def test_groups_have_rates_of_their_own(self):
        model = self.model()
        optimizer = bt.HypergradientSGD([{"params": model[0].parameters(), "lr": 0.1}, {"params": model[2].parameters()}])
        self.train(model, optimizer, 10)
        first, second = optimizer.param_groups
        self.assertNotEqual(first["lr"], 0.1)
        self.assertNotEqual(first["lr"] / 0.1, second["lr"] / 0.01)
        self.assertEqual(optimizer.metrics(), {"learning_rate": first["lr"], "momentum": first["momentum"]})

    def test_a_gradient_that_is_not_finite_is_left_out_and_halves_the_rate(self):
        model = self.model()
        optimizer = bt.HypergradientSGD(model.parameters(), lr=0.05)
        self.train(model, optimizer, 3)
        before, rate = copy.deepcopy(model.state_dict()), optimizer.param_groups[0]["lr"]
        model(torch.full((2, 4), math.inf)).sum().backward()
        optimizer.step()
        self.assertEqual(optimizer.param_groups[0]["lr"], rate / 2)
        for name, value in model.state_dict().items():
            self.assertTrue(torch.equal(value, before[name]))

    def test_rates_stay_in_their_bounds(self):
        model = self.model()
        optimizer = bt.HypergradientSGD(
            model.parameters(), 1e-9, 0.99, beta=0.9, eta=0.9, lr_bounds=(1e-5, 0.2), momentum_bounds=(0.7, 0.99)
        )
        self.assertEqual(optimizer.param_groups[0]["lr"], 1e-5)
        for _ in range(40):
            self.train(model, optimizer, 1)
            group = optimizer.param_groups[0]
            self.assertTrue(1e-5 <= group["lr"] <= 0.2 and 0.7 <= group["momentum"] <= 0.99)

    def test_the_study_can_ask_for_rates_bounds_and_rule(self):
        asked = {
            "rule": "raw", "learningRate": {"name": "lr", "start": 0.02, "low": 1e-3, "high": 0.1},
            "momentum": {"name": "m", "start": 0.8, "low": 0.5, "high": 0.9},
        }
        parameters = list(self.model().parameters())
        with mock.patch.dict("os.environ", {"BASIN_TUNE_ONLINE": json.dumps(asked), "BASIN_PARAMS": '{"lr": 0.05}'}):
            group = bt.HypergradientSGD.tuned(parameters, weight_decay=0.1).param_groups[0]
            adam = bt.HypergradientAdam.tuned(parameters, rule="cosine").param_groups[0]
        self.assertEqual([group["lr"], group["momentum"], group["rule"], group["weight_decay"]], [0.05, 0.8, "raw", 0.1])
        self.assertEqual([group["lr_bounds"], group["momentum_bounds"]], [(1e-3, 0.1), (0.5, 0.9)])
        self.assertEqual([adam["lr"], adam["rule"], adam["lr_bounds"]], [0.05, "cosine", (1e-3, 0.1)])
        for rate, still in (("learningRate", "momentum"), ("momentum", "lr")):
            one = {"rule": "cosine", rate: asked[rate]}
            with mock.patch.dict("os.environ", {"BASIN_TUNE_ONLINE": json.dumps(one)}):
                model = self.model()
                optimizer = bt.HypergradientSGD.tuned(model.parameters(), **{still: 0.6 if still == "momentum" else 0.01})
            group = optimizer.param_groups[0]
            before = dict(group)
            self.train(model, optimizer, 6)
            self.assertEqual(group[still], before[still])
            moved = "lr" if still == "momentum" else "momentum"
            self.assertNotEqual(group[moved], before[moved])
        self.assertEqual(bt.HypergradientSGD.tuned(parameters).param_groups[0]["lr"], 0.01)

    def test_closures_unused_weights_and_wrong_settings(self):
        model = self.model()
        unused = nn.Parameter(torch.ones(3))
        optimizer = bt.HypergradientAdam([*model.parameters(), unused])

        def closure():
            optimizer.zero_grad()
            loss = model(torch.ones(2, 4)).square().mean()
            loss.backward()
            return loss

        losses = [optimizer.step(closure).item() for _ in range(20)]
        self.assertLess(losses[-1], losses[0])
        self.assertTrue(torch.equal(unused, torch.ones(3)))
        for settings in ({"rule": "cos"}, {"beta": -1}, {"lr": -1}, {"lr_bounds": (1, 0)}):
            with self.assertRaises(ValueError):
                bt.HypergradientSGD(model.parameters(), **settings)


if __name__ == "__main__":
    unittest.main()
