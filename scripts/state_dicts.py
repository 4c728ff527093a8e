"""State dicts across the border, by PyTorch's own reader and writer (the packages torch and safetensors).

    python scripts/state_dicts.py write            the fixtures in test/fixtures/state-dicts, one file per layer
    python scripts/state_dicts.py check FOLDER     files that `node --import tsx scripts/write-state-dicts.ts FOLDER` wrote:
                                                   each is loaded with strict=True, and all bits are compared

The tests read the fixtures; they never need Python.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn.utils import parametrizations

FOLDER = Path(__file__).parent.parent / "test" / "fixtures" / "state-dicts"


class Block(nn.Module):
    """Names in several words, a list, nested modules."""

    def __init__(self):
        super().__init__()
        self.input_norm = nn.LayerNorm(4)
        self.layers = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4, bias=False)])
        self.output_head = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.BatchNorm1d(3))


LAYERS = {
    "Linear": lambda: nn.Linear(3, 2),
    "Conv1d": lambda: nn.Conv1d(2, 4, 3, groups=2),
    "Conv2d": lambda: nn.Conv2d(2, 3, (1, 2)),
    "Conv3d": lambda: nn.Conv3d(1, 2, 2, bias=False),
    "ConvTranspose1d": lambda: nn.ConvTranspose1d(4, 2, 3, groups=2),
    "ConvTranspose2d": lambda: nn.ConvTranspose2d(2, 3, (1, 2)),
    "ConvTranspose3d": lambda: nn.ConvTranspose3d(1, 2, 2),
    "BatchNorm1d": lambda: nn.BatchNorm1d(3),
    "BatchNorm2d": lambda: nn.BatchNorm2d(3, affine=False),
    "BatchNorm3d": lambda: nn.BatchNorm3d(3),
    "InstanceNorm1d": lambda: nn.InstanceNorm1d(3, affine=True, track_running_stats=True),
    "InstanceNorm2d": lambda: nn.InstanceNorm2d(3, affine=True),
    "InstanceNorm3d": lambda: nn.InstanceNorm3d(3, track_running_stats=True),
    "LayerNorm": lambda: nn.LayerNorm([2, 3]),
    "RMSNorm": lambda: nn.RMSNorm(5),
    "GroupNorm": lambda: nn.GroupNorm(2, 4),
    "PReLU": lambda: nn.PReLU(3),
    "Embedding": lambda: nn.Embedding(5, 3, padding_idx=1),
    "MultiheadAttention": lambda: nn.MultiheadAttention(4, 2),
    "CrossEntropyLoss": lambda: nn.CrossEntropyLoss(weight=torch.rand(3)),
    "BCEWithLogitsLoss": lambda: nn.BCEWithLogitsLoss(weight=torch.rand(3), pos_weight=torch.rand(3)),
    "weightNorm": lambda: parametrizations.weight_norm(nn.Linear(3, 2)),
    "spectralNorm": lambda: parametrizations.spectral_norm(nn.Linear(3, 2)),
    "Block": Block,
}


def scrambled(make):
    """A layer whose every number is another, running statistics and counters too."""
    layer = make()
    with torch.no_grad():
        for value in layer.state_dict().values():
            if value.is_floating_point():
                value.copy_(torch.randn_like(value).abs() + 0.1)
            else:
                value.fill_(7)
    return layer


def bits(tensor):
    return tensor.contiguous().view(torch.uint8).tolist() if tensor.dim() else tensor.reshape(1).view(torch.uint8).tolist()


def write():
    FOLDER.mkdir(exist_ok=True)
    torch.manual_seed(30)
    for name, make in LAYERS.items():
        state = {key: value.contiguous() for key, value in scrambled(make).state_dict().items()}
        save_file(state, FOLDER / f"{name}.safetensors", {"torch": torch.__version__.split("+")[0]})


def check(folder):
    count = 0
    for name, make in LAYERS.items():
        state = load_file(Path(folder) / f"{name}.safetensors")
        layer = scrambled(make)
        layer.load_state_dict(state, strict=True)
        for key, value in layer.state_dict().items():
            expected = state[key].to(value.dtype)
            assert value.shape == expected.shape and bits(value) == bits(expected), f"{name}: {key} differs"
            count += 1
    print(f"{len(LAYERS)} layers, {count} tensors: every key, shape and bit agrees (torch {torch.__version__})")


if __name__ == "__main__":
    if sys.argv[1:2] == ["check"]:
        check(sys.argv[2])
    else:
        write()
