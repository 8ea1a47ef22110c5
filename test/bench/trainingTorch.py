"""The yardstick models on PyTorch's CPU build, one JSON line each, and the sgemm peak: trainingTorch.py <threads> <seconds>.

The same layers, loss and optimizer as the built-in trainer's; the loss is read at each step, as the trainer does on a CPU.
The peak is the best of a few products of 2048 x 2048 matrices.
"""

import json
import os
import statistics
import sys
import time

import torch
from torch import nn


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))


def cnn(batch_norm: bool, dropout: bool) -> nn.Module:
    layers: list[nn.Module] = []
    channels = 3
    for filters in (32, 64):
        for _ in range(2):
            layers.append(nn.Conv2d(channels, filters, 3, padding=1, bias=not batch_norm))
            if batch_norm:
                layers.append(nn.BatchNorm2d(filters))
            layers.append(nn.ReLU())
            channels = filters
        layers.append(nn.MaxPool2d(2))
        if dropout:
            layers.append(nn.Dropout2d(0.25))
    layers += [nn.Flatten(), nn.Linear(64 * 8 * 8, 128, bias=not batch_norm)]
    if batch_norm:
        layers.append(nn.BatchNorm1d(128))
    layers.append(nn.ReLU())
    if dropout:
        layers.append(nn.Dropout(0.5))
    return nn.Sequential(*layers, nn.Linear(128, 10))


def peak() -> float:
    a, b = torch.randn(2048, 2048), torch.randn(2048, 2048)
    best = float("inf")
    for _ in range(12):
        start = time.perf_counter()
        torch.mm(a, b)
        best = min(best, time.perf_counter() - start)
    return 2 * 2048**3 / best / 1e9


def measure(name: str, model: nn.Module, seconds: float) -> dict[str, object]:
    shape = (64,) if name == "mlp" else (3, 32, 32)
    features, targets = torch.randn(256, *shape), torch.randint(0, 10, (256,))
    rows = torch.arange(128)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    loss_of = nn.CrossEntropyLoss()
    times: list[float] = []

    def run(until: float, least: int, most: float) -> None:
        steps = 0
        while steps < least or (steps < most and time.perf_counter() < until):
            start = time.perf_counter()
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(model(features[rows]), targets[rows])
            loss.backward()
            optimizer.step()
            loss.item()
            times.append(1000 * (time.perf_counter() - start))
            steps += 1

    run(time.perf_counter() + seconds / 2, 1, 10)
    times.clear()
    before = os.times()
    run(time.perf_counter() + seconds, 3, float("inf"))
    after = os.times()
    cpu = 1000 * (after.user + after.system - before.user - before.system) / len(times)
    return {"yardstick": name, "wallMs": statistics.median(times), "cpuMs": cpu, "steps": len(times)}


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[1]))
    print(json.dumps({"peak": peak(), "version": torch.__version__}))
    models = {
        "mlp": mlp(),
        "cnn": cnn(False, False),
        "cnn-batchnorm": cnn(True, False),
        "cnn-dropout": cnn(False, True),
    }
    for yardstick, built in models.items():
        print(json.dumps(measure(yardstick, built, float(sys.argv[2]))), flush=True)
