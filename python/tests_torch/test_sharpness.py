"""The measures against TypeScript's on the same weights, in float64: 1e-9 where the formula is exact, and within four standard
errors where random vectors differ. State before equals state after, bit for bit."""

import copy
import json
import math
import random
import tempfile
import unittest
from pathlib import Path

import basin.torch as bt
import torch
from basin.torch import _landscape, _lastlayer
from torch import nn

from .nets import net, typescript


class Close(unittest.TestCase):
    def close(self, found, expected, tolerance=1e-9, name=None):
        found, expected = (torch.as_tensor(value, dtype=torch.float64) for value in (found, expected))
        scale = max(1e-12, float(expected.abs().max()))
        self.assertLessEqual(float((found - expected).abs().max()) / scale, tolerance, (name, found, expected))


class OnTheOracle(Close):
    def each(self):
        for name in ("mlp", "cnn"):
            with self.subTest(name):
                found = net(name)
                yield found, bt.LossSurface(found.model, found.inputs, found.labels), typescript()[name]

    def test_loss_gradient_and_hessian_vector(self):
        for found, surface, _ in self.each():
            w, expected = surface.weights(), found.expected
            self.close(surface.loss(w), expected["loss"])
            self.close(surface.gradient(w), found.flat(expected["gradient"]))
            self.close(surface.hessian_vector(w, found.vector), found.flat(expected["hessianVector"]))
            cut = bt.LossSurface(found.model, found.inputs, found.labels, batch_size=7)
            self.close(cut.loss(w), expected["loss"])
            self.close(cut.hessian_vector(w, found.vector), found.flat(expected["hessianVector"]))
            # In float32 to its rounding.
            single = bt.LossSurface(copy.deepcopy(found.model).float(), found.inputs.float(), found.labels)
            product = single.hessian_vector(single.weights(), found.vector.float())
            self.close(product, found.flat(expected["hessianVector"]), 1e-5)

    def test_last_layer(self):
        for found, _, _ in self.each():
            layer = bt.last_layer(found.model, found.inputs, batch_size=5)
            for name in _lastlayer.LAST_LAYER:
                expected = found.expected["lastLayer"][name]
                self.close(bt.estimate(name, layer), expected["batch"], 1e-7, name)
                if "batchesOf8" in expected:
                    self.close(bt.estimate_over_batches(name, layer, 8), expected["batchesOf8"], 1e-7, name)
                if "withBias" in expected:
                    self.close(bt.estimate(name, layer, bias=True), expected["withBias"], 1e-7, name)

    def test_keskar_takes_the_same_path(self):
        for _, surface, expected in self.each():
            for one in expected["keskar"]:
                self.close(bt.keskar(surface, one["epsilon"]), one["sharpness"], 1e-6, one)

    def test_worst_case_in_a_ball(self):
        for found, surface, expected in self.each():
            self.close(bt.sam(surface), found.expected["sam"]["oneStep"])
            self.close(bt.sam(surface), expected["sam"])
            self.close(bt.sam(surface, ascent_steps=20), expected["samAscent"], 1e-7)
            self.close(bt.gradient_norm(surface), found.expected["gradientNorm"])

    def test_eigenvalues(self):
        for found, surface, expected in self.each():
            top = bt.top_eigenvalue(surface, iterations=5000, tolerance=1e-12)
            self.close(top, found.expected["topEigenvalue"], 1e-7)
            self.close(top, expected["topEigenvalue"], 1e-7)
            spectrum = bt.lanczos(surface, steps=40)
            self.close(spectrum.eigenvalues[0], found.expected["smallestEigenvalue"], 1e-7)
            self.close(spectrum.eigenvalues[-1], found.expected["largestEigenvalue"], 1e-7)
            self.close(sum(spectrum.weights), 1)
            step = 0.01
            grid = [-3 + step * i for i in range(1200)]
            self.close(sum(spectrum.density(grid, 0.1)) * step, 1, 1e-3)
            self.close(bt.top_eigenvalue(surface), found.expected["topEigenvalue"], 2e-2)

    def test_random_vectors(self):
        for found, surface, expected in self.each():
            trace, frobenius = bt.hutchinson(surface, samples=200)
            random_case = bt.average_case(surface, pairs=200)
            for mine, exact, other, error in (
                (trace, found.expected["trace"], expected["hutchinson"]["trace"], expected["hutchinson"]["traceError"]),
                (frobenius, found.expected["frobenius"], expected["hutchinson"]["frobenius"], expected["hutchinson"]["frobeniusError"]),
                (random_case, found.expected["trace"] * 0.5e-4, expected["averageCase"]["value"], expected["averageCase"]["error"]),
            ):
                self.assertLess(abs(mine.value - exact), 4 * mine.standard_error + 0.01 * abs(exact))
                self.assertLess(abs(mine.value - other), 4 * math.hypot(mine.standard_error, error))
            self.assertEqual(bt.hutchinson(surface, samples=3), bt.hutchinson(surface, samples=3))

    def test_slices_and_the_line_between_two_models(self):
        for found, surface, expected in self.each():
            normal = found.expected["filterNormalised"]
            direction = bt.filter_normalised(surface, found.vector)
            self.close(direction, found.flat(normal["direction"]))
            slice1d = bt.landscape_1d(surface, 11, direction=direction)
            self.assertEqual(slice1d.positions, expected["slice"]["positions"])
            self.close(slice1d.losses, expected["slice"]["losses"])
            self.close(bt.landscape_2d(surface, 3).losses[4], found.expected["loss"])

            first = found.model.state_dict()
            names = list(first)
            far = surface.unflatten(-surface.weights() + 0.1 * found.vector)
            line = bt.linear_path(found.model, first, {name: far[name] for name in names}, found.inputs, found.labels, 11)
            self.close(line.losses, expected["path"]["losses"])
            self.close([line.barrier, line.barrier_at], [expected["path"]["barrier"], expected["path"]["barrierAt"]])
            with tempfile.TemporaryDirectory() as folder:
                saved = json.loads(line.save(Path(folder) / "a" / "path.json").read_text())
                self.assertEqual(sorted(saved), ["barrier", "barrierAt", "kind", "losses", "positions"])
                slice1d._replace(losses=[math.nan, *slice1d.losses[1:]]).save(Path(folder) / "s.json")
                self.assertEqual(json.loads((Path(folder) / "s.json").read_text())["losses"][0], "NaN")


