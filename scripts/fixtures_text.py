"""Writes test/fixtures/tokenizer.json: a byte-level byte-pair encoder trained by Hugging Face's `tokenizers`, with the text it
was trained on, and the ids of texts that are awkward to cut.

Run: venv/bin/pip install tokenizers==0.23.2 && venv/bin/python scripts/fixtures_text.py
"""

import json
from pathlib import Path

import tokenizers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "LICENSE").read_text() + """
Der Fluss fließt über die Brücke; die Flüsse flössen, wenn sie könnten. Où est l'école? Là-bas, près de l'église.
Быть или не быть, вот в чём вопрос. Быть может, и то и другое. 数を数える数。数字と数学。
It's the reader's book: they'll read it, we've read it, I'd read it, you're reading it, I'm done, don't ask.
1234 5678 12.5% 3,141,592  two  blanks\ttab\n\n\nthree lines   😀😀😃 👩‍🚀 e\u0301 x² ½
"""
AWKWARD = [
    "", " ", "  ", "\n", " \n ", "a", " a", "a ", "  a", "a  b", "don't DON'T 'tis ''", "12ab34 12 ab",
    "naïve façade", "日本語のテキスト", "😀👩‍🚀🏳️‍🌈", "\u00a0nbsp\u2003em\u0085nel\ufefffeff", "tab\there\r\n", "<|endoftext|>x<pad>",
    "x<|endoftext|><|endoftext|> y", "<|endoftext|", "\u0000\u001f\u007f", "a" * 40, "ab" * 20 + "  " + "ba" * 20,
]

if __name__ == "__main__":
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    special = ["<pad>", "<|endoftext|>"]
    trainer = trainers.BpeTrainer(vocab_size=420, special_tokens=special, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator([TEXT], trainer)
    file = json.loads(tokenizer.to_str())
    encoded = [{"text": text, "ids": tokenizer.encode(text).ids} for text in AWKWARD]
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    prefixed = [{"text": text, "ids": tokenizer.encode(text).ids} for text in AWKWARD]
    document = {"script": "scripts/fixtures_text.py", "tokenizers": tokenizers.__version__, "text": TEXT, "file": file,
                "encoded": encoded, "prefixed": prefixed}
    path = ROOT / "test" / "fixtures" / "tokenizer.json"
    path.write_text(json.dumps(document, ensure_ascii=False) + "\n")
