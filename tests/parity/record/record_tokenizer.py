"""Record what openai-whisper, transformers and faster-whisper make of texts and token ids.

    python tests/parity/record/record_tokenizer.py --model ../shared/models/mini-en

Needs openai-whisper, transformers and faster-whisper. Writes
`tests/parity/fixtures/tokenizer/mini_en.json`. The full vocabularies are too large to keep:
`write_folder` makes a model folder of one from openai-whisper's own file, and
`tests/parity/test_tokenizer_full.py` compares with the original there and then.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import importlib.metadata
import json
import platform
import random
import sys
from datetime import date
from itertools import pairwise
from pathlib import Path

import tokenizers
import whisper
from tokenizers import AddedToken, decoders, models, pre_tokenizers
from whisper.tokenizer import Tokenizer as Original
from whisper.tokenizer import get_tokenizer

FIXTURES = Path(__file__).parents[1] / "fixtures/tokenizer"
ASSETS = Path(whisper.__file__).parent / "assets"
VOCABULARIES = {
    "english": (False, 99),
    "multilingual_99": (True, 99),
    "multilingual_100": (True, 100),
}
TEXTS = (
    "",
    " ",
    "Hello, world!",
    " And so, my fellow Americans: ask not what your country can do for you.",
    " It cost $5.50, or £4; that is 20% off (in 1984).",
    " [MUSIC] ♪♪ la la ♪ -- \"quoted\" -- 'tis",
    "  two  spaces,\ttab\nand newline ",
    " naïve café, Ærø, Łódź, ½ №",
    " 你好,世界。今日は良い天気ですね",
    " สวัสดีครับ ສະບາຍດີ မင်္ဂလာပါ ភាសាខ្មែរ",
    " Привет, мир! Γειά! مرحبا שלום",
    " emoji 👩‍👩‍👧 and 🇫🇷",
    " we've they'll I'd it's DON'T",
)  # fmt: skip


def write_folder(folder: Path, name: str) -> Original:
    """Write one of `VOCABULARIES` as `tokenizer.json` and as the older files."""
    multilingual, languages = VOCABULARIES[name]
    original = get_tokenizer(multilingual, num_languages=languages, language="en")
    asset = ASSETS / ("multilingual.tiktoken" if multilingual else "gpt2.tiktoken")
    rows = (line.split() for line in asset.read_text(encoding="utf-8").splitlines() if line)
    ranks = {base64.b64decode(token): int(rank) for token, rank in rows}
    letters = byte_letters()
    vocabulary = {"".join(letters[b] for b in token): rank for token, rank in ranks.items()}
    merges = [
        tuple("".join(letters[b] for b in half) for half in halves(token, ranks))
        for token in sorted(ranks, key=ranks.__getitem__)
        if len(token) > 1
    ]
    bpe = tokenizers.Tokenizer(models.BPE(vocabulary, merges))
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    special = sorted(original.special_tokens, key=original.special_tokens.__getitem__)
    bpe.add_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    bpe.save(str(folder / "tokenizer.json"))
    old = folder / "old"
    old.mkdir()
    end = {"<|endoftext|>": original.eot}
    (old / "vocab.json").write_text(json.dumps(vocabulary | end), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (old / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    # As in the repositories of 2022: without the timestamps, and with the older name of one token.
    added = {
        token.replace("nospeech", "nocaptions"): original.special_tokens[token]
        for token in special[1:]
        if not token[2].isdigit()
    }
    (old / "added_tokens.json").write_text(json.dumps(added), encoding="utf-8")
    return original


def byte_letters() -> dict[int, str]:
    """Byte -> the character that stands for it, from transformers."""
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    return bytes_to_unicode()


def halves(token: bytes, ranks: dict[bytes, int]) -> tuple[bytes, bytes]:
    """The two parts whose merge `token` is: what BPE makes of it with earlier merges only."""
    parts = [bytes([byte]) for byte in token]
    while len(parts) > 2:
        joined = [(ranks.get(a + b, ranks[token]), at) for at, (a, b) in enumerate(pairwise(parts))]
        rank, at = min(joined)
        assert rank < ranks[token], token
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return parts[0], parts[1]


def ids_of_interest(original: Original) -> dict:
    return {
        name: getattr(original, name)
        for name in (
            "eot", "sot", "translate", "transcribe", "sot_lm", "sot_prev", "no_speech",
            "no_timestamps", "timestamp_begin",
        )
    }  # fmt: skip


def whisperx_numerals(original: Original) -> list[int]:
    """The ids that WhisperX's `suppress_numerals` adds: each text token that shows such a sign."""
    return [i for i in range(original.eot) if set(original.decode([i])) & set("0123456789%$£")]


