"""Writes test/fixtures/elementwise.json: defaults, parameters, kinks and ties of elementwise ops as PyTorch has them.

Run it as scripts/fixtures.py is run.
"""

import torch
import torch.nn.functional as F

from fixtures import run, write

KINKS = torch.tensor([-7.5, -6, -4, -3, -2.5, -1, -0.75, -0.0, 0, 0.25, 0.5, 1, 1.5, 2.5, 3, 3.25, 6, 7])
INSIDE = torch.tensor([-0.96875, -0.5, -0.25, 0, 0.125, 0.5, 0.75, 0.96875])
POSITIVE = torch.tensor([0.0078125, 0.25, 0.5, 1, 1.5, 2, 3.25, 10, 100])
LEFT = torch.tensor([2.0, -2, 1, 0, 3, 5.5, -5.5, 5.5, -5.5, 0])
RIGHT = torch.tensor([2.0, 3, 2, 0, -1, 2, 2, -2, -2, 1.5])


def activations():
    for name in ("relu relu6 leaky_relu elu selu celu silu gelu logsigmoid softplus softsign mish hardtanh hardsigmoid "
                 "hardswish").split():
        yield name, getattr(F, name), KINKS, {}
    yield "leaky_relu", F.leaky_relu, KINKS, {"negative_slope": 0.25}
    yield "elu", F.elu, KINKS, {"alpha": 0.5}
    yield "celu", F.celu, KINKS, {"alpha": 0.5}
    yield "gelu", F.gelu, KINKS, {"approximate": "tanh"}
    yield "softplus", F.softplus, KINKS, {"beta": 2.0, "threshold": 3.0}
    yield "hardtanh", F.hardtanh, KINKS, {"min_val": -3.0, "max_val": 2.5}
    yield "clamp", torch.clamp, KINKS, {"min": -3.0, "max": 2.5}
    yield "clamp", torch.clamp, KINKS, {"min": 0.5}
    yield "clamp", torch.clamp, KINKS, {"min": 3.0, "max": 1.0}


def functions():
    for name in "abs sign floor ceil round trunc exp exp2 expm1 sin cos tan atan sinh cosh tanh erf sigmoid square".split():
        yield name, getattr(torch, name), KINKS, {}
    for name in "asin acos log1p".split():
        yield name, getattr(torch, name), INSIDE, {}
    for name in "log log2 log10 log1p sqrt rsqrt reciprocal lgamma digamma".split():
        yield name, getattr(torch, name), POSITIVE, {}
    yield "digamma", torch.digamma, torch.tensor([-0.5, -1.25, -3.75]), {}
    yield "lgamma", torch.lgamma, torch.tensor([-0.5, -1.25, -3.75]), {}
    yield "polygamma", lambda x, n: torch.polygamma(n, x), POSITIVE, {"n": 2}
    for exponent in (0, 1, 2, 3, 0.5, -1, -1.5):
        yield "pow", lambda x, exponent: torch.pow(x, exponent), POSITIVE, {"exponent": exponent}
    yield "remainder", lambda x, divisor: torch.remainder(x, divisor), KINKS, {"divisor": -1.75}


def pairs():
    yield "maximum", torch.maximum, LEFT, RIGHT
    yield "minimum", torch.minimum, LEFT, RIGHT
    yield "remainder", torch.remainder, LEFT[4:9], RIGHT[4:9]
    yield "atan2", torch.atan2, LEFT[[0, 1, 2, 4, 5, 6, 7, 8, 9]], RIGHT[[0, 1, 2, 4, 5, 6, 7, 8, 9]]
    yield "pow", torch.pow, torch.tensor([2.0, 0.5, 0, 0, 3, 0.25]), torch.tensor([3.0, 0, 2, 0, -1.5, 2.5])


def elementwise():
    for name, function, x, attrs in [*activations(), *functions()]:
        label = " ".join([name, *(f"{key} {value}" for key, value in attrs.items())])
        call = lambda x, function=function, attrs=attrs: function(x, **attrs)
        yield run(label, call, {"x": x}, {"op": name, **attrs})
    for name, function, a, b in pairs():
        yield run(f"{name} of two", function_of(function), {"a": a, "b": b}, {"op": name})
    yield run("lerp low", lambda a, b: torch.lerp(a, b, 0.25), {"a": LEFT, "b": RIGHT}, {"op": "lerp", "weight": 0.25})
    yield run("lerp high", lambda a, b: torch.lerp(a, b, 0.75), {"a": LEFT, "b": RIGHT}, {"op": "lerp", "weight": 0.75})
    x = torch.stack([KINKS[:6], KINKS[6:12], KINKS[12:]])
    yield run("glu", lambda x: F.glu(x), {"x": x}, {"op": "glu"})
    yield run("glu of axis 0", lambda x: F.glu(x, 0), {"x": x[:2]}, {"op": "glu", "dim": 0})
    yield run("prelu of one", lambda a, b: F.prelu(a, b), {"a": x, "b": torch.tensor([0.25])}, {"op": "prelu"})
    weights = torch.tensor([0.25, -0.5, 1, 0, 2, 3])
    yield run("prelu of channels", lambda a, b: F.prelu(a, b), {"a": x, "b": weights}, {"op": "prelu"})


def function_of(function):
    return lambda a, b: function(a, b)


if __name__ == "__main__":
    write("elementwise", list(elementwise()), "scripts/fixtures_elementwise.py")
