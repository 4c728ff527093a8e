"""Writes test/fixtures/shape-*.json: golden values from PyTorch in float64 for the ops of shape and indexing.

Run as scripts/fixtures.py. Each case says how it is called here, as in scripts/fixtures_networks.py; in args "$x" stands for
the input x, at any depth.
"""

import torch
import torch.nn.functional as F

from fixtures import rounded, write
from fixtures_networks import op


def case(call, name, args, function, *shapes, **integers):
    """Inputs a, b, ... of the given shapes; `function` takes them and the integers by name."""
    inputs = {key: rounded(*shape) for key, shape in zip("abc", shapes)}
    return op(name, call, args, function, inputs, {key: torch.tensor(value) for key, value in integers.items()})


def placing():
    yield case("cat", "axis -1", [["$a", "$b"], -1], lambda a, b: torch.cat([a, b], -1), (2, 3), (2, 1))
    yield case("stack", "axis 1", [["$a", "$b"], 1], lambda a, b: torch.stack([a, b], 1), (2, 3), (2, 3))
    yield case("flip", "two axes", ["$a", [0, 2]], lambda a: a.flip(0, 2), (2, 3, 4))
    yield case("roll", "flat", ["$a", 4], lambda a: a.roll(4), (2, 3))
    yield case("roll", "two axes", ["$a", [-1, 5], [0, 1]], lambda a: a.roll((-1, 5), (0, 1)), (3, 4))
    paddings = [("constant", (2, 3), [1, 2, 0, 1]), ("constant", (3, 4), [-1, 2, 1, -2]),
                ("reflect", (1, 2, 4), [3, 2]), ("reflect", (1, 1, 3, 4), [1, 2, 2, 0]),
                ("replicate", (1, 2, 3), [2, 1]), ("replicate", (1, 1, 2, 3), [0, 3, 2, 1]),
                ("circular", (1, 2, 3), [3, 1]), ("circular", (1, 1, 2, 3), [1, 2, 2, 1])]
    for mode, shape, padding in paddings:
        value = 0.5 if mode == "constant" else 0
        options = {"mode": mode, "value": value}
        yield case("pad", f"{mode} {padding}", ["$a", padding, options],
                   lambda a, p=padding, m=mode, v=value: F.pad(a, p, m, **({"value": v} if m == "constant" else {})), shape)
    yield case("repeat", "new axis", ["$a", [2, 1, 3]], lambda a: a.repeat(2, 1, 3), (2, 2))
    yield case("tile", "fewer", ["$a", [2]], lambda a: a.tile(2), (2, 2))
    yield case("repeatInterleave", "flat", ["$a", 2], lambda a: a.repeat_interleave(2), (2, 2))
    yield case("repeatInterleave", "axis", ["$a", 2, 0], lambda a: a.repeat_interleave(2, 0), (2, 2))
    yield case("movedim", "two", ["$a", [0, 1], [-1, 0]], lambda a: a.movedim((0, 1), (-1, 0)), (2, 3, 4))
    yield case("diag", "of a matrix, above", ["$a", 1], lambda a: a.diag(1), (3, 4))
    yield case("diag", "of a matrix, below", ["$a", -2], lambda a: a.diag(-2), (4, 3))
    yield case("diag", "from a vector", ["$a", -1], lambda a: a.diag(-1), (3,))
    yield case("diagonal", "axes", ["$a", {"offset": 1, "axis1": 2, "axis2": 0}],
               lambda a: a.diagonal(1, 2, 0), (4, 2, 3))
    yield case("diagEmbed", "batch", ["$a", {"offset": 2}], lambda a: a.diag_embed(2), (2, 2))
    yield case("tril", "offset", ["$a", -1], lambda a: a.tril(-1), (2, 3, 4))
    yield case("triu", "offset", ["$a", 1], lambda a: a.triu(1), (3, 4))
    yield case("pixelShuffle", "by 2", ["$a", 2], lambda a: F.pixel_shuffle(a, 2), (1, 8, 2, 3))
    yield case("pixelUnshuffle", "by 2", ["$a", 2], lambda a: F.pixel_unshuffle(a, 2), (1, 2, 4, 6))