def record_mini(folder: Path) -> dict:
    """Ids -> text of a reduced vocabulary, which openai-whisper's tokenizer is cut down to."""
    from faster_whisper.tokenizer import Tokenizer as Faster
    from transformers import WhisperTokenizer

    path = str(folder / "tokenizer.json")
    faster = Faster(tokenizers.Tokenizer.from_file(path), multilingual=False)
    theirs = WhisperTokenizer(tokenizer_file=path)
    original = get_tokenizer(multilingual=False)
    samples = []
    for ids in random_ids(original):
        text = original.decode([i for i in ids if i < original.eot])
        for_check = theirs.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        assert text == for_check, (ids, text, for_check)
        assert text == faster.decode(ids), (ids, text)
        samples.append([ids, text, original.decode_with_timestamps(ids)])
    return {
        "special": ids_of_interest(original),
        "non_speech_tokens": list(faster.non_speech_tokens),
        "numeral_tokens_sha256": sha256(whisperx_numerals(original)),
        "encoded": [[text, faster.encode(text)] for text in TEXTS],
        "decoded": samples,
        "words": [split(original, faster.encode(text)) for text in TEXTS if text],
        "characters": [split(with_language("ja"), faster.encode(text)) for text in TEXTS if text],
    }


def with_language(code: str) -> Original:
    english = get_tokenizer(multilingual=False)
    return Original(encoding=english.encoding, num_languages=99, language=code)


def split(original: Original, ids: list[int]) -> list:
    words, groups = original.split_to_word_tokens(ids)
    return [[word, group] for word, group in zip(words, groups, strict=True)]


def sha256(ids: list[int]) -> str:
    return hashlib.sha256(json.dumps(ids).encode()).hexdigest()


def random_ids(original: Original) -> list[list[int]]:
    """Bytes only, which is mostly broken UTF-8; any text; text, special tokens and times."""
    rng = random.Random(0)
    broken = [[rng.randrange(256) for _ in range(rng.randrange(1, 12))] for _ in range(120)]
    text = [[rng.randrange(original.eot) for _ in range(rng.randrange(1, 16))] for _ in range(60)]
    mixed = [
        [rng.randrange(51864) for _ in range(4)] + [rng.randrange(50256, 51864) for _ in range(3)]
        for _ in range(60)
    ]
    for sample in mixed:
        rng.shuffle(sample)
    return [*broken, *text, *mixed]


def provenance() -> dict:
    packages = ("openai-whisper", "transformers", "faster-whisper", "tokenizers", "tiktoken")
    return {
        **{package: importlib.metadata.version(package) for package in packages},
        "python": platform.python_version(),
        "date": date.today().isoformat(),
        "command": "python tests/parity/record/record_tokenizer.py " + " ".join(sys.argv[1:]),
    }


def write(name: str, content: dict) -> None:
    FIXTURES.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"provenance": provenance(), **content}, ensure_ascii=False)
    (FIXTURES / name).write_text(text.replace("], [[", "],\n [[") + "\n", encoding="utf-8")
    print(name, (FIXTURES / name).stat().st_size, "bytes")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path, required=True, help="folder of mini-en")
    options = parser.parse_args()
    write("mini_en.json", record_mini(options.model))


if __name__ == "__main__":
    main()
