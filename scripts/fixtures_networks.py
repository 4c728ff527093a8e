"""Writes test/fixtures/network-*.json: golden values from PyTorch in float64 for the ops, losses and layers of networks.

Run as scripts/fixtures.py. Each case says how it is called here: `call` names the function, `args` are its arguments, in
which "$x" stands for the input x. A layer's case holds the state it starts from and the state after the calls.
"""

import torch
import torch.nn.functional as F
from torch import nn

from fixtures import pack, rounded, run, write

SCRIPT = "scripts/fixtures_networks.py"


def op(name, call, args, function, inputs, integers=None):
    """One call of a function: `function` is PyTorch's with the same inputs."""
    case = run(name, function, inputs, None, integers)
    del case["attrs"]
    return {"name": f"{call}: {name}", "call": call, "args": args} | {k: v for k, v in case.items() if k != "name"}


def data(tensor):
    """An argument that is data: no gradient is asked for."""
    return {"data": pack(tensor)}


def convolutions():
    for axes, size in ((1, (6,)), (2, (4, 3)), (3, (3, 2, 3))):
        conv, transpose = getattr(F, f"conv{axes}d"), getattr(F, f"conv_transpose{axes}d")
        kernel = (2, 3, 2)[:axes]
        batch = 2 if axes == 1 else 1
        x, w, b = rounded(batch, 4, *size), rounded(2, 2, *kernel), rounded(2)
        settings = [
            ("groups, stride, padding", {"stride": 2, "padding": 1, "groups": 2}),
            ("same", {"padding": "same", "groups": 2}),
            ("same, dilation", {"padding": "same", "dilation": 2, "groups": 2}),
        ]
        for name, options in settings:
            yield op(name, f"conv{axes}d", ["$x", "$w", "$b", options],
                     lambda x, w, b, o=options: conv(x, w, b, **o), {"x": x, "w": w, "b": b})
        settings = [
            ("plain", {}, {}),
            ("stride, padding", {"stride": 2, "padding": 1}, {}),
            ("output padding", {"stride": 3, "padding": 1, "outputPadding": 2}, {"output_padding": 2}),
            ("dilation", {"dilation": 2, "outputPadding": 1}, {"output_padding": 1}),
            ("groups", {"groups": 2}, {}),
        ]
        for name, options, renamed in settings:
            groups = options.get("groups", 1)
            w = rounded(4, 1, *kernel)
            torch_options = {k: v for k, v in options.items() if k != "outputPadding"} | renamed
            yield op(name, f"convTranspose{axes}d", ["$x", "$w", "$b", options],
                     lambda x, w, b, o=torch_options: transpose(x, w, b, **o),
                     {"x": x, "w": w, "b": rounded(groups)})


