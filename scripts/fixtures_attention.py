"""Writes test/fixtures/network-attention.json and attention-modules.json: golden values from PyTorch in float64 for
attention and the layers of transformers.

Run as scripts/fixtures.py. A module's case holds the state it starts from, one forward and backward, and the losses of
ten steps of gradient descent.
"""

import torch
import torch.nn.functional as F
from torch import nn

from fixtures import pack, rounded, write
from fixtures_networks import op

SCRIPT = "scripts/fixtures_attention.py"


def attention():
    def case(name, shapes, args, options, **mask):
        inputs = {key: rounded(*shape) for key, shape in zip("qkv", shapes)} | mask
        call = lambda q, k, v, m=None: F.scaled_dot_product_attention(q, k, v, attn_mask=m, **options)
        passed = ["$q", "$k", "$v", args | ({"mask": "$m"} if mask else {})]
        return op(name, "scaledDotProductAttention", passed, call, inputs)

    yield case("plain", [(1, 2, 3, 4), (1, 2, 5, 4), (1, 2, 5, 3)], {}, {})
    yield case("causal, more keys", [(1, 1, 3, 4), (1, 1, 5, 4), (1, 1, 5, 4)], {"causal": True}, {"is_causal": True})
    yield case("causal, more queries", [(2, 5, 2), (2, 3, 2), (2, 3, 2)], {"causal": True, "scale": 0.7},
               {"is_causal": True, "scale": 0.7})
    yield case("added mask", [(2, 3, 4), (2, 4, 4), (2, 4, 4)], {}, {}, m=rounded(3, 4))
    yield case("shared heads", [(1, 4, 3, 2), (1, 2, 3, 2), (1, 2, 3, 2)], {"enableGqa": True}, {"enable_gqa": True})


def packed_option(value):
    if not isinstance(value, torch.Tensor):
        return value
    kind = "bool" if value.dtype == torch.bool else "float"
    return {kind: pack(value.double())}


def module_case(name, module, make, args, inputs, options=None, renamed=None, many=False):
    """`make` is PyTorch's module; `options` those of forward, by its names, `renamed` by those here."""
    options = options or {}
    with torch.no_grad():
        for parameter in make.parameters():
            parameter.copy_(rounded(*parameter.shape) * 0.5)
    state = {key: pack(value) for key, value in make.state_dict().items()}
    leaves = [x.clone().requires_grad_() for x in inputs]
    outputs = make(*leaves, **options)
    y = outputs[0] if isinstance(outputs, tuple) else outputs
    weights = outputs[1] if isinstance(outputs, tuple) else None
    cotangent = rounded(*y.shape)
    (y * cotangent).sum().backward()
    result = {
        "name": f"{module}: {name}",
        "module": module,
        "args": args,
        "state": state,
        "inputs": [pack(x) for x in inputs],
        "options": {key: packed_option(value) for key, value in (renamed if renamed is not None else options).items()},
        "cotangent": pack(cotangent),
        "output": pack(y),
        "weights": None if weights is None else pack(weights),
        "inputGrads": [pack(x.grad) for x in leaves],
        "grads": {key: pack(p.grad) for key, p in make.named_parameters()},
    }
    optimizer = torch.optim.SGD(make.parameters(), lr=0.05, momentum=0.9)
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        outputs = make(*inputs, **options)
        y = outputs[0] if isinstance(outputs, tuple) else outputs
        loss = F.mse_loss(y, cotangent)
        loss.backward()
        optimizer.step()
        losses.append(float(f"{loss.item():.12g}"))
    return result | {"losses": losses}


def multihead():
    causal = torch.ones(3, 3, dtype=torch.bool).triu(1)
    padding = torch.tensor([[False, False, False], [False, False, True]])
    layer = nn.MultiheadAttention
    x, y = rounded(3, 2, 8), rounded(4, 2, 8)
    named = {"need_weights": False}
    yield module_case("self", "MultiheadAttention", layer(8, 2), [8, 2, {}], [x, x.clone(), x.clone()], named, {})
    yield module_case("self, causal, padding", "MultiheadAttention", layer(8, 4, batch_first=True),
                      [8, 4, {"batchFirst": True}], [rounded(2, 3, 8)] * 3,
                      {"attn_mask": causal, "key_padding_mask": padding} | named,
                      {"attnMask": causal, "keyPaddingMask": padding})
    yield module_case("cross, averaged weights", "MultiheadAttention", layer(8, 2, bias=False),
                      [8, 2, {"bias": False}], [x, y, y.clone()], {}, {"needWeights": True})
    mask = rounded(2 * 2, 3, 4)
    yield module_case("other widths, added mask, weights by head", "MultiheadAttention", layer(8, 2, kdim=5, vdim=6),
                      [8, 2, {"kdim": 5, "vdim": 6}], [x, rounded(4, 2, 5), rounded(4, 2, 6)],
                      {"attn_mask": mask, "average_attn_weights": False},
                      {"attnMask": mask, "needWeights": True, "averageAttnWeights": False})
    yield module_case("no batch", "MultiheadAttention", layer(8, 2), [8, 2, {}], [rounded(3, 8)] * 3, named, {})


