"""Writes test/fixtures/models.json: the models of `neurite/models` from their definitions in PyTorch, in float64.

Run as scripts/fixtures.py. Each case holds the weights, the output, all gradients, and the losses of ten steps of Adam on the
squared distance from a target. GPT is in fixtures_attention.py, the two sides of a DCGAN in fixtures_gan.py.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from fixtures import pack, rounded, write

SCRIPT = "scripts/fixtures_models.py"


class CharLSTM(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.lstm, self.head = nn.Embedding(5, 3), nn.LSTM(3, 4, 2), nn.Linear(4, 5)

    def forward(self, tokens):
        return self.head(self.lstm(self.embedding(tokens.T))[0]).transpose(0, 1)


class LstmForecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.head = nn.LSTM(2, 4, 2, batch_first=True), nn.Linear(4, 3)

    def forward(self, x):
        return self.head(self.lstm(x)[1][0][-1])


class Seq2SeqLstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.source_embedding, self.target_embedding = nn.Embedding(6, 3), nn.Embedding(5, 3)
        self.encoder = nn.LSTM(3, 2, bidirectional=True, batch_first=True)
        self.bridge = nn.Linear(4, 4)
        self.decoder = nn.LSTM(3, 4, batch_first=True)
        self.attention, self.combine = nn.Linear(4, 4, bias=False), nn.Linear(8, 4, bias=False)
        self.head = nn.Linear(4, 5)

    def forward(self, source, lengths, target):
        packed = pack_padded_sequence(self.source_embedding(source), lengths, batch_first=True, enforce_sorted=False)
        memory, (_, cells) = self.encoder(packed)
        memory, _ = pad_packed_sequence(memory, batch_first=True, total_length=source.shape[1])
        start = self.bridge(cells.transpose(0, 1).flatten(1))[None]
        written, _ = self.decoder(self.target_embedding(target), (start.tanh(), start))
        hidden = torch.arange(source.shape[1])[None] >= lengths[:, None]
        scores = (self.attention(written) @ memory.transpose(1, 2)).masked_fill(hidden[:, None], -torch.inf)
        context = scores.softmax(-1) @ memory
        return self.head(self.combine(torch.cat([context, written], -1)).tanh())


class BERT(nn.Module):
    def __init__(self):
        super().__init__()
        self.word_embeddings, self.position_embeddings = nn.Embedding(7, 4), nn.Embedding(5, 4)
        self.token_type_embeddings = nn.Embedding(2, 4)
        self.embedding_norm = nn.LayerNorm(4)
        layer = nn.TransformerEncoderLayer(4, 2, 6, 0.0, "gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.transform, self.transform_norm = nn.Linear(4, 4), nn.LayerNorm(4)
        self.bias = nn.Parameter(torch.zeros(7))

    def forward(self, tokens, padding, segments):
        places = self.position_embeddings.weight[: tokens.shape[1]]
        x = self.embedding_norm(self.word_embeddings(tokens) + places + self.token_type_embeddings(segments))
        x = self.encoder(x, src_key_padding_mask=padding)
        return F.linear(self.transform_norm(F.gelu(self.transform(x))), self.word_embeddings.weight, self.bias)


class ViT(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv_proj = nn.Conv2d(2, 4, 2, 2)
        self.class_token = nn.Parameter(torch.zeros(1, 1, 4))
        self.pos_embedding = nn.Parameter(torch.zeros(1, 5, 4))
        layer = nn.TransformerEncoderLayer(4, 2, 6, 0.0, "gelu", batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, nn.LayerNorm(4), enable_nested_tensor=False)
        self.head = nn.Linear(4, 3)

    def forward(self, images):
        patches = self.conv_proj(images).flatten(2).transpose(1, 2)
        first = self.class_token.expand(len(images), -1, -1)
        return self.head(self.encoder(torch.cat([first, patches], 1) + self.pos_embedding)[:, 0])


class Seq2SeqTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.source_embedding, self.target_embedding = nn.Embedding(6, 4), nn.Embedding(5, 4)
        self.transformer = nn.Transformer(4, 2, 1, 1, 6, 0.0, batch_first=True, norm_first=True)
        self.head = nn.Linear(4, 5)

    @staticmethod
    def placed(x):
        angles = torch.arange(x.shape[1])[:, None] * 10000.0 ** (-torch.arange(0, 4, 2) / 4)
        return x * math.sqrt(4) + torch.stack([angles.sin(), angles.cos()], -1).flatten(1)

    def forward(self, source, target, hidden):
        x, y = self.placed(self.source_embedding(source)), self.placed(self.target_embedding(target))
        later = nn.Transformer.generate_square_subsequent_mask(target.shape[1])
        # One kind of mask: PyTorch warns of mixtures.
        added = torch.zeros(hidden.shape).masked_fill(hidden, -torch.inf)
        masks = {"src_key_padding_mask": added, "memory_key_padding_mask": added, "tgt_mask": later}
        return self.head(self.transformer(x, y, **masks))


def case(model, args, inputs, **options):
    """`inputs` are those of forward; `options` by their names here, passed to PyTorch in their order."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(rounded(*parameter.shape) * 0.75)
    state = {key: pack(value) for key, value in model.state_dict().items()}
    leaves = [x.clone().requires_grad_() if x.is_floating_point() else x for x in inputs]
    floats = [x for x in leaves if x.requires_grad]
    call = lambda values: model(*values, *options.values())
    y = call(leaves)
    target = rounded(*y.shape)
    names, parameters = zip(*model.named_parameters())
    grads = torch.autograd.grad((y * target).sum(), [*floats, *parameters])
    optimizer = torch.optim.Adam(parameters, lr=0.02)
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = F.mse_loss(call(inputs), target)
        loss.backward()
        optimizer.step()
        losses.append(float(f"{loss.item():.12g}"))
    kind = lambda x: {torch.bool: "bool", torch.int64: "int32"}.get(x.dtype, "float")
    typed = lambda x: {"kind": kind(x)} | pack(x)
    return {
        "name": type(model).__name__,
        "args": args,
        "state": state,
        "inputs": [typed(x) for x in inputs],
        "options": {key: typed(x) for key, x in options.items()},
        "output": pack(y),
        "target": pack(target),
        "inputGrads": [pack(g) for g in grads[: len(floats)]],
        "grads": {name: pack(g) for name, g in zip(names, grads[len(floats):])},
        "losses": losses,
    }


