"""Writes test/fixtures/recurrent.json: recurrent layers and cells of PyTorch in float64.

Run as scripts/fixtures.py. Each case holds the weights, the outputs, all gradients, and the losses of ten training steps
with gradient descent and with Adam.
"""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from fixtures import pack, rounded, write

SCRIPT = "scripts/fixtures_recurrent.py"
SNAKE = {"numLayers": "num_layers", "batchFirst": "batch_first", "projSize": "proj_size"}


def flat(value):
    """Output and states as one list of tensors."""
    return [value] if isinstance(value, torch.Tensor) else [x for part in value for x in flat(part)]


def settle(module):
    for parameter in module.parameters():
        parameter.data = (parameter.data * 64).round() / 64


def call(module, x, states, lengths, batch_first):
    state = None if not states else states[0] if len(states) == 1 else tuple(states)
    if lengths is None:
        return flat(module(x, state))
    packed = pack_padded_sequence(x, torch.tensor(lengths), batch_first=batch_first, enforce_sorted=False)
    y, state = module(packed, state)
    y, _ = pad_packed_sequence(y, batch_first=batch_first, total_length=x.shape[1 if batch_first else 0])
    return flat((y, state))


def ten_steps(layer, optimizer_of, x, states, lengths, batch_first):
    """The losses of ten steps on the mean squared outputs; the layer is then as it was."""
    start = {key: value.clone() for key, value in layer.state_dict().items()}
    optimizer = optimizer_of(list(layer.parameters()))
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = sum((y * y).mean() for y in call(layer, x, states, lengths, batch_first))
        loss.backward()
        optimizer.step()
        losses.append(float(f"{loss.item():.12g}"))
    layer.load_state_dict(start)
    return losses


def case(name, module, sizes, options, x, states=(), lengths=None):
    torch_options = {SNAKE.get(key, key): value for key, value in options.items()}
    layer = getattr(nn, module)(*sizes, **torch_options)
    settle(layer)
    states = list(states)
    start = {key: pack(value) for key, value in layer.state_dict().items()}
    batch_first = options.get("batchFirst", False)
    leaves = [x.clone().requires_grad_(), *(s.clone().requires_grad_() for s in states)]
    outputs = call(layer, leaves[0], leaves[1:], lengths, batch_first)
    cotangents = [rounded(*y.shape) for y in outputs]
    total = sum((y * c).sum() for y, c in zip(outputs, cotangents))
    parameters = list(layer.parameters())
    grads = torch.autograd.grad(total, leaves + parameters)
    losses = {
        "sgd": ten_steps(layer, lambda p: torch.optim.SGD(p, lr=0.1), x, states, lengths, batch_first),
        "adam": ten_steps(layer, lambda p: torch.optim.Adam(p, lr=0.02), x, states, lengths, batch_first),
    }
    return {
        "name": f"{module}: {name}",
        "module": module,
        "args": [*sizes, options],
        "lengths": lengths,
        "x": pack(x),
        "states": [pack(s) for s in states],
        "state": start,
        "outputs": [pack(y) for y in outputs],
        "cotangents": [pack(c) for c in cotangents],
        "grads": [pack(g) for g in grads],
        "losses": losses,
    }


def layers():
    for module in ("RNN", "LSTM", "GRU"):
        pair = 2 if module == "LSTM" else 1

        def states(layers, batch, size, count=pair):
            return [rounded(*([layers, batch, size] if batch else [layers, size])) for _ in range(count)]

        yield case("plain", module, [2, 3], {}, rounded(3, 2, 2))
        yield case("states, batch first", module, [2, 3], {"batchFirst": True}, rounded(2, 3, 2), states(1, 2, 3))
        yield case("one sequence, no bias", module, [2, 2], {"bias": False}, rounded(4, 2), states(1, 0, 2))
        yield case("two layers, both directions", module, [2, 2], {"numLayers": 2, "bidirectional": True},
                   rounded(3, 2, 2), states(4, 2, 2))
        yield case("lengths", module, [2, 3], {}, rounded(4, 3, 2), states(1, 3, 3), [2, 4, 1])
        yield case("lengths, both directions, batch first", module, [2, 2],
                   {"numLayers": 2, "bidirectional": True, "batchFirst": True}, rounded(3, 4, 2), states(4, 3, 2), [3, 1, 4])
    yield case("relu", "RNN", [2, 3], {"nonlinearity": "relu"}, rounded(3, 2, 2), [rounded(1, 2, 3)])
    yield case("projection, both directions", "LSTM", [2, 3], {"projSize": 2, "bidirectional": True, "numLayers": 2},
               rounded(3, 2, 2), [rounded(4, 2, 2), rounded(4, 2, 3)])
    yield case("projection, lengths", "LSTM", [2, 4], {"projSize": 2}, rounded(3, 2, 2),
               [rounded(1, 2, 2), rounded(1, 2, 4)], [3, 1])


def cells():
    for module in ("RNNCell", "LSTMCell", "GRUCell"):
        count = 2 if module == "LSTMCell" else 1
        yield case("plain", module, [2, 3], {}, rounded(2, 2))
        yield case("state, no bias", module, [2, 3], {"bias": False}, rounded(2, 2), [rounded(2, 3) for _ in range(count)])
        yield case("one example", module, [2, 3], {}, rounded(2), [rounded(3) for _ in range(count)])
    yield case("relu", "RNNCell", [2, 3], {"nonlinearity": "relu"}, rounded(2, 2), [rounded(2, 3)])


write("recurrent", [*layers(), *cells()], SCRIPT)