def poolings():
    def windows(axes):
        size = (9,) if axes == 1 else (5, 6)
        yield "plain", size, {"kernelSize": 2}, {}
        yield "stride", size, {"kernelSize": 3, "stride": 2}, {}
        yield "ceil mode", size, {"kernelSize": 2, "stride": 2}, {"ceilMode": True}
        yield "padding", size, {"kernelSize": 3, "stride": 2, "padding": 1}, {}
        yield "padding, ceil mode", size, {"kernelSize": 4, "stride": 3, "padding": 2}, {"ceilMode": True}
        # The last window would start in the padding behind: it is dropped.
        yield "dropped window", (5,) * axes, {"kernelSize": 2, "stride": 2, "padding": 1}, {"ceilMode": True}

    snake = {"ceilMode": "ceil_mode", "countIncludePad": "count_include_pad", "divisorOverride": "divisor_override"}

    def split(window, options):
        js = {k: v for k, v in (window | options).items() if k != "kernelSize"}
        return js, {snake.get(k, k): v for k, v in js.items()}

    for axes in (1, 2):
        for name, size, window, options in windows(axes):
            js, torch_options = split(window, options)
            kernel = window["kernelSize"]
            x = rounded(1, 2, *size)
            yield op(name, f"maxPool{axes}d", ["$x", kernel, js],
                     lambda x: getattr(F, f"max_pool{axes}d")(x, kernel, **torch_options), {"x": x})
            for include in (True, False):
                js, torch_options = split(window, options | {"countIncludePad": include})
                yield op(f"{name}, countIncludePad {include}", f"avgPool{axes}d", ["$x", kernel, js],
                         lambda x: getattr(F, f"avg_pool{axes}d")(x, kernel, **torch_options), {"x": x})
            if "padding" not in window:
                for p in (1, 2, 3):
                    js, _ = split(window, options)
                    yield op(f"{name}, p {p}", f"lpPool{axes}d", ["$x", p, kernel, js],
                             lambda x: getattr(F, f"lp_pool{axes}d")(x, p, kernel, window.get("stride"),
                                                                     options.get("ceilMode", False)),
                             {"x": x.abs() + 0.5})
        for size, output in (((6,) * axes, 3), ((7,) * axes, 3), ((5,) * axes, 7), ((4,) * axes, 1)):
            for kind, Kind in (("avg", "Avg"), ("max", "Max")):
                function = getattr(F, f"adaptive_{kind}_pool{axes}d")
                yield op(f"{size[0]} to {output}", f"adaptive{Kind}Pool{axes}d", ["$x", output],
                         lambda x: function(x, output), {"x": rounded(1, 2, *size)})
    yield op("divisor", "avgPool2d", ["$x", [2, 3], {"divisorOverride": 5}],
             lambda x: F.avg_pool2d(x, (2, 3), divisor_override=5), {"x": rounded(1, 2, 4, 6)})
    ties = torch.tensor([[1.0, 1, 0, 1, 1, 0, 1], [1, 1, 1, 0, 0, 0, 1]]).reshape(1, 1, 2, 7)
    yield op("ties", "adaptiveMaxPool2d", ["$x", [1, 3]], lambda x: F.adaptive_max_pool2d(x, (1, 3)), {"x": ties})
    yield op("ties", "maxPool1d", ["$x", 2, {"stride": 1}], lambda x: F.max_pool1d(x, 2, 1), {"x": ties[0]})


def norms():
    for name, shape in (("[N, C]", (5, 3)), ("[N, C, H, W]", (2, 3, 2, 3))):
        x, mean, var = rounded(*shape), rounded(3), rounded(3).abs() + 0.5
        w, b = rounded(3), rounded(3)
        yield op(f"{name}, training", "batchNorm", ["$x", None, None, "$w", "$b", {"training": True}],
                 lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True), {"x": x, "w": w, "b": b})
        yield op(f"{name}, evaluation", "batchNorm", ["$x", data(mean), data(var), "$w", "$b", {"eps": 0.01}],
                 lambda x, w, b: F.batch_norm(x, mean, var, w, b, eps=0.01),
                 {"x": x, "w": w, "b": b})
    x = rounded(2, 3, 4)
    yield op("last axis", "layerNorm", ["$x", [4], "$w", "$b"], lambda x, w, b: F.layer_norm(x, [4], w, b),
             {"x": x, "w": rounded(4), "b": rounded(4)})
    yield op("two axes, plain", "layerNorm", ["$x", [3, 4], None, None, {"eps": 0.1}],
             lambda x: F.layer_norm(x, [3, 4], eps=0.1), {"x": x})
    yield op("last axis", "rmsNorm", ["$x", [4], "$w", {"eps": 1e-5}], lambda x, w: F.rms_norm(x, [4], w, 1e-5),
             {"x": x, "w": rounded(4)})
    yield op("two axes", "rmsNorm", ["$x", [3, 4], None, {"eps": 0.1}], lambda x: F.rms_norm(x, [3, 4], eps=0.1), {"x": x})
    x = rounded(2, 6, 3, 2)
    yield op("affine", "groupNorm", ["$x", 3, "$w", "$b"], lambda x, w, b: F.group_norm(x, 3, w, b),
             {"x": x, "w": rounded(6), "b": rounded(6)})
    yield op("plain", "instanceNorm", ["$x"], lambda x: F.instance_norm(x), {"x": x})
    yield op("affine", "instanceNorm", ["$x", None, None, "$w", "$b"],
             lambda x, w, b: F.instance_norm(x, weight=w, bias=b), {"x": x, "w": rounded(6), "b": rounded(6)})
    for size in (2, 3):
        yield op(f"size {size}", "localResponseNorm", ["$x", size, {"alpha": 0.3, "beta": 0.6, "k": 2}],
                 lambda x: F.local_response_norm(x, size, 0.3, 0.6, 2.0), {"x": x})
    yield op("rank 3", "localResponseNorm", ["$x", 5], lambda x: F.local_response_norm(x, 5), {"x": rounded(2, 6, 3) * 10})


