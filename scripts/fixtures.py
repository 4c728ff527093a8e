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


class Lion(torch.optim.Optimizer):
    """Chen et al. 2023, algorithm 2; PyTorch has none."""

    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                u = torch.sign(beta1 * m + (1 - beta1) * p.grad)
                p.copy_(p - group["lr"] * (u + group["weight_decay"] * p))
                m.copy_(beta2 * m + (1 - beta2) * p.grad)


def optimizers():
    """Ten steps on one parameter with fixed gradients."""
    settings = [
        ("SGD", {"lr": 0.1}),
        ("SGD", {"lr": 0.1, "momentum": 0.9}),
        ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
        ("SGD", {"lr": 0.05, "momentum": 0.8, "dampening": 0.3, "weight_decay": 0.1}),
        ("SGD", {"lr": 0.05, "momentum": 0.8, "maximize": True}),
        ("Adam", {}),
        ("Adam", {"lr": 0.1, "betas": [0.8, 0.95], "eps": 1e-3, "weight_decay": 0.1}),
        ("Adam", {"lr": 0.1, "amsgrad": True, "weight_decay": 0.1}),
        ("Adam", {"lr": 0.1, "maximize": True}),
        ("AdamW", {"lr": 0.05, "weight_decay": 0.2}),
        ("AdamW", {"lr": 0.05, "amsgrad": True}),
        ("Adamax", {}),
        ("Adamax", {"lr": 0.1, "betas": [0.7, 0.9], "weight_decay": 0.1}),
        ("NAdam", {}),
        ("NAdam", {"lr": 0.1, "betas": [0.8, 0.95], "weight_decay": 0.1, "momentum_decay": 0.05}),
        ("NAdam", {"lr": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True}),
        ("RAdam", {}),
        ("RAdam", {"lr": 0.1, "weight_decay": 0.1}),
        ("RAdam", {"lr": 0.1, "betas": [0.8, 0.9], "weight_decay": 0.1, "decoupled_weight_decay": True}),
        ("RMSprop", {}),
        ("RMSprop", {"lr": 0.05, "alpha": 0.9, "momentum": 0.8, "weight_decay": 0.1}),
        ("RMSprop", {"lr": 0.05, "centered": True, "eps": 1e-2}),
        ("Adagrad", {}),
        ("Adagrad", {"lr": 0.3, "lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.5}),
        ("Adadelta", {}),
        ("Adadelta", {"lr": 0.5, "rho": 0.8, "eps": 1e-3, "weight_decay": 0.1}),
        ("Adafactor", {}),
        ("Adafactor", {"lr": 0.5, "beta2_decay": -0.5, "d": 1.5, "weight_decay": 0.1}),
        ("Lion", {}),
        ("Lion", {"lr": 0.05, "betas": [0.8, 0.9], "weight_decay": 0.1}),
    ]
    for kind, attrs in settings:
        for shape in ((5,), (3, 4)) if kind == "Adafactor" else ((5,),):
            start, grads = rounded(*shape), rounded(10, *shape)
            p = torch.nn.Parameter(start.clone())
            optimizer = Lion([p], **attrs) if kind == "Lion" else getattr(torch.optim, kind)([p], **attrs)
            steps = []
            for g in grads:
                p.grad = g.clone()
                optimizer.step()
                steps.append(p.detach().clone())
            name = f"{kind} {list(shape)} " + ", ".join(f"{key} {value}" for key, value in attrs.items())
            yield {"name": name.strip(), "kind": kind, "attrs": attrs, "start": pack(start), "grads": pack(grads),
                   "steps": pack(torch.stack(steps))}


def lbfgs():
    """Ten steps of L-BFGS on sum(w (p - b)^2) + 3 sum(tanh(p)^2), with and without line search."""
    for attrs in ({"max_iter": 4}, {"lr": 0.5, "max_iter": 3, "history_size": 2},
                  {"max_iter": 5, "line_search_fn": "strong_wolfe"},
                  {"lr": 3.0, "max_iter": 2, "line_search_fn": "strong_wolfe"}):
        start, w, b = rounded(6), rounded(6).abs() + 0.5, rounded(6) * 2
        p = torch.nn.Parameter(start.clone())
        optimizer = torch.optim.LBFGS([p], **attrs)

        def closure():
            optimizer.zero_grad()
            loss = (w * (p - b) ** 2).sum() + 3 * (torch.tanh(p) ** 2).sum()
            loss.backward()
            return loss

        steps = []
        for _ in range(10):
            optimizer.step(closure)
            steps.append(p.detach().clone())
        yield {"attrs": attrs, "start": pack(start), "w": pack(w), "b": pack(b), "steps": pack(torch.stack(steps))}


def schedulers():
    """Learning rates of two groups over a few steps, and the momentum where the scheduler moves it."""
    S = torch.optim.lr_scheduler
    plateau = [1.0, 0.9, 0.9, 0.95, 0.91, 0.9, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6]
    settings = [
        ("StepLR", {"step_size": 3}),
        ("MultiStepLR", {"milestones": [2, 5, 5, 9], "gamma": 0.5}),
        ("ConstantLR", {}),
        ("LinearLR", {}),
        ("LinearLR", {"start_factor": 0.1, "end_factor": 0.8, "total_iters": 8}),
        ("ExponentialLR", {"gamma": 0.8}),
        ("PolynomialLR", {"total_iters": 7, "power": 2.0}),
        ("CosineAnnealingLR", {"T_max": 4, "eta_min": 0.01}),
        ("CosineAnnealingWarmRestarts", {"T_0": 3, "T_mult": 2, "eta_min": 0.001}),
        ("CosineAnnealingWarmRestarts", {"T_0": 4}),
        ("OneCycleLR", {"max_lr": 1.0, "total_steps": 14}),
        ("OneCycleLR", {"max_lr": [1.0, 2.0], "total_steps": 14, "anneal_strategy": "linear", "three_phase": True}),
        ("OneCycleLR", {"max_lr": 0.5, "epochs": 7, "steps_per_epoch": 2, "cycle_momentum": False, "pct_start": 0.2,
                        "div_factor": 10.0, "final_div_factor": 100.0}),
        ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.5, "step_size_up": 3}),
        ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.5, "step_size_up": 2, "step_size_down": 3, "mode": "triangular2"}),
        ("CyclicLR", {"base_lr": [0.1, 0.2], "max_lr": [0.5, 0.4], "step_size_up": 3, "mode": "exp_range",
                      "gamma": 0.9, "cycle_momentum": False}),
        ("ReduceLROnPlateau", {"patience": 1, "factor": 0.5}),
        ("ReduceLROnPlateau", {"patience": 1, "mode": "max", "threshold_mode": "abs", "threshold": 0.05,
                               "cooldown": 1, "min_lr": [0.05, 0.01]}),
        ("LambdaLR", {}),
        ("MultiplicativeLR", {}),
        ("ChainedScheduler", {}),
        ("SequentialLR", {"milestones": [4, 8]}),
    ]
    for kind, attrs in settings:
        for base in ("SGD", "Adam") if kind in ("OneCycleLR", "CyclicLR") else ("SGD",):
            groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in (0.4, 0.2)]
            options = {"momentum": 0.9} if base == "SGD" else {}
            optimizer = getattr(torch.optim, base)(groups, **options)
            if kind in ("LambdaLR", "MultiplicativeLR"):
                scheduler = getattr(S, kind)(optimizer, lambda epoch: 1 / (1 + epoch))
            elif kind == "ChainedScheduler":
                scheduler = S.ChainedScheduler([S.LinearLR(optimizer, 0.5, total_iters=4), S.ExponentialLR(optimizer, 0.9),
                                                S.CosineAnnealingLR(optimizer, 6, 0.01)])
            elif kind == "SequentialLR":
                parts = [S.LinearLR(optimizer, 0.1, total_iters=4), S.CosineAnnealingLR(optimizer, 4, 0.01),
                         S.ExponentialLR(optimizer, 0.9)]
                scheduler = S.SequentialLR(optimizer, parts, **attrs)
            else:
                scheduler = getattr(S, kind)(optimizer, **attrs)
            rates, momenta = [], []
            for step in range(14):
                rates.append([group["lr"] for group in optimizer.param_groups])
                momenta.append([group["momentum"] if base == "SGD" else group["betas"][0] for group in optimizer.param_groups])
                optimizer.step()
                if step < 13:
                    scheduler.step(plateau[step]) if kind == "ReduceLROnPlateau" else scheduler.step()
            name = f"{kind} on {base} " + ", ".join(f"{key} {value}" for key, value in attrs.items())
            yield {"name": name.strip(), "kind": kind, "base": base, "attrs": attrs, "metrics": plateau,
                   "rates": pack(torch.tensor(rates)), "momenta": pack(torch.tensor(momenta))}


if __name__ == "__main__":
    for make in (conv2d, max_pool2d, log_softmax, cross_entropy, optimizers, lbfgs, schedulers):
        torch.manual_seed(20)
        write(make.__name__.replace("_", "-"), list(make()))