class Heads(Close):
    """The exact measures against the whole Hessian of the last layer, by automatic differentiation."""

    def hessian(self, a, w, b, loss):
        flat = torch.cat([w.reshape(-1), b])

        def of(v):
            return loss(a @ v[: w.numel()].view_as(w).T + v[w.numel() :])

        return torch.func.hessian(of)(flat)

    def test_every_head_with_and_without_bias(self):
        torch.manual_seed(3)
        a, linear = torch.rand(9, 4, dtype=torch.float64), nn.Linear(4, 3).double()
        w, b = linear.weight.detach(), linear.bias.detach()
        z = a @ w.T + b
        cases = {
            "softmax": (lambda z: nn.functional.cross_entropy(z, torch.arange(9) % 3), z.softmax(1), 1.0),
            "sigmoid": (lambda z: nn.functional.binary_cross_entropy_with_logits(z, torch.ones_like(z)), z.sigmoid(), 1 / 3),
            "linear": (lambda z: nn.functional.mse_loss(z, torch.zeros_like(z)), z, 2 / 3),
        }
        for head, (loss, p, scale) in cases.items():
            layer = bt.last_layer(nn.Sequential(linear), a, head)
            self.close(layer.probabilities, p)
            whole = self.hessian(a, w, b, loss)
            for bias, h in ((False, whole[:12, :12]), (True, whole)):
                values = {"exact-frobenius": h.norm(), "exact-trace": h.trace(), "exact-top": torch.linalg.eigvalsh(h)[-1]}
                for name, expected in values.items():
                    self.close(bt.estimate(name, layer, head, bias, scale), expected, 1e-6, (head, bias, name))

    def test_dead_and_broken_layers(self):
        torch.manual_seed(0)
        layer = bt.last_layer(nn.Sequential(nn.Linear(4, 3)), torch.tensor([[0.0] * 4, [1.0] * 4]))
        self.assertEqual(bt.estimate("section", layer), 0)
        broken = layer._replace(activations=layer.activations * math.nan)
        for name in _lastlayer.LAST_LAYER:
            if name != "theorem1":
                self.assertTrue(math.isnan(bt.estimate(name, broken)), name)


class Awkward(nn.Module):
    """Everything that could leave traces: dropout, batch norm, a module that keeps count, mixed train flags, shared weights."""

    def __init__(self):
        super().__init__()
        self.first, self.norm, self.drop = nn.Linear(5, 6), nn.BatchNorm1d(6), nn.Dropout(0.5)
        self.second, self.head = nn.Linear(6, 6), nn.Linear(6, 2)
        self.second.weight.requires_grad_(False)
        self.register_buffer("calls", torch.zeros(()))
        self.norm.eval()

    def forward(self, x):
        self.calls += 1
        return self.head(self.second(self.drop(self.norm(self.first(x)).relu())))