def class_losses():
    x, target = rounded(5, 4), torch.tensor([3, 0, 2, 3, 1])
    holes = torch.tensor([3, -100, 2, 1, -100])
    weight = rounded(4).abs() + 0.25
    x3, target3 = rounded(2, 4, 2, 3), torch.randint(0, 4, (2, 2, 3))
    soft = torch.softmax(rounded(5, 4), 1)
    soft3 = torch.softmax(rounded(2, 4, 2, 3), 1)
    for reduction in ("mean", "sum", "none"):
        r = {"reduction": reduction}
        for name, t in (("", target), ("ignored, ", holes)):
            for call, function in (("crossEntropy", F.cross_entropy), ("nllLoss", F.nll_loss)):
                scores = x if call == "crossEntropy" else F.log_softmax(x, 1)
                yield op(f"{name}{reduction}", call, ["$x", "$target", r],
                         lambda x, target: function(x, target, **r), {"x": scores}, {"target": t})
                # The class weights are data: no gradient flows into them.
                yield op(f"{name}weights, {reduction}", call, ["$x", "$target", r | {"weight": data(weight)}],
                         lambda x, target: function(x, target, weight=weight, **r), {"x": scores}, {"target": t})
            yield op(f"{name}smoothing, weights, {reduction}", "crossEntropy",
                     ["$x", "$target", r | {"weight": data(weight), "labelSmoothing": 0.2}],
                     lambda x, target: F.cross_entropy(x, target, weight=weight, label_smoothing=0.2, **r),
                     {"x": x}, {"target": t})
            yield op(f"{name}smoothing, {reduction}", "crossEntropy", ["$x", "$target", r | {"labelSmoothing": 0.1}],
                     lambda x, target: F.cross_entropy(x, target, label_smoothing=0.1, **r), {"x": x}, {"target": t})
        yield op(f"pixels, {reduction}", "crossEntropy", ["$x", "$target", r | {"ignoreIndex": 2}],
                 lambda x, target: F.cross_entropy(x, target, ignore_index=2, **r), {"x": x3}, {"target": target3})
        yield op(f"pixels, {reduction}", "nllLoss", ["$x", "$target", r],
                 lambda x, target: F.nll_loss(x, target, **r), {"x": x3}, {"target": target3})
        yield op(f"soft targets, {reduction}", "crossEntropy", ["$x", "$target", r],
                 lambda x, target: F.cross_entropy(x, target, **r), {"x": x, "target": soft})
        yield op(f"soft pixels, smoothing, weights, {reduction}", "crossEntropy",
                 ["$x", "$target", r | {"labelSmoothing": 0.3, "weight": data(weight)}],
                 lambda x, target: F.cross_entropy(x, target, weight=weight, label_smoothing=0.3, **r),
                 {"x": x3, "target": soft3})