def transformers():
    """Layers and stacks; dropout is 0, since its random numbers are others here."""
    encoder, decoder = "TransformerEncoderLayer", "TransformerDecoderLayer"
    plain = {"dimFeedforward": 6, "dropout": 0}
    padding = torch.tensor([[False, False, False], [False, False, True]])
    x, y = rounded(3, 2, 4), rounded(4, 2, 4)
    make = lambda kind, **more: getattr(nn, kind)(4, 2, dim_feedforward=6, dropout=0.0, **more)
    yield module_case("post-norm, relu", encoder, make(encoder), [4, 2, plain], [x])
    yield module_case("pre-norm, gelu, causal, padding", encoder,
                      make(encoder, norm_first=True, activation="gelu", batch_first=True),
                      [4, 2, plain | {"normFirst": True, "activation": "gelu", "batchFirst": True}], [rounded(2, 3, 4)],
                      {"src_mask": nn.Transformer.generate_square_subsequent_mask(3), "is_causal": True,
                       "src_key_padding_mask": padding.double() * -1e9},
                      {"isCausal": True, "keyPaddingMask": padding})
    yield module_case("no bias", encoder, make(encoder, bias=False), [4, 2, plain | {"bias": False}], [x])
    causal = nn.Transformer.generate_square_subsequent_mask(3)
    yield module_case("post-norm", decoder, make(decoder), [4, 2, plain], [x, y], {"tgt_mask": causal},
                      {"tgtIsCausal": True})
    yield module_case("pre-norm, masks", decoder, make(decoder, norm_first=True), [4, 2, plain | {"normFirst": True}],
                      [x, y], {"memory_mask": (m := rounded(3, 4)), "tgt_key_padding_mask": padding},
                      {"memoryMask": m, "tgtKeyPaddingMask": padding})
    both = nn.Transformer(4, 2, 1, 2, 6, 0.0, norm_first=True)
    yield module_case("two stacks", "Transformer", both,
                      [4, 2, plain | {"numEncoderLayers": 1, "numDecoderLayers": 2, "normFirst": True}], [y, x],
                      {"tgt_mask": causal}, {"tgtIsCausal": True})


def gpt2(vocab, context, width, layers, heads):
    """GPT-2 from its definition, under its names: matrices lie [in, out], the scores' weight is the table of tokens."""
    state = {"wte.weight": (vocab, width), "wpe.weight": (context, width)}
    for i in range(layers):
        for name, shape in (("ln_1.weight", (width,)), ("ln_1.bias", (width,)),
                            ("attn.c_attn.weight", (width, 3 * width)), ("attn.c_attn.bias", (3 * width,)),
                            ("attn.c_proj.weight", (width, width)), ("attn.c_proj.bias", (width,)),
                            ("ln_2.weight", (width,)), ("ln_2.bias", (width,)),
                            ("mlp.c_fc.weight", (width, 4 * width)), ("mlp.c_fc.bias", (4 * width,)),
                            ("mlp.c_proj.weight", (4 * width, width)), ("mlp.c_proj.bias", (width,))):
            state[f"h.{i}.{name}"] = shape
    state |= {"ln_f.weight": (width,), "ln_f.bias": (width,)}
    state = {key: (rounded(*shape) * 0.5).requires_grad_() for key, shape in state.items()}

    def forward(tokens):
        norm = lambda x, name: F.layer_norm(x, (width,), state[f"{name}.weight"], state[f"{name}.bias"])
        affine = lambda x, name: x @ state[f"{name}.weight"] + state[f"{name}.bias"]
        batch, length = tokens.shape
        x = state["wte.weight"][tokens] + state["wpe.weight"][:length]
        for i in range(layers):
            parts = affine(norm(x, f"h.{i}.ln_1"), f"h.{i}.attn.c_attn")
            q, k, v = (p.reshape(batch, length, heads, -1).transpose(1, 2) for p in parts.chunk(3, -1))
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(batch, length, width)
            x = x + affine(y, f"h.{i}.attn.c_proj")
            hidden = F.gelu(affine(norm(x, f"h.{i}.ln_2"), f"h.{i}.mlp.c_fc"), approximate="tanh")
            x = x + affine(hidden, f"h.{i}.mlp.c_proj")
        return norm(x, "ln_f") @ state["wte.weight"].T

    return state, forward


def gpt():
    sizes = {"vocabSize": 7, "contextLength": 6, "width": 8, "layers": 2, "heads": 2}
    state, forward = gpt2(*sizes.values())
    start = {key: pack(value) for key, value in state.items()}
    tokens = torch.randint(0, 7, (2, 6))
    scores = forward(tokens[:, :-1])
    optimizer = torch.optim.AdamW(state.values(), lr=0.01, betas=(0.9, 0.99), weight_decay=0.1)
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = F.cross_entropy(forward(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())
        loss.backward()
        optimizer.step()
        losses.append(float(f"{loss.item():.12g}"))
    yield {"name": "gpt2", "options": sizes, "state": start, "tokens": pack(tokens), "scores": pack(scores),
           "losses": losses}


if __name__ == "__main__":
    torch.manual_seed(21)
    write("network-attention", list(attention()), SCRIPT)
    write("attention-modules", [*multihead(), *transformers()], SCRIPT)
    write("gpt", list(gpt()), SCRIPT)
