"""The yardstick models on PyTorch with CUDA, one JSON line each: trainingGpuTorch.py <yardstick> <batch> <seconds> <tf32: 0|1>.

The same layers, initial scale, loss and optimizer as the built-in trainer's; data that lies on the device; the loss is read
once every 16 steps, as the trainer does.
"""

import json
import sys
import time

import torch
from torch import nn


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))


def cnn() -> nn.Module:
    layers: list[nn.Module] = []
    channels = 3
    for filters in (32, 64):
        for _ in range(2):
            layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU()]
            channels = filters
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 8 * 8, 128), nn.ReLU(), nn.Linear(128, 10))


def measure(yardstick: str, batch: int, seconds: float, tf32: bool) -> dict[str, object]:
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cudnn.benchmark = True
    device = torch.device("cuda")
    torch.manual_seed(1)
    model = (mlp() if yardstick == "mlp" else cnn()).to(device)
    shape = (64,) if yardstick == "mlp" else (3, 32, 32)
    features = torch.randn(2 * batch, *shape, device=device)
    targets = torch.randint(0, 10, (2 * batch,), device=device)
    rows = torch.arange(batch, device=device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    loss_of = nn.CrossEntropyLoss()

    def run(until: float, least: int, most: float) -> tuple[int, float]:
        begun = time.perf_counter()
        steps = 0
        losses: list[torch.Tensor] = []
        while steps < least or (steps < most and time.perf_counter() < until):
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(model(features[rows]), targets[rows])
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
            steps += 1
            if len(losses) == 16:
                torch.stack(losses).cpu()
                losses.clear()
        torch.cuda.synchronize()
        return steps, time.perf_counter() - begun

    run(time.perf_counter() + seconds / 2, 10, 100)
    steps, took = run(time.perf_counter() + seconds, 3, float("inf"))
    return {
        "device": f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}, CUDA {torch.version.cuda}",
        "stepMs": 1000 * took / steps,
        "steps": steps,
    }


if __name__ == "__main__":
    if not torch.cuda.is_available():
        print(json.dumps({"error": "PyTorch sees no CUDA device"}))
    else:
        print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4] == "1")))
