"""The two networks of test/fixtures/oracles/smallNet.json as torch modules in float64, and what TypeScript finds on them."""

import functools
import json
import shutil
import subprocess
from pathlib import Path

import torch
from torch import nn

# Small tensors: threads would only wait for each other.
torch.set_num_threads(1)

REPOSITORY = Path(__file__).resolve().parents[2]
FIXTURES = REPOSITORY / "test" / "fixtures"


class SmallMlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense1, self.dense2, self.head = nn.Linear(6, 8), nn.Linear(8, 6), nn.Linear(6, 3)

    def forward(self, x):
        return self.head(self.dense2(self.dense1(x).tanh()).tanh())


class SmallCnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv2d(2, 4, 3, padding=1), nn.Linear(36, 3)

    def forward(self, x):
        x = nn.functional.max_pool2d(self.conv(x).tanh(), 2)
        # Flattened in the order rows, columns, channels, as the weights of the head have it.
        return self.head(x.permute(0, 2, 3, 1).flatten(1))


def to_torch(tensor):
    """A kernel [.., in, out] as torch has it: [out, in, ..]."""
    if tensor.dim() == 2:
        return tensor.T
    return tensor.permute(3, 2, 0, 1) if tensor.dim() == 4 else tensor


class Net:
    def __init__(self, name, saved):
        self.saved, self.expected = saved, saved["expected"]
        self.model = (SmallMlp() if name == "mlp" else SmallCnn()).double()
        shape = saved["inputShape"]
        inputs = torch.tensor(saved["inputs"], dtype=torch.float64).view(-1, *shape)
        self.inputs = inputs.permute(0, 3, 1, 2).contiguous() if len(shape) == 3 else inputs
        self.labels = torch.tensor(saved["labels"])
        weights = torch.cat([torch.tensor(block["values"], dtype=torch.float64) for block in saved["weights"]])
        with torch.no_grad():
            for parameter, value in zip(self.model.parameters(), self.parts(weights)):
                parameter.copy_(value)
        self.vector = self.flat(torch.tensor(saved["vector"], dtype=torch.float64))

    def parts(self, flat):
        blocks = self.saved["weights"]
        sizes = [len(block["values"]) for block in blocks]
        pieces = torch.as_tensor(flat, dtype=torch.float64).split(sizes)
        return [to_torch(piece.view(block["shape"])) for piece, block in zip(pieces, blocks)]

    def flat(self, flat):
        """A vector in the fixture's order as one in torch's."""
        return torch.cat([part.reshape(-1) for part in self.parts(flat)])


def net(name):
    return Net(name, json.loads((FIXTURES / "oracles" / "smallNet.json").read_text())[name])


def node():
    """The Node of the repository, else the one on PATH."""
    local = REPOSITORY / "node_modules" / ".bin" / "node"
    found = str(local) if local.exists() else shutil.which("node")
    if not found:
        raise AssertionError("these tests compare with the TypeScript sources and need Node: run npm ci first")
    return found


@functools.lru_cache(maxsize=1)
def typescript():
    """What src/flatness and src/trainers/tfjs/training find: computed now, by the sources as they are."""
    script = FIXTURES / "sharpnessOfSmallNets.ts"
    found = subprocess.run([node(), str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if found.returncode != 0:
        raise AssertionError(found.stderr.decode())
    return json.loads(found.stdout)