def pair_losses():
    def each(call, function, inputs, options=None, torch_options=None, name="", reductions=("mean", "sum", "none")):
        for reduction in reductions:
            js = (options or {}) | {"reduction": reduction}
            py = (options or {} if torch_options is None else torch_options) | \
                {"reduction": "batchmean" if reduction == "batchMean" else reduction}
            yield op(f"{name}{reduction}", call, ["$" + key for key in inputs] + [js],
                     lambda **kw: function(*kw.values(), **py), inputs)

    x, y = rounded(3, 4), rounded(3, 4)
    sign = torch.where(rounded(3, 4) > 0, 1.0, -1.0)
    probability, share = torch.sigmoid(x), torch.sigmoid(y)
    yield from each("mseLoss", F.mse_loss, {"x": x, "y": y})
    yield from each("l1Loss", F.l1_loss, {"x": x, "y": y})
    # Differences on both sides of the bend, and on it.
    for beta in (1, 0.5):
        on = x + torch.tensor([beta, -beta, beta / 2, 3.0])
        yield from each("smoothL1Loss", F.smooth_l1_loss, {"x": x, "y": on}, {"beta": beta}, name=f"beta {beta}, ")
        yield from each("huberLoss", F.huber_loss, {"x": x, "y": on}, {"delta": beta}, name=f"delta {beta}, ")
    yield from each("smoothL1Loss", F.smooth_l1_loss, {"x": x, "y": y}, {"beta": 0}, name="beta 0, ")
    yield from each("binaryCrossEntropy", F.binary_cross_entropy, {"x": probability, "y": share})
    edge = torch.tensor([0.0, 1.0, 0.0, 1.0])
    weight, positive = rounded(4).abs() + 0.5, rounded(4).abs() + 0.5
    for reduction in ("mean", "none"):
        yield op(f"weight, {reduction}", "binaryCrossEntropy", ["$x", "$y", {"weight": data(weight), "reduction": reduction}],
                 lambda x, y: F.binary_cross_entropy(x, y, weight.expand(3, 4), reduction=reduction),
                 {"x": probability, "y": share})
        yield op(f"weights, {reduction}", "binaryCrossEntropyWithLogits",
                 ["$x", "$y", {"weight": data(weight), "posWeight": data(positive), "reduction": reduction}],
                 lambda x, y: F.binary_cross_entropy_with_logits(x, y, weight, pos_weight=positive, reduction=reduction),
                 {"x": x, "y": share})
    yield from each("binaryCrossEntropyWithLogits", F.binary_cross_entropy_with_logits, {"x": x, "y": share})
    large = torch.tensor([100.0, -100.0, 1000.0, 0.5])
    yield op("large logits", "binaryCrossEntropyWithLogits", ["$x", "$y", {"reduction": "none"}],
             lambda x, y: F.binary_cross_entropy_with_logits(x, y, reduction="none"), {"x": large, "y": edge})
    log_p, q = F.log_softmax(x, 1), torch.softmax(y, 1)
    all_four = ("mean", "sum", "none", "batchMean")
    yield from each("klDiv", F.kl_div, {"x": log_p, "y": q}, reductions=all_four)
    yield from each("klDiv", F.kl_div, {"x": log_p, "y": q.log()}, {"logTarget": True}, {"log_target": True},
                    name="logTarget, ", reductions=all_four)
    yield op("far apart", "klDiv", ["$x", "$y", {"reduction": "sum"}],
             lambda x, y: F.kl_div(x, y, reduction="sum"), {"x": log_p * 20, "y": q})
    for name, options in (("", {}), ("margin, ", {"margin": 0.3})):
        for reduction in ("mean", "sum", "none"):
            js = options | {"reduction": reduction}
            yield op(f"{name}{reduction}", "hingeEmbeddingLoss", ["$x", data(sign), js],
                     lambda x: F.hinge_embedding_loss(x, sign, **js), {"x": x})
            yield op(f"{name}{reduction}", "marginRankingLoss", ["$x", "$y", data(sign), js],
                     lambda x, y: F.margin_ranking_loss(x, y, sign, **js), {"x": x, "y": y})
            yield op(f"{name}{reduction}", "softMarginLoss", ["$x", data(sign), {"reduction": reduction}],
                     lambda x: F.soft_margin_loss(x, sign, reduction=reduction), {"x": x})
            yield op(f"{name}{reduction}", "cosineEmbeddingLoss", ["$x", "$y", data(sign[:, 0]), js],
                     lambda x, y: F.cosine_embedding_loss(x, y, sign[:, 0], **js), {"x": x, "y": y})
    near, far = x + rounded(3, 4) / 4, x + rounded(3, 4) / 4
    for name, options in (("", {}), ("p 1, ", {"p": 1}), ("p 3, margin, ", {"p": 3, "margin": 0.5}), ("swap, ", {"swap": True})):
        yield from each("tripletMarginLoss", F.triplet_margin_loss, {"a": x, "p": near, "n": far}, options, name=name)
    counts = torch.tensor([[0.0, 1, 2, 5], [3, 0, 1, 4], [2, 2, 7, 1]])
    for name, js, py in (("", {}, {}), ("full, ", {"full": True}, {"full": True}),
                         ("rates, ", {"logInput": False}, {"log_input": False})):
        for reduction in ("mean", "sum", "none"):
            r = {"reduction": reduction}
            yield op(f"{name}{reduction}", "poissonNllLoss", ["$x", data(counts), js | r],
                     lambda x: F.poisson_nll_loss(x, counts, **py, **r), {"x": x.abs() + 0.25})
    variance = rounded(3, 4).abs() + 0.125
    for name, options in (("", {}), ("full, ", {"full": True})):
        yield from each("gaussianNllLoss", F.gaussian_nll_loss, {"x": x, "y": y, "v": variance}, options, name=name)
    yield op("one variance a row", "gaussianNllLoss", ["$x", "$y", "$v"],
             lambda x, y, v: F.gaussian_nll_loss(x, y, v), {"x": x, "y": y, "v": variance[:, :1]})