class State(unittest.TestCase):
    def test_the_model_leaves_as_it_came(self):
        torch.manual_seed(1)
        model = Awkward()
        model.norm.train()
        model(torch.randn(30, 5)).sum().backward()
        model.norm.eval()
        x, y = torch.randn(12, 5), torch.arange(12) % 2
        before = copy.deepcopy(model.state_dict())
        gradients = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
        flags = [module.training for module in model.modules()]
        torch.manual_seed(5)
        random.seed(5)
        state, plain = torch.get_rng_state(), random.getstate()
        found = bt.sharpness(model, x, y, bt.ESTIMATORS, samples=3, send=False)
        self.assertTrue(all(math.isfinite(value) for value in found.values()), found)
        surface = bt.LossSurface(model, x, y)
        bt.landscape_2d(surface, 3)
        bt.linear_path(model, before, before, x, y, 3)
        with bt.embeddings(model, send=False) as probe:
            model(x)
        self.assertEqual(tuple(probe.array.shape), (12, 6))
        self.assertEqual([module.training for module in model.modules()], flags)
        for name, value in model.state_dict().items():
            self.assertTrue(torch.equal(value, before[name]), name)
        for name, p in model.named_parameters():
            self.assertTrue(p.grad is None if name not in gradients else torch.equal(p.grad, gradients[name]), name)
        self.assertTrue(torch.equal(torch.get_rng_state(), state))
        self.assertEqual(random.getstate(), plain)
        self.assertFalse(any(module._forward_hooks or module._forward_pre_hooks for module in model.modules()))

    def test_inside_inference_mode_and_autocast(self):
        torch.manual_seed(1)
        model, y = nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 3)), torch.arange(12) % 3
        x = torch.randn(12, 5)
        expected = bt.sharpness(model, x, y, ["top-eigenvalue", "exact-trace"], send=False)
        with torch.inference_mode():
            self.assertEqual(bt.sharpness(model, x.clone(), y, ["top-eigenvalue", "exact-trace"], send=False), expected)
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
            found = bt.sharpness(model, x, y, ["top-eigenvalue"], send=False)
        self.assertEqual(found["top-eigenvalue"], expected["top-eigenvalue"])

    def test_attention_and_recurrence_have_second_derivatives(self):
        torch.manual_seed(2)
        for inner in (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), nn.LSTM(8, 8, batch_first=True)):
            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.inner, self.head = inner, nn.Linear(8, 2)

                def forward(self, x):
                    out = self.inner(x)
                    return self.head((out[0] if isinstance(out, tuple) else out).mean(1))

            model, x, y = Net().double(), torch.randn(6, 4, 8).double(), torch.arange(6) % 2
            surface = bt.LossSurface(model, x, y)
            w, v = surface.weights(), torch.randn(surface.dimension, dtype=torch.float64)
            h = 1e-5
            expected = (surface.gradient(w + h * v) - surface.gradient(w - h * v)) / (2 * h)
            found = surface.hessian_vector(w, v)
            self.assertLess(float((found - expected).norm() / expected.norm()), 1e-4)

    def test_wrong_use_is_said(self):
        model, x = nn.Sequential(nn.Linear(5, 3)), torch.randn(4, 5)
        for call, words in (
            (lambda: bt.sharpness(model, x, None, ["keskarr"]), "there is no keskarr; the measures are theorem1"),
            (lambda: bt.sharpness(model, x, None, ["keskar"]), "keskar need the probe's targets"),
            (lambda: bt.last_layer(nn.Sequential(nn.Conv1d(1, 1, 1)), x), "need an nn.Linear, and the model has none"),
            (lambda: bt.last_layer(model, x, "soft"), "head is one of softmax, sigmoid, linear"),
            (lambda: bt.LossSurface(model, x[:0], x[:0]), "the probe has no rows"),
            (lambda: bt.LossSurface(model, x, x, lambda z, y: z).gradient(torch.zeros(18)), "the loss must be one number"),
            (lambda: _landscape.positions_between(0, 1, 1), "at least 2 points"),
        ):
            with self.assertRaisesRegex(ValueError, words):
                call()


class Rescaling(unittest.TestCase):
    def test_filter_normalisation_takes_the_scale_of_layers_away(self):
        torch.manual_seed(4)
        model = nn.Sequential(nn.Linear(5, 7, bias=False), nn.ReLU(), nn.Linear(7, 3, bias=False)).double()
        x, y = torch.randn(20, 5).double(), torch.arange(20) % 3
        scaled = copy.deepcopy(model)
        with torch.no_grad():
            scaled[0].weight.mul_(8)
            scaled[2].weight.div_(8)
        one, other = (bt.landscape_1d(bt.LossSurface(m, x, y), 9) for m in (model, scaled))
        self.assertLess(max(abs(a - b) for a, b in zip(one.losses, other.losses)), 1e-9)

    def test_transposed_convolutions_count_filters_on_their_own_axis(self):
        model = nn.Sequential(nn.ConvTranspose2d(2, 3, 2)).double()
        surface = bt.LossSurface(model, torch.randn(2, 2, 3, 3).double(), torch.zeros(2), lambda z, y: z.mean())
        d = surface.unflatten(bt.filter_normalised(surface, torch.randn(surface.dimension).double()))["0.weight"]
        norms = d.flatten(2).permute(1, 0, 2).flatten(1).norm(dim=1)
        own = model[0].weight.detach().flatten(2).permute(1, 0, 2).flatten(1).norm(dim=1)
        self.assertLess(float((norms - own).abs().max()), 1e-8)


if __name__ == "__main__":
    unittest.main()
