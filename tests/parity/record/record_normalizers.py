"""Record what openai-whisper's normalizers make of hard sentences and of the dev-en texts.

    python tests/parity/record/record_normalizers.py --data ../shared/data

Needs openai-whisper. Writes `tests/parity/fixtures/normalizers/whisper.json`: our own sentences in
full, for the corpus only a digest of each normalized text.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import platform
import sys
from datetime import date
from pathlib import Path

from whisper.normalizers import BasicTextNormalizer, EnglishTextNormalizer

FIXTURE = Path(__file__).parents[1] / "fixtures/normalizers/whisper.json"
ENGLISH = (
    "",
    "Hello, World!",
    "The cause of it, 'cause I dunno; he's kinda sorta late.",
    "I can't, won't, shan't and I'd've gone; she'll've been, y'all ain't.",
    "Mr. Smith, Mrs. Jones, Dr. Who and St. Paul met Prof. X, Jr.",
    "Twenty-one years ago, in nineteen eighty four, it cost two hundred and five dollars.",
    "$20 million, £3.50, 20 percent, fifty per cent and 5%",
    "one and a half, three point one four, minus forty two, double oh seven",
    "It was the 1960s, the twenty first, the 3rd and the hundred and first.",
    "1,234,567.89 and 10,000; one thousand two hundred thirty four",
    "The colour of the harbour centre was grey; we organised and analysed it.",
    "[LAUGHTER] um, hmm, (inaudible) uh well <noise> okay",
    "naïve café Ærøskøbing Łódź façade, ﬁnance",
    "let's go gonna wanna gotta i'ma woulda coulda shoulda imma",
    "It's been done, he's been there, that's got it, what's up",
    "one oh one, nine one one, four four two oh",
    "five dollars and twenty cents, one pound fifty, zero point five",
    "e-mail well-known re-enter \u2014 dash \u2013 dash",
)
OTHER = (
    "Grüße, Straße! Ça va? (rires) [bruit] l'été",
    "你好,世界。今日は良い天気ですね",
    "हिन्दी में लिखा है। ภาษาไทย",
    "Ἑλλάς café <tag> 50 % №1",
)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    english, basic = EnglishTextNormalizer(), BasicTextNormalizer()
    manifest = (options.data / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    dev = [row for row in map(json.loads, manifest) if row["split"] == "dev"]
    content = {
        "provenance": {
            "openai-whisper": importlib.metadata.version("openai-whisper"),
            "python": platform.python_version(),
            "date": date.today().isoformat(),
            "command": "python tests/parity/record/record_normalizers.py " + " ".join(sys.argv[1:]),
        },
        "english": [[text, english(text)] for text in ENGLISH],
        "basic": [[text, basic(text)] for text in (*ENGLISH, *OTHER)],
        "dev": {row["audio"]: digest(english(row["text"])) for row in dev},
    }
    FIXTURE.parent.mkdir(parents=True, exist_ok=True)
    FIXTURE.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
