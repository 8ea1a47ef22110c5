"""Handwritten digits with PyTorch: a small multilayer perceptron on 8x8 pixels.

By hand, it trains with config.yaml. Under Basin the trial's parameters take the place of the file's values; that, and the
calls of `basin` below, is all there is to it.
"""

import csv
from pathlib import Path

import basin
import torch
import yaml
from torch import nn

here = Path(__file__).resolve().parent
classes = 10


def load_digits():
    """((inputs, labels) for training, the same for validation): a fifth of all rows, the same in every trial."""
    with open(here / ".." / "digits" / "digits.csv", newline="") as file:
        rows = list(csv.reader(file))[1:]
    table = torch.tensor([[float(cell) for cell in row] for row in rows])
    inputs, labels = table[:, :-1] / 16, table[:, -1].long()
    order = torch.randperm(len(inputs), generator=torch.Generator().manual_seed(basin.split_seed()))
    cut = len(inputs) // 5
    validation, training = order[:cut], order[cut:]
    return (inputs[training], labels[training]), (inputs[validation], labels[validation])


def build_model(config):
    layers, size = [], 64
    for _ in range(config.depth):
        layers += [nn.Linear(size, config.width), nn.ReLU(), nn.Dropout(config.dropout)]
        size = config.width
    return nn.Sequential(*layers, nn.Linear(size, classes))


def build_optimizer(config, model):
    if config.optimizer == "adam":
        return torch.optim.Adam(model.parameters(), lr=config.lr, weight_decay=config.weight_decay)
    return torch.optim.SGD(
        model.parameters(), lr=config.lr, momentum=config.momentum, weight_decay=config.weight_decay
    )


def train_epoch(model, optimizer, inputs, labels, batch_size):
    model.train()
    total = 0.0
    for batch in torch.randperm(len(inputs)).split(batch_size):
        loss = nn.functional.cross_entropy(model(inputs[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(batch)
    return total / len(inputs)


@torch.no_grad()
def evaluate(model, inputs, labels):
    model.eval()
    scores = model(inputs)
    loss = nn.functional.cross_entropy(scores, labels).item()
    return loss, (scores.argmax(1) == labels).float().mean().item()


def main():
    config = basin.params(yaml.safe_load((here / "config.yaml").read_text()))
    basin.torch.seed_everything(basin.seed(default=1))
    if basin.threads():
        torch.set_num_threads(basin.threads())
    device = "cuda" if torch.cuda.is_available() else "cpu"
    basin.started(steps=config.epochs, device=device, backend=f"PyTorch {torch.__version__}")

    (train_x, train_y), (val_x, val_y) = (tuple(part.to(device) for part in pair) for pair in load_digits())
    # The same digits in every trial: what embeddings and sharpness are compared on.
    seen, flat = basin.torch.probe_of(val_y, 128), basin.torch.probe_of(train_y, 256)
    model = build_model(config).to(device)
    optimizer = build_optimizer(config, model)

    # An interrupted or paused trial goes on where it was, random numbers included.
    start = basin.torch.resume(model=model, optimizer=optimizer)
    if start:
        print(f"going on after epoch {start}")

    for epoch in range(start + 1, config.epochs + 1):
        loss = train_epoch(model, optimizer, train_x, train_y, config.batch_size)
        val_loss, val_accuracy = evaluate(model, val_x, val_y)
        print(f"epoch {epoch}: loss {loss:.4f}, validation loss {val_loss:.4f}, accuracy {val_accuracy:.4f}")
        basin.report(epoch, val_accuracy=val_accuracy, val_loss=val_loss, loss=loss)
        basin.torch.checkpoint(epoch, model=model, optimizer=optimizer, folder=here / "checkpoints")
        if basin.should_stop():
            print(f"stopping: {basin.stop_reason()}")
            return

    # How the trained network sees the digits, and how flat the loss is around its weights.
    with basin.torch.embeddings(model, index_hash=seen.index_hash, step=config.epochs):
        model(val_x[seen.indices])
    estimators = ["exact-frobenius", "exact-trace", "top-eigenvalue", "sam", "gradient-norm"]
    found = basin.torch.sharpness(model, train_x[flat.indices], train_y[flat.indices], estimators, step=config.epochs)
    print("sharpness:", ", ".join(f"{name} {value:.4g}" for name, value in found.items()))

    val_loss, val_accuracy = evaluate(model, val_x, val_y)
    basin.done(val_accuracy=val_accuracy, val_loss=val_loss)


main()
