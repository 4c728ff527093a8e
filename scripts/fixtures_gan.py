"""Writes test/fixtures/gan.json: golden values from PyTorch in float64 for generative adversarial networks.

Run as scripts/fixtures.py. Losses by PyTorch's own functions where it has them (binary cross-entropy), spectral and weight
norm as parametrizations, a gradient penalty by autograd.grad with create_graph, and ten steps of a DCGAN and of a
Wasserstein GAN with that penalty.
"""

import json

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrizations

from fixtures import FOLDER, pack, rounded


def states(module):
    return {key: pack(value) for key, value in module.state_dict().items() if "num_batches" not in key}


def losses():
    bce = F.binary_cross_entropy_with_logits
    tell = lambda r, f: bce(r, torch.ones_like(r)) + bce(f, torch.zeros_like(f))
    pairs = {
        "minimaxLoss": (tell, lambda f: -bce(f, torch.zeros_like(f))),
        "nonSaturatingLoss": (tell, lambda f: bce(f, torch.ones_like(f))),
        "hingeLoss": (lambda r, f: F.relu(1 - r).mean() + F.relu(1 + f).mean(), lambda f: -f.mean()),
        "leastSquaresLoss": (lambda r, f: (F.mse_loss(r, torch.ones_like(r)) + F.mse_loss(f, torch.zeros_like(f))) / 2,
                             lambda f: F.mse_loss(f, torch.ones_like(f)) / 2),
        "wassersteinLoss": (lambda r, f: f.mean() - r.mean(), lambda f: -f.mean()),
    }
    for name, (discriminator, generator) in pairs.items():
        real, fake = (rounded(n, 2) * 3 for n in (5, 4))
        r, f = real.clone().requires_grad_(), fake.clone().requires_grad_()
        d, g = discriminator(r, f), generator(f)
        yield {"name": name, "real": pack(real), "fake": pack(fake), "discriminator": d.item(), "generator": g.item(),
               "grads": [pack(t) for t in (*torch.autograd.grad(d, (r, f)), *torch.autograd.grad(g, f))]}


def penalty():
    critic = nn.Sequential(nn.Linear(6, 5), nn.LayerNorm(5), nn.LeakyReLU(0.2), nn.Linear(5, 1))
    real, fake, mix = rounded(4, 2, 3), rounded(4, 2, 3), torch.rand(4).mul(64).round() / 64
    x = (mix[:, None, None] * real + (1 - mix[:, None, None]) * fake).requires_grad_()
    slope, = torch.autograd.grad(critic(x.flatten(1)).sum(), x, create_graph=True)
    value = ((slope.flatten(1).norm(2, dim=1) - 1) ** 2).mean()
    # The last bias has no part in the slope.
    grads = torch.autograd.grad(value, list(critic.parameters()), allow_unused=True)
    names = [name for name, _ in critic.named_parameters()]
    return {"state": states(critic), "real": pack(real), "fake": pack(fake), "mix": pack(mix), "value": value.item(),
            "grads": {name: pack(g) for name, g in zip(names, grads) if g is not None}}


def normed(name, args, layer, kind, options, x, **torch_options):
    """Two readings in training, then one in evaluation; gradients of the last; then ten steps of Adam in training."""
    layer = getattr(parametrizations, kind)(layer, **torch_options)
    before = states(layer)
    trained = [layer(x) for _ in range(2)][1]
    layer.eval()
    y = layer(x)
    cotangent = rounded(*y.shape)
    grads = torch.autograd.grad(y, list(layer.parameters()), cotangent)
    after, key_grads = states(layer), [pack(g) for g in grads]
    layer.train()
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.02)
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = F.mse_loss(layer(x), cotangent)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {"layer": name, "args": args, "norm": "spectralNorm" if kind == "spectral_norm" else "weightNorm",
            "options": options, "x": pack(x), "before": before, "trained": pack(trained), "evaluated": pack(y),
            "cotangent": pack(cotangent), "after": after, "losses": losses,
            "grads": {key: g for (key, _), g in zip(layer.named_parameters(), key_grads)}}


def norms():
    yield normed("Linear", [4, 3], nn.Linear(4, 3), "spectral_norm", {}, rounded(2, 4))
    yield normed("Conv2d", [2, 3, 2], nn.Conv2d(2, 3, 2), "spectral_norm", {"nPowerIterations": 2}, rounded(1, 2, 3, 3),
                 n_power_iterations=2)
    yield normed("ConvTranspose2d", [2, 3, 2], nn.ConvTranspose2d(2, 3, 2), "spectral_norm", {}, rounded(1, 2, 2, 2))
    yield normed("Linear", [4, 3], nn.Linear(4, 3), "weight_norm", {}, rounded(2, 4))
    yield normed("Linear", [4, 3], nn.Linear(4, 3), "weight_norm", {"axis": None}, rounded(2, 4), dim=None)
    yield normed("Conv2d", [2, 3, 2], nn.Conv2d(2, 3, 2), "weight_norm", {"axis": 1}, rounded(1, 2, 3, 3), dim=1)


