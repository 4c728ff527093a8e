"""Writes test/fixtures/metrics.json: metrics from scikit-learn and NLTK, with the inputs that made them.

Run: venv/bin/pip install numpy scikit-learn nltk && venv/bin/python scripts/fixtures_metrics.py
"""

import json
import warnings
from pathlib import Path

import nltk
import numpy as np
import sklearn
from nltk.translate.bleu_score import SmoothingFunction, corpus_bleu
from sklearn import metrics

warnings.filterwarnings("ignore")
FOLDER = Path(__file__).resolve().parent.parent / "test" / "fixtures"
random = np.random.default_rng(5)


def classification(name, scores, target):
    classes = scores.shape[1]
    predicted = scores.argmax(1)
    labels = list(range(classes))
    case = {"name": name, "shape": list(scores.shape), "scores": scores.reshape(-1).tolist(), "target": target.tolist()}
    for average in ("macro", "micro", "weighted"):
        p, r, f, _ = metrics.precision_recall_fscore_support(
            target, predicted, labels=labels, average=average, zero_division=0)
        case[average] = [p, r, f]
    p, r, f, _ = metrics.precision_recall_fscore_support(target, predicted, labels=labels, zero_division=0)
    case["perClass"] = [p.tolist(), r.tolist(), f.tolist()]
    case["topK"] = [float(metrics.top_k_accuracy_score(target, scores, k=k, labels=labels)) for k in range(1, classes)] \
        if classes > 2 else []
    if classes == 2:
        case["auc"] = metrics.roc_auc_score(target, scores[:, 1] - scores[:, 0])
    elif len(set(target.tolist())) == classes:
        areas = [metrics.roc_auc_score(target == c, scores[:, c]) for c in labels]
        case["auc"] = float(np.mean(areas))
    z = scores - scores.max(1, keepdims=True)
    log = z - np.log(np.exp(z).sum(1, keepdims=True))
    case["perplexity"] = float(np.exp(-log[np.arange(len(target)), target].mean()))
    return case


def rounded(*shape):
    return np.round(random.normal(size=shape) * 256) / 256


def distinct(rows, classes):
    # No ties within a row: scikit-learn breaks them the other way round.
    return np.stack([random.permutation(classes * 4)[:classes] / 4 for _ in range(rows)])


cases = [
    classification("four classes", distinct(40, 4), random.integers(0, 4, 40)),
    classification("a class never seen", distinct(20, 5), random.integers(0, 4, 20)),
    classification("a class never predicted", distinct(20, 3) - np.array([0, 0, 99]), random.integers(0, 3, 20)),
    classification("two classes", rounded(30, 2), random.integers(0, 2, 30)),
]
tied = np.round(rounded(50) * 2) / 2
target = random.integers(0, 2, 50)
binary = {"scores": tied.tolist(), "target": target.tolist(), "auc": metrics.roc_auc_score(target, tied)}

# NLTK counts one n-gram where a text is too short for any; none of these is.
texts = [
    ("it is a guide to action which ensures that the military always obeys the commands of the party",
     ["it is a guide to action that ensures that the military will forever heed party commands",
      "it is the guiding principle which guarantees the military forces always being under the command of the party",
      "it is the practical guide for the army always to heed the directions of the party"]),
    ("he read the book because he was interested in world history",
     ["he was interested in world history because he read the book"]),
    ("the the the the the the the", ["the cat is on the mat", "there is a cat on the mat"]),
    ("a short one here", ["a somewhat longer text than the short one"]),
]
bleu = []
for name, chosen in {"corpus": texts, "first": texts[:1], "short": texts[3:], "two": texts[1:3]}.items():
    candidates = [c.split() for c, _ in chosen]
    references = [[r.split() for r in rs] for _, rs in chosen]
    for order in (1, 2, 4):
        weights = [1 / order] * order
        plain = corpus_bleu(references, candidates, weights)
        smooth = corpus_bleu(references, candidates, weights, SmoothingFunction().method2)
        bleu.append({"name": f"{name} {order}", "candidates": [c for c, _ in chosen], "references": [r for _, r in chosen],
                     "maxOrder": order, "plain": float(plain), "smooth": float(smooth)})

versions = {"numpy": np.__version__, "scikit-learn": sklearn.__version__, "nltk": nltk.__version__}
lists = {"cases": cases, "bleu": bleu}
lines = [f'"versions": {json.dumps(versions)}', f'"binary": {json.dumps(binary)}']
lines += [f'"{key}": [\n  ' + ",\n  ".join(json.dumps(item) for item in items) + "\n]" for key, items in lists.items()]
(FOLDER / "metrics.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