def ctc_losses():
    T, N, C, S = 7, 3, 5, 3
    scores = rounded(T, N, C)
    # PyTorch's gradient is the one for the scores, so these begin with a softmax.
    # A repeated label needs a blank between; lengths differ.
    targets = torch.tensor([[1, 2, 2], [4, 1, 3], [3, 3, 0]])
    input_lengths, target_lengths = [7, 5, 6], [3, 2, 2]
    for reduction in ("mean", "sum", "none"):
        yield op(reduction, "ctcLoss", ["$x", "$targets", input_lengths, target_lengths, {"reduction": reduction}],
                 lambda x, targets: F.ctc_loss(F.log_softmax(x, 2), targets, torch.tensor(input_lengths), torch.tensor(target_lengths),
                                               reduction=reduction), {"x": scores}, {"targets": targets})
    last = torch.tensor([[1, 2, 2], [3, 1, 3], [0, 0, 0]])
    yield op("blank last, an empty target", "ctcLoss", ["$x", "$targets", [7, 7, 7], [3, 3, 0], {"blank": 4, "reduction": "sum"}],
             lambda x, targets: F.ctc_loss(F.log_softmax(x, 2), targets, torch.tensor([7, 7, 7]), torch.tensor([3, 3, 0]), blank=4,
                                           reduction="sum"), {"x": scores}, {"targets": last})
    yield op("impossible, zeroed", "ctcLoss", ["$x", "$targets", [3, 7, 7], [3, 3, 2], {"zeroInfinity": True}],
             lambda x, targets: F.ctc_loss(F.log_softmax(x, 2), targets, torch.tensor([3, 7, 7]), torch.tensor([3, 3, 2]),
                                           zero_infinity=True), {"x": scores}, {"targets": targets})


def layer(kind, module, args, x, training=True):
    """One call of a layer: the state before and after, the output, the gradients of x and of the parameters."""
    module = module.train(training)
    with torch.no_grad():
        for key, value in module.state_dict().items():
            if value.is_floating_point():
                value.copy_(rounded(*value.shape).abs() + 0.5 if key == "running_var" else rounded(*value.shape))
    before = {key: pack(value) for key, value in module.state_dict().items()}
    x = x.clone().requires_grad_()
    y = module(x)
    cotangent = rounded(*y.shape)
    parameters = dict(module.named_parameters())
    grads = torch.autograd.grad(y, [x, *parameters.values()], cotangent)
    return {
        "name": f"{kind} {args}{'' if training else ', evaluation'}", "module": kind, "args": args, "training": training,
        "x": pack(x), "cotangent": pack(cotangent), "output": pack(y), "state": before,
        "grads": {key: pack(g) for key, g in zip(["", *parameters], grads)},
        "after": {key: pack(value) for key, value in module.state_dict().items()},
    }