def settle(*nets):
    for net in nets:
        for p in net.parameters():
            p.data = (p.data * 64).round() / 64


def dcgan():
    """Ten steps of each side, by the same generated images, with Adam; the state after the first."""
    generator = nn.Sequential(
        nn.ConvTranspose2d(3, 2, 4, bias=False), nn.BatchNorm2d(2), nn.ReLU(),
        nn.ConvTranspose2d(2, 1, 4, 2, 1, bias=False), nn.Tanh())
    discriminator = nn.Sequential(nn.Conv2d(1, 2, 4, 2, 1, bias=False), nn.LeakyReLU(0.2), nn.Conv2d(2, 1, 4, bias=False))
    settle(generator, discriminator)
    before = {"generator": states(generator), "discriminator": states(discriminator)}
    real, z = rounded(3, 1, 8, 8).clamp(-1, 1), rounded(3, 3)
    adams = [torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999)) for net in (generator, discriminator)]
    bce = F.binary_cross_entropy_with_logits
    losses, after = [], None
    for _ in range(10):
        fake = generator(z[:, :, None, None])
        adams[1].zero_grad()
        scores, found = discriminator(real).flatten(), discriminator(fake.detach()).flatten()
        d = bce(scores, torch.ones(3)) + bce(found, torch.zeros(3))
        d.backward()
        adams[1].step()
        adams[0].zero_grad()
        g = bce(discriminator(fake).flatten(), torch.ones(3))
        g.backward()
        adams[0].step()
        losses.append([d.item(), g.item()])
        after = after or {"generator": states(generator), "discriminator": states(discriminator)}
    return {"real": pack(real), "z": pack(z), "before": before, "losses": losses, "after": after}


class WganGenerator(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc, self.norm = nn.Linear(3, 64, bias=False), nn.BatchNorm1d(64)
        self.up = nn.Sequential(nn.ConvTranspose2d(4, 2, 4, 2, 1, bias=False), nn.BatchNorm2d(2), nn.ReLU())
        self.image = nn.ConvTranspose2d(2, 1, 4, 2, 1)

    def forward(self, z):
        return self.image(self.up(F.relu(self.norm(self.fc(z))).unflatten(1, (4, 4, 4)))).tanh()


class WganCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(1, 2, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(2, 4, 4, 2, 1), nn.LayerNorm([4, 4, 4]), nn.LeakyReLU(0.2),
            nn.Conv2d(4, 1, 4))

    def forward(self, x):
        return self.main(x).flatten()


def wgan():
    """Ten steps of the critic with its penalty, five of them of the generator too."""
    generator, critic = WganGenerator(), WganCritic()
    settle(generator, critic)
    before = {"generator": states(generator), "discriminator": states(critic)}
    real, z, mix = rounded(3, 1, 16, 16).clamp(-1, 1), rounded(3, 3), torch.rand(10, 3).mul(64).round() / 64
    adams = [torch.optim.Adam(net.parameters(), lr=5e-4, betas=(0.5, 0.9)) for net in (generator, critic)]
    losses = []
    for step in range(10):
        fake = generator(z)
        e = mix[step][:, None, None, None]
        x = (e * real + (1 - e) * fake.detach()).requires_grad_()
        slope, = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
        penalty = ((slope.flatten(1).norm(2, dim=1) - 1) ** 2).mean()
        d = critic(fake.detach()).mean() - critic(real).mean()
        adams[1].zero_grad()
        (d + 10 * penalty).backward()
        adams[1].step()
        row = [d.item(), penalty.item()]
        if step % 2 == 1:
            adams[0].zero_grad()
            g = -critic(fake).mean()
            g.backward()
            adams[0].step()
            row.append(g.item())
        losses.append(row)
    return {"real": pack(real), "z": pack(z), "mix": pack(mix), "before": before, "losses": losses,
            "after": {"generator": states(generator), "discriminator": states(critic)}}


if __name__ == "__main__":
    torch.manual_seed(20)
    document = {"script": "scripts/fixtures_gan.py", "torch": torch.__version__.split("+")[0], "losses": list(losses()),
                "penalty": penalty(), "norms": list(norms()), "dcgan": dcgan(), "wgan": wgan()}
    (FOLDER / "gan.json").write_text(json.dumps(document, indent=None, separators=(", ", ": ")).replace('}, {"', '},\n {"') + "\n")