def picking():
    rows, columns = [2, 0, 2], [[0, 1], [3, 3], [1, 0]]
    yield case("indexSelect", "rows", ["$a", 0, "$i"], lambda a, i: a.index_select(0, i), (3, 2), i=rows)
    yield case("indexAdd", "alpha", ["$a", 0, "$i", "$b", {"alpha": 2}],
               lambda a, b, i: a.index_add(0, i, b, alpha=2), (3, 2), (3, 2), i=rows)
    yield case("take", "negative", ["$a", "$i"], lambda a, i: a.take(i), (2, 3), i=[[0, -1], [5, 5]])
    yield case("gather", "columns", ["$a", 1, "$i"], lambda a, i: a.gather(1, i), (3, 4), i=columns)
    yield case("scatter", "distinct", ["$a", 1, "$i", "$b"], lambda a, b, i: a.scatter(1, i, b),
               (3, 4), (3, 2), i=[[0, 1], [3, 2], [1, 0]])
    yield case("scatter", "a number", ["$a", 1, "$i", 1.5], lambda a, i: a.scatter(1, i, 1.5), (3, 4), i=columns)
    small = [[0, 3, 3], [1, 0, 2]]
    yield case("gather", "part of x", ["$a", 1, "$i"], lambda a, i: a.gather(1, i), (3, 4), i=small)
    yield case("scatter", "part of x", ["$a", 0, "$i", "$b"], lambda a, b, i: a.scatter(0, i, b), (3, 4), (2, 3),
               i=[[0, 1, 2], [2, 0, 1]])
    yield case("scatterAdd", "part of x", ["$a", 1, "$i", "$b"], lambda a, b, i: a.scatter_add(1, i, b),
               (3, 4), (2, 3), i=small)
    put = torch.tensor([2, 0, 2])
    yield case("indexPut", "accumulate", ["$a", [[2, 0, 2]], "$b", {"accumulate": True}],
               lambda a, b: a.index_put((put,), b, accumulate=True), (3, 2), (3, 2))
    yield case("indexPut", "distinct", ["$a", [{}, [2, 0]], "$b"],
               lambda a, b: a.index_put((torch.arange(3)[:, None], put[:2]), b), (3, 4), (3, 2))
    yield case("embedding", "plain", ["$i", "$a"], lambda a, i: F.embedding(i, a), (5, 3), i=[[0, 4], [4, 2]])
    yield case("embedding", "padding", ["$i", "$a", {"paddingIdx": -1}],
               lambda a, i: F.embedding(i, a, padding_idx=-1), (5, 3), i=[[0, 4], [4, 2]])
    def at(name, items, function, shape):
        return case("index", name, ["$a", items], function, shape)
    yield at("position and step", [1, {"start": 1, "step": 2}], lambda a: a[1, 1::2], (2, 5))
    yield at("ellipsis and new axis", ["...", None, -1], lambda a: a[..., None, -1], (2, 3, 4))
    yield at("neighbouring arrays", [{}, [[0], [2]], [1, -1]], lambda a: a[:, [[0], [2]], [1, -1]], (2, 3, 4))
    yield at("arrays apart", [[0, 1], {}, [1, -1]], lambda a: a[[0, 1], :, [1, -1]], (2, 3, 4))
    yield at("a position beside an array", [0, {}, [1, 3]], lambda a: a[0, :, [1, 3]], (2, 3, 4))
    yield at("arrays after a new axis", [None, [0, 1], [0, 0]], lambda a: a[None, [0, 1], [0, 0]], (2, 3, 4))
    yield at("mask", [{}, [True, False, True]], lambda a: a[:, [True, False, True]], (2, 3))
    yield at("mask and array", [[True, True], {}, [0, 3]], lambda a: a[[True, True], :, [0, 3]], (2, 3, 4))


def windows():
    options = {"stride": [2, 1], "padding": [1, 2], "dilation": [2, 1]}
    yield case("unfold", "plain", ["$a", 2], lambda a: F.unfold(a, 2), (2, 2, 3, 4))
    yield case("unfold", "options", ["$a", [2, 3], options], lambda a: F.unfold(a, (2, 3), **options), (1, 2, 5, 3))
    yield case("fold", "plain", ["$a", [3, 4], 2], lambda a: F.fold(a, (3, 4), 2), (2, 8, 6))
    yield case("fold", "options", ["$a", [5, 3], [2, 3], options], lambda a: F.fold(a, (5, 3), (2, 3), **options),
               (1, 12, 15))
    modes = {"nearest": "nearest", "nearestExact": "nearest-exact"}
    settings = [
        ((1, 2, 3), {"size": 7}), ((1, 2, 3), {"scaleFactor": 1.7}), ((1, 1, 5), {"size": 3}),
        ((1, 1, 3, 4), {"scaleFactor": [2, 0.6]}), ((1, 1, 4, 5), {"size": [3, 7]}), ((1, 1, 2, 3, 2), {"size": [3, 2, 5]}),
    ]
    linear = {3: "linear", 4: "bilinear", 5: "trilinear"}
    for shape, given in settings:
        renamed = {"size": given.get("size"), "scale_factor": given.get("scaleFactor")}
        if isinstance(renamed["scale_factor"], list):
            renamed["scale_factor"] = tuple(renamed["scale_factor"])
        todo = [(mode, None) for mode in modes] + [(linear[len(shape)], False), (linear[len(shape)], True)]
        if len(shape) == 4:
            todo += [("bicubic", False), ("bicubic", True)]
        for mode, align in todo:
            extra = {} if align is None else {"alignCorners": align}
            yield case("interpolate", f"{mode} {given} {extra}", ["$a", given | {"mode": mode} | extra],
                       lambda a, m=mode, r=renamed, c=align: F.interpolate(a, mode=modes.get(m, m), align_corners=c, **r), shape)


