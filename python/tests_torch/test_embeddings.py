"""Embeddings: which tensor is taken, that it is the same in every trial, and what is said about useless ones."""

import contextlib
import io
import math
import unittest
from unittest import mock

import basin.torch as bt
import torch
from torch import nn

from .nets import net


class Taken(unittest.TestCase):
    def test_the_input_of_the_last_linear_layer(self):
        mlp = net("mlp")
        for size in (32, 5):
            with bt.embeddings(mlp.model, send=False) as probe:
                for part in mlp.inputs.split(size):
                    mlp.model(part)
            expected = bt.last_layer(mlp.model, mlp.inputs).activations
            self.assertEqual(probe.flags, ())
            self.assertLess(float((probe.array.double() - expected).abs().max()), 1e-6)

    def test_a_named_layer_whatever_its_shape(self):
        cnn = net("cnn")
        with bt.embeddings(cnn.model, "conv", send=False) as probe:
            cnn.model(cnn.inputs)
        self.assertTrue(torch.allclose(probe.array.double(), cnn.model.conv(cnn.inputs).mean((2, 3)).detach(), atol=1e-6))
        with bt.embeddings(model := nn.Sequential(nn.Identity()), "0", send=False) as probe:
            model(torch.arange(24.0).view(2, 3, 4))
        self.assertEqual(probe.array.tolist(), [[4, 5, 6, 7], [16, 17, 18, 19]])

    def test_last_means_last_in_the_forward_pass(self):
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.head, self.body = nn.Linear(3, 2), nn.Linear(4, 3)

            def forward(self, x):
                return self.head(self.body(x))

        model, x = Net(), torch.randn(5, 4)
        with bt.embeddings(model, send=False) as probe:
            model(x)
        self.assertTrue(torch.equal(probe.array, model.body(x).detach()))

    def test_it_is_sent_with_the_name_of_its_samples(self):
        model = nn.Sequential(nn.Linear(4, 3))
        with mock.patch("basin.embedding") as sent:
            with bt.embeddings(model, index_hash="abc", step=4):
                model(torch.randn(2, 4))
        self.assertEqual(sent.call_args.kwargs, {"name": "penultimate", "step": 4, "index_hash": "abc"})
        self.assertEqual(tuple(sent.call_args.args[0].shape), (2, 4))

    def test_what_went_wrong_is_said(self):
        model = nn.Sequential(nn.Linear(4, 3))
        with self.assertRaisesRegex(RuntimeError, "call the model inside the block"):
            with bt.embeddings(model, send=False):
                pass
        with self.assertRaisesRegex(ValueError, "name the layer"):
            with bt.embeddings(nn.Sequential(nn.ReLU()), send=False):
                pass
        with self.assertRaises(AttributeError):
            with bt.embeddings(model, "nowhere", send=False):
                pass
        self.assertFalse(model._forward_hooks or model[0]._forward_pre_hooks)


class Flags(unittest.TestCase):
    def test_collapse_and_nan(self):
        torch.manual_seed(0)
        spread = torch.randn(40, 6)
        self.assertEqual(bt.flags_of(spread), ())
        self.assertEqual(bt.flags_of(torch.ones(40, 6) + 1e-9 * spread), ("collapsed",))
        self.assertEqual(bt.flags_of(torch.zeros(40, 6)), ("collapsed",))
        self.assertEqual(bt.flags_of(spread.masked_fill(spread > 2, math.nan)), ("nan",))
        model = nn.Sequential(nn.Linear(6, 2))
        with contextlib.redirect_stderr(io.StringIO()) as said:
            with bt.embeddings(model, send=False):
                model(torch.ones(9, 6))
        self.assertIn("the embedding 'penultimate' is collapsed", said.getvalue())


class Probes(unittest.TestCase):
    def test_every_label_has_its_share_and_the_same_seed_the_same_rows(self):
        labels = torch.tensor([0] * 70 + [1] * 20 + [2] * 10)
        probe = bt.probe_of(labels, 21, seed=3)
        self.assertEqual(len(set(probe.indices)), 21)
        self.assertEqual(probe.indices, sorted(probe.indices))
        counts = torch.bincount(labels[probe.indices]).tolist()
        self.assertEqual(sum(counts), 21)
        for count, share in zip(counts, (14.7, 4.2, 2.1)):
            self.assertLess(abs(count - share), 1)
        self.assertEqual(probe, bt.probe_of(labels.tolist(), 21, seed=3))
        self.assertNotEqual(probe.index_hash, bt.probe_of(labels, 21, seed=4).index_hash)
        self.assertEqual(bt.probe_of(5, 128).indices, [0, 1, 2, 3, 4])
        with self.assertRaises(ValueError):
            bt.probe_of(0)

    def test_the_hash_is_of_order_and_numbers(self):
        self.assertEqual(bt.index_hash([1, 2, 3]), "e2e2033ae7e19d68")
        self.assertNotEqual(bt.index_hash([1, 2, 3]), bt.index_hash([3, 2, 1]))


if __name__ == "__main__":
    unittest.main()