def models():
    ids = lambda top, *shape: torch.randint(0, top, shape)
    yield case(CharLSTM(), [5, {"embedding": 3, "hidden": 4, "layers": 2}], [ids(5, 2, 4)])
    yield case(LstmForecaster(), [2, 3, {"hidden": 4, "layers": 2}], [rounded(3, 5, 2)])
    yield case(Seq2SeqLstm(), [6, 5, {"embedding": 3, "hidden": 4}], [ids(6, 3, 4), torch.tensor([2, 4, 1]), ids(5, 3, 3)])
    padding = torch.tensor([[False] * 4, [False, False, False, True]])
    yield case(BERT(), [{"vocabSize": 7, "maxLength": 5, "width": 4, "layers": 2, "heads": 2, "hidden": 6, "dropout": 0}],
               [ids(7, 2, 4)], padding=padding, segments=ids(2, 2, 4))
    yield case(ViT(), [{"imageSize": 4, "patchSize": 2, "channels": 2, "classes": 3, "width": 4, "layers": 2, "heads": 2,
                        "hidden": 6}], [rounded(3, 2, 4, 4)])
    yield case(Seq2SeqTransformer(), [{"sourceVocabSize": 6, "targetVocabSize": 5, "maxLength": 8, "width": 4, "heads": 2,
                                       "layers": 1, "hidden": 6, "dropout": 0}],
               [ids(6, 2, 4), ids(5, 2, 3)], sourcePadding=padding)


if __name__ == "__main__":
    torch.manual_seed(24)
    write("models", list(models()), SCRIPT)