def options():
    """Options that the ops take besides the usual."""
    words = [[1, 0, 1], [3, 1, 3]]
    yield case("embedding", "scaleGradByFreq", ["$i", "$a", {"scaleGradByFreq": True}],
               lambda a, i: F.embedding(i, a, scale_grad_by_freq=True), (5, 3), i=words)
    yield case("embedding", "scaleGradByFreq, paddingIdx", ["$i", "$a", {"scaleGradByFreq": True, "paddingIdx": -2}],
               lambda a, i: F.embedding(i, a, scale_grad_by_freq=True, padding_idx=-2), (5, 3), i=words)
    for p in (2, 1, 3):
        yield case("embedding", f"maxNorm, p {p}", ["$i", "$a", {"maxNorm": 1.25, "normType": p}],
                   lambda a, i, p=p: F.embedding(i, a.clone(), max_norm=1.25, norm_type=p), (5, 3), i=words)
    for shape, size in (((2, 2, 7), 3), ((1, 2, 5, 6), (2, 4)), ((1, 1, 3, 4, 5), (2, 6, 2))):
        yield case("interpolate", f"area {size}", ["$a", {"size": size, "mode": "area"}],
                   lambda a, s=size: F.interpolate(a, size=s, mode="area"), shape)
    yield case("interpolate", "area, scale", ["$a", {"scaleFactor": 0.6, "mode": "area"}],
               lambda a: F.interpolate(a, scale_factor=0.6, mode="area"), (1, 2, 5, 7))
    yield case("interpolate", "recomputed scale", ["$a", {"scaleFactor": 1.7, "mode": "bilinear", "recomputeScaleFactor": True}],
               lambda a: F.interpolate(a, scale_factor=1.7, mode="bilinear", recompute_scale_factor=True), (1, 2, 3, 5))
    for mode in ("bilinear", "bicubic"):
        for align in (False, True):
            for size in ((2, 3), (7, 9), (3, 12)):
                yield case("interpolate", f"{mode} {size} antialias, corners {align}",
                           ["$a", {"size": size, "mode": mode, "antialias": True, "alignCorners": align}],
                           lambda a, s=size, m=mode, c=align: F.interpolate(a, size=s, mode=m, antialias=True, align_corners=c),
                           (1, 2, 6, 8))
        yield case("interpolate", f"{mode} antialias, scale",
                   ["$a", {"scaleFactor": 0.4, "mode": mode, "antialias": True}],
                   lambda a, m=mode: F.interpolate(a, scale_factor=0.4, mode=m, antialias=True), (1, 1, 6, 8))
    yield case("repeatInterleave", "counts", ["$a", [2, 0, 3]], lambda a: a.repeat_interleave(torch.tensor([2, 0, 3])), (3,))
    yield case("repeatInterleave", "counts along an axis", ["$a", "$i", 1],
               lambda a, i: a.repeat_interleave(i, 1), (2, 3, 2), i=[1, 3, 0])
    for name, kernel, js in (
        ("plain", 2, {}),
        ("stride, padding", [2, 3, 2], {"stride": [2, 1, 2], "padding": [1, 1, 0]}),
        ("ceil mode", 2, {"stride": 2, "padding": 1, "ceilMode": True}),
    ):
        torch_options = {{"ceilMode": "ceil_mode"}.get(k, k): v for k, v in js.items()}
        yield case("maxPool3d", name, ["$a", kernel, js],
                   lambda a, k=kernel, o=torch_options: F.max_pool3d(a, k, **o), (1, 2, 4, 5, 5))
        for include in (True, False):
            yield case("avgPool3d", f"{name}, countIncludePad {include}", ["$a", kernel, js | {"countIncludePad": include}],
                       lambda a, k=kernel, o=torch_options, c=include: F.avg_pool3d(a, k, count_include_pad=c, **o),
                       (1, 2, 4, 5, 5))
    yield case("avgPool3d", "divisor", ["$a", 2, {"divisorOverride": 5}],
               lambda a: F.avg_pool3d(a, 2, divisor_override=5), (1, 2, 4, 4, 5))


if __name__ == "__main__":
    for make in (placing, picking, windows, options):
        torch.manual_seed(20)
        write(f"shape-{make.__name__}", list(make()), "scripts/fixtures_shape.py")
