"""Writes test/fixtures/files.json: files as NumPy writes them, and small floats as PyTorch rounds them.

Run: venv/bin/python scripts/fixtures_files.py (see scripts/fixtures.py for the environment)
"""

import base64
import io
import json
import math
from pathlib import Path

import numpy as np
import torch

FOLDER = Path(__file__).resolve().parent.parent / "test" / "fixtures"


def text(write):
    file = io.BytesIO()
    write(file)
    return base64.b64encode(file.getvalue()).decode()


def plain(value):
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return str(value) if isinstance(value, int) and abs(value) > 2**53 else value


def npy(name, array):
    values = np.ascontiguousarray(array).reshape(-1)
    listed = [] if array.dtype.kind == "c" else [plain(v) for v in values.tolist()]
    return {
        "name": name,
        "shape": list(array.shape),
        "values": listed,
        "file": text(lambda f: np.save(f, array, allow_pickle=array.dtype.hasobject)),
    }


arrays = [npy(f"{order}{kind}", np.array([[0, 1, 2], [3, 100, 7]], dtype=order + kind))
          for order in "<>" for kind in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")]
arrays += [
    npy("bool", np.array([True, False, True])),
    npy("fortran", np.asfortranarray(np.arange(24, dtype="<f4").reshape(2, 3, 4))),
    npy("fortran >i2", np.asfortranarray(np.arange(6, dtype=">i2").reshape(3, 2))),
    npy("scalar", np.float64(2.5).reshape(())),
    npy("empty", np.zeros((0, 3), dtype="<f4")),
    npy("special", np.array([np.nan, np.inf, -np.inf, -0.0, 1e-45], dtype="<f4")),
    npy("limits", np.array([-(2**63), 2**63 - 1], dtype="<i8")),
    npy("complex", np.array([1 + 2j], dtype="<c8")),
]
refused = [
    npy("objects", np.array([{}, None], dtype=object)) | {"values": []},
    npy("structured", np.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")])) | {"values": []},
    npy("text", np.array(["ab", "c"])) | {"values": []},
    npy("bytes", np.array([b"ab"])) | {"values": []},
    npy("dates", np.array(["2020-01-01"], dtype="datetime64[D]")) | {"values": []},
    npy("complex128", np.array([1j])) | {"values": []},
]
pair = {"weights": np.arange(6, dtype="<f4").reshape(2, 3), "labels": np.array([3, 1], dtype="<i8")}
big = {"zeros": np.zeros(100_000, dtype="<f4"), "ramp": np.arange(1000, dtype="<i4")}

# Ties, the smallest and largest of each format and what lies just outside, denormals, the signs of zero.
points = [0.0, -0.0, 1.0, -1.5, 1 + 2**-11, 1 + 3 * 2**-11, 1 + 2**-8, 1 + 3 * 2**-8, 1.125, 1.375, 1.0625, 65504.0,
          65519.0, 65520.0, 1e6, 448.0, 464.0, 465.0, 480.0, 57344.0, 61439.0, 61440.0, 3.4e38, 3.39e38, 2.0**-14,
          2.0**-24, 2.0**-25, 1.5 * 2.0**-25, 3 * 2.0**-25, 2.0**-16, 2.0**-17, 1.5 * 2.0**-17, 2.0**-9, 2.0**-10,
          1.5 * 2.0**-10, 0.015625, 0.0146484375, 1e-40, 1e-45, 3.14159265, -2.71828182, 0.1, 1 / 3, 1023.75, 5e-8]
points += [math.inf, -math.inf, math.nan]
formats = {"F16": torch.float16, "BF16": torch.bfloat16, "F8_E5M2": torch.float8_e5m2, "F8_E4M3": torch.float8_e4m3fn}
# From float32, where PyTorch itself rounds once for every format.
x = torch.tensor(points, dtype=torch.float32)
small = {
    name: {
        "bits": x.to(dtype).view(torch.uint8 if dtype.itemsize == 1 else torch.int16).to(torch.int64)
        .bitwise_and(0xFF if dtype.itemsize == 1 else 0xFFFF).tolist(),
        "values": [plain(v) for v in x.to(dtype).to(torch.float32).tolist()],
    }
    for name, dtype in formats.items()
}

fixture = {
    "versions": {"numpy": np.__version__, "torch": torch.__version__},
    "npy": arrays,
    "refused": refused,
    "npz": {
        "stored": text(lambda f: np.savez(f, **pair)),
        "compressed": text(lambda f: np.savez_compressed(f, **big)),
    },
    "smallFloats": {"points": [plain(v) for v in x.tolist()], **small},
}
# One file, format or list per line.
lines = [
    f'"{key}": ' + ("[\n  " + ",\n  ".join(json.dumps(item) for item in value) + "\n]" if key in ("npy", "refused") else json.dumps(value))
    for key, value in fixture.items()
]
(FOLDER / "files.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
