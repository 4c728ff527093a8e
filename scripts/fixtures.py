"""Writes test/fixtures/*.json: golden values from PyTorch in float64, with the inputs that made them.

Run: python3 -m venv venv && venv/bin/pip install torch==2.13.0 numpy && venv/bin/python scripts/fixtures.py
Files are small enough to read. Re-running with the same versions gives the same files.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(20)
FOLDER = Path(__file__).resolve().parent.parent / "test" / "fixtures"


def rounded(*shape):
    """Inputs with few digits: short in the file, and the same number in float32 and float64."""
    return (torch.randn(shape) * 64).round() / 64


def pack(tensor):
    return {"shape": list(tensor.shape), "data": [float(f"{v:.12g}") for v in tensor.detach().flatten().tolist()]}


def run(name, function, inputs, attrs=None, integers=None):
    """One case: outputs, and the gradients of sum(output * cotangent) with respect to every float input."""
    leaves = {key: value.clone().requires_grad_() for key, value in inputs.items()}
    y = function(**leaves, **(integers or {}))
    cotangent = rounded(*y.shape)
    grads = torch.autograd.grad(y, list(leaves.values()), cotangent)
    return {
        "name": name,
        "attrs": attrs or {},
        "inputs": {key: pack(value) for key, value in inputs.items()},
        "integers": {key: pack(value) for key, value in (integers or {}).items()},
        "cotangent": pack(cotangent),
        "output": pack(y),
        "grads": {key: pack(g) for key, g in zip(leaves, grads)},
    }


def write(name, cases, script="scripts/fixtures.py"):
    document = {
        "script": script,
        "torch": torch.__version__.split("+")[0],
        "cases": cases,
    }
    # One case a line: a diff then shows which case changed.
    lines = ",\n".join("    " + json.dumps(case) for case in cases)
    head = json.dumps({key: document[key] for key in ("script", "torch")}, indent=2)[:-2]
    (FOLDER / f"{name}.json").write_text(f'{head},\n  "cases": [\n{lines}\n  ]\n}}\n')


def conv2d():
    geometries = [
        ("plain", (2, 3, 6, 5), (4, 3, 3, 3), {}),
        ("lenet first layer", (1, 1, 12, 12), (2, 1, 5, 5), {}),
        ("stride and padding", (2, 2, 7, 6), (3, 2, 3, 2), {"stride": [2, 1], "padding": [1, 2]}),
        ("stride that leaves a rest", (1, 1, 8, 8), (1, 1, 3, 3), {"stride": [3, 3]}),
        ("dilation", (1, 2, 9, 8), (2, 2, 3, 3), {"dilation": [2, 3], "padding": [1, 1]}),
        ("groups", (2, 4, 5, 5), (6, 2, 3, 3), {"groups": 2, "padding": [1, 1]}),
        ("depthwise", (1, 3, 5, 4), (3, 1, 2, 2), {"groups": 3}),
        ("1x1", (2, 3, 4, 3), (5, 3, 1, 1), {}),
        ("1x1 with stride", (1, 2, 5, 5), (2, 2, 1, 1), {"stride": [2, 2]}),
        ("kernel as large as the input", (2, 2, 4, 3), (3, 2, 4, 3), {}),
    ]
    for name, x, w, attrs in geometries:
        for bias in (False, True):
            inputs = {"x": rounded(*x), "w": rounded(*w)} | ({"b": rounded(w[0])} if bias else {})
            function = lambda x, w, b=None, attrs=attrs: F.conv2d(x, w, b, **attrs)
            yield run(name + (", bias" if bias else ""), function, inputs, attrs)


def max_pool2d():
    ties = torch.tensor([[0.0, 1, 1, 0, 2], [1, 1, 1, 2, 2], [0, 0, 0, 0, 0], [-1, -1, -2, -2, -1]]).reshape(1, 1, 4, 5)
    cases = [
        ("plain", rounded(2, 2, 6, 4), {"kernel_size": [2, 2]}),
        ("odd sizes leave a rest", rounded(1, 2, 5, 7), {"kernel_size": [2, 2]}),
        ("overlapping", rounded(2, 1, 6, 7), {"kernel_size": [3, 3], "stride": [1, 2]}),
        ("padding", rounded(1, 2, 5, 5), {"kernel_size": [3, 3], "stride": [2, 2], "padding": [1, 1]}),
        ("all negative, padding", -rounded(1, 1, 4, 4).abs() - 1, {"kernel_size": [2, 2], "padding": [1, 1]}),
        ("dilation", rounded(1, 1, 7, 7), {"kernel_size": [2, 3], "stride": [1, 1], "dilation": [2, 2]}),
        ("ties go to the first", ties, {"kernel_size": [2, 2], "stride": [1, 1]}),
    ]
    for name, x, attrs in cases:
        yield run(name, lambda x, attrs=attrs: F.max_pool2d(x, **attrs), {"x": x}, attrs)


def log_softmax():
    large = torch.tensor([[1000.0, 999, -1000], [-1000, -1001, -1002], [0, 0, 0]])
    for name, x, dim in [("rows", rounded(3, 5), 1), ("columns", rounded(3, 5), 0), ("middle axis", rounded(2, 3, 4), 1)]:
        yield run(name, lambda x, dim=dim: F.log_softmax(x, dim), {"x": x}, {"dim": dim})
    yield run("large values", lambda x: F.log_softmax(x, 1), {"x": large}, {"dim": 1})


def cross_entropy():
    for reduction in ("mean", "sum", "none"):
        target = torch.tensor([3, 0, 9, 3, 5])
        function = lambda x, target, reduction=reduction: F.cross_entropy(x, target, reduction=reduction)
        yield run(reduction, function, {"x": rounded(5, 10) * 3}, {"reduction": reduction}, {"target": target})


def optimizers():
    """Five steps on one parameter with fixed gradients."""
    settings = [
        ("SGD", {"lr": 0.1}),
        ("SGD", {"lr": 0.1, "momentum": 0.9}),
        ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
        ("SGD", {"lr": 0.05, "momentum": 0.8, "dampening": 0.3, "weight_decay": 0.1}),
        ("Adam", {"lr": 0.01}),
        ("Adam", {"lr": 0.1, "betas": [0.8, 0.95], "eps": 1e-3, "weight_decay": 0.1}),
        ("AdamW", {"lr": 0.05, "weight_decay": 0.2}),
    ]
    for kind, attrs in settings:
        start, grads = rounded(5), rounded(5, 5)
        p = torch.nn.Parameter(start.clone())
        optimizer = getattr(torch.optim, kind)([p], **attrs)
        steps = []
        for g in grads:
            p.grad = g.clone()
            optimizer.step()
            steps.append(p.detach().clone())
        name = kind + " " + ", ".join(f"{key} {value}" for key, value in attrs.items())
        yield {"name": name, "kind": kind, "attrs": attrs, "start": pack(start), "grads": pack(grads),
               "steps": pack(torch.stack(steps))}


if __name__ == "__main__":
    for make in (conv2d, max_pool2d, log_softmax, cross_entropy, optimizers):
        torch.manual_seed(20)
        write(make.__name__.replace("_", "-"), list(make()))
