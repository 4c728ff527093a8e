"""Writes test/fixtures/reduce-linalg.json: reductions, orders and linear algebra as PyTorch computes them, in float64.

Run: venv/bin/python scripts/fixtures_reduce.py, with the versions that scripts/fixtures.py names.
The names of the cases are the keys of the calls in test/ops/golden-reduce.test.ts.
"""

import torch

from fixtures import rounded, run, write

L = torch.linalg


def cases():
    x = {"x": rounded(3, 4)}
    tied = {"x": torch.tensor([[1.0, 2.0, 2.0], [2.0, 0.0, 0.0]])}
    zeros = {"x": torch.tensor([[2.0, 0.0, 3.0, 4.0], [0.0, 2.0, 0.0, 1.0], [1.5, 2.0, -3.0, 0.5]])}
    square = {"x": rounded(3, 3) + 4 * torch.eye(3)}
    system = {**square, "b": rounded(3, 2)}
    pairs = {"x": rounded(4, 3), "b": rounded(2, 3)}
    yield run("max, ties", lambda x: x.max(), tied)
    yield run("max along an axis, ties", lambda x: x.amax(1), tied)
    yield run("maxWithIndices, ties", lambda x: x.max(1).values, tied)
    yield run("median, ties", lambda x: x.median(), tied)
    yield run("median along an axis", lambda x: x.median(1).values, x)
    yield run("prod, zeros", lambda x: x.prod(1), zeros)
    yield run("cumprod, zeros", lambda x: x.cumprod(1), zeros)
    yield run("cumsum", lambda x: x.cumsum(0), x)
    yield run("variance", lambda x: x.var(1), x)
    yield run("variance of the population", lambda x: x.var((0, 1), correction=0), x)
    yield run("std", lambda x: x.std(0), x)
    yield run("norm", lambda x: x.norm(), x)
    yield run("norm, p = 3", lambda x: x.norm(p=3, dim=1), x)
    yield run("norm, p = 1, zeros", lambda x: x.norm(p=1, dim=1), zeros)
    yield run("norm, p = 0.5, zeros", lambda x: x.norm(p=0.5, dim=1), zeros)
    yield run("norm, p = Infinity, ties", lambda x: x.norm(p=torch.inf), tied)
    yield run("logsumexp", lambda x: x.logsumexp((0, 1)), x)
    yield run("sort", lambda x: x.sort(dim=1, descending=True, stable=True).values, x)
    yield run("topk", lambda x: x.topk(2, 0).values, x)
    yield run("einsum", lambda x, b: torch.einsum("ij,kj->ki", x, b), pairs)
    yield run("einsum, diagonal", lambda x: torch.einsum("ii->i", x), square)
    yield run("cdist", lambda x, b: torch.cdist(x, b), pairs)
    yield run("cdist, p = 1", lambda x, b: torch.cdist(x, b, p=1), pairs)
    yield run("det", lambda x: L.det(x), square)
    yield run("slogdet", lambda x: L.slogdet(x).logabsdet, square)
    yield run("inverse", lambda x: L.inv(x), square)
    yield run("solve", lambda x, b: L.solve(x, b), system)
    yield run("solveTriangular", lambda x, b: L.solve_triangular(x, b, upper=True), system)
    yield run("cholesky", lambda x: L.cholesky(x @ x.mT), square)
    yield run("qr, q", lambda x: L.qr(x).Q, {"x": rounded(4, 3)})
    yield run("qr, r", lambda x: L.qr(x).R, {"x": rounded(3, 4)})
    yield run("svd, values", lambda x: L.svd(x, full_matrices=False).S, x)
    yield run("svd, rotation", lambda x: (lambda f: f.U @ f.Vh)(L.svd(x, full_matrices=False)), x)
    yield run("eigh, values", lambda x: L.eigh(x + x.mT).eigenvalues, square)
    yield run("eigh, squares of vectors", lambda x: L.eigh(x + x.mT).eigenvectors ** 2, square)


if __name__ == "__main__":
    torch.manual_seed(20)
    write("reduce-linalg", list(cases()), "scripts/fixtures_reduce.py")