def layers():
    for axes in (1, 2, 3):
        size = ((4,), (3, 2), (2, 2, 2))[axes - 1]
        x = rounded(2, 4, *size)
        kernel = [2, 3, 1][:axes]
        conv, transpose = getattr(nn, f"Conv{axes}d"), getattr(nn, f"ConvTranspose{axes}d")
        yield layer(f"Conv{axes}d", conv(4, 2, kernel, stride=2, padding=1, groups=2), [4, 2, kernel, {"stride": 2, "padding": 1, "groups": 2}], x)
        yield layer(f"Conv{axes}d", conv(4, 1, 1, bias=False), [4, 1, 1, {"bias": False}], x)
        yield layer(f"ConvTranspose{axes}d", transpose(4, 2, kernel, stride=2, output_padding=1, groups=2),
                    [4, 2, kernel, {"stride": 2, "outputPadding": 1, "groups": 2}], x)
        for training in (True, False):
            norm = getattr(nn, f"BatchNorm{axes}d")
            yield layer(f"BatchNorm{axes}d", norm(4), [4], x, training)
            yield layer(f"BatchNorm{axes}d", norm(4, eps=0.1, momentum=None, affine=False),
                        [4, {"eps": 0.1, "momentum": None, "affine": False}], x, training)
            yield layer(f"BatchNorm{axes}d", norm(4, track_running_stats=False), [4, {"trackRunningStats": False}], x, training)
            norm = getattr(nn, f"InstanceNorm{axes}d")
            yield layer(f"InstanceNorm{axes}d", norm(4), [4], x, training)
            yield layer(f"InstanceNorm{axes}d", norm(4, affine=True, track_running_stats=True, momentum=0.3),
                        [4, {"affine": True, "trackRunningStats": True, "momentum": 0.3}], x, training)
    for training in (True, False):
        yield layer("BatchNorm1d", nn.BatchNorm1d(3), [3], rounded(5, 3), training)
    x = rounded(2, 4, 3)
    yield layer("LayerNorm", nn.LayerNorm(3), [3], x)
    yield layer("LayerNorm", nn.LayerNorm([4, 3], eps=0.1, bias=False), [[4, 3], {"eps": 0.1, "bias": False}], x)
    yield layer("LayerNorm", nn.LayerNorm(3, elementwise_affine=False), [3, {"elementwiseAffine": False}], x)
    yield layer("RMSNorm", nn.RMSNorm(3, eps=0.01), [3, {"eps": 0.01}], x)
    yield layer("GroupNorm", nn.GroupNorm(2, 4), [2, 4], x)
    yield layer("GroupNorm", nn.GroupNorm(1, 4, affine=False), [1, 4, {"affine": False}], x)
    yield layer("LocalResponseNorm", nn.LocalResponseNorm(3, alpha=0.5), [3, {"alpha": 0.5}], x)
    yield layer("AvgPool1d", nn.AvgPool1d(2), [2], x)
    yield layer("MaxPool1d", nn.MaxPool1d(2), [2], x)
    yield layer("AdaptiveAvgPool1d", nn.AdaptiveAvgPool1d(2), [2], x)
    yield layer("AdaptiveMaxPool1d", nn.AdaptiveMaxPool1d(2), [2], x)
    yield layer("LPPool1d", nn.LPPool1d(2, 2), [2, 2], x.abs() + 0.5)
    x = rounded(1, 2, 4, 5)
    yield layer("AvgPool2d", nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False),
                [3, {"stride": 1, "padding": 1, "countIncludePad": False}], x)
    yield layer("MaxPool2d", nn.MaxPool2d(2, ceil_mode=True), [2, {"ceilMode": True}], x)
    yield layer("AdaptiveAvgPool2d", nn.AdaptiveAvgPool2d((3, None)), [[3, None]], x)
    yield layer("AdaptiveMaxPool2d", nn.AdaptiveMaxPool2d(3), [3], x)
    yield layer("LPPool2d", nn.LPPool2d(2, 2), [2, 2], x.abs() + 0.5)
    yield layer("Dropout", nn.Dropout(0.3), [0.3], x, False)
    yield layer("Dropout2d", nn.Dropout2d(), [], x, False)
    yield layer("AlphaDropout", nn.AlphaDropout(), [], x, False)
    yield layer("Flatten", nn.Flatten(), [], x)
    yield layer("Unflatten", nn.Unflatten(3, (5, 1)), [3, [5, -1]], x)
    yield layer("Identity", nn.Identity(), [], x)
    yield layer("Linear", nn.Linear(5, 2), [5, 2], x)


def write_networks():
    for make in (convolutions, poolings, norms, class_losses, pair_losses, ctc_losses, layers):
        torch.manual_seed(20)
        write("network-" + make.__name__.replace("_", "-"), list(make()), SCRIPT)


if __name__ == "__main__":
    write_networks()
