from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from whisperx.errors import PlatformError
from whisperx.text import normalizers

ROOT = Path(__file__).parents[2]
FIXTURE = ROOT / "tests/parity/fixtures/normalizers/whisper.json"


@pytest.fixture(scope="module")
def recorded():
    return json.loads(FIXTURE.read_text(encoding="utf-8"))


def test_english_equals_openai_whisper(recorded):
    normalize = normalizers.whisper("en")
    for text, expected in recorded["english"]:
        assert normalize(text) == expected


def test_other_languages_equal_openai_whispers_basic_one(recorded):
    normalize = normalizers.whisper("de")
    for text, expected in recorded["basic"]:
        assert normalize(text) == expected


def test_the_dev_texts_equal_openai_whisper(recorded, shared):
    normalize = normalizers.whisper("en")
    lines = (shared / "data/manifest.jsonl").read_text(encoding="utf-8").splitlines()
    dev = {row["audio"]: row["text"] for row in map(json.loads, lines) if row["split"] == "dev"}
    ours = {
        audio: hashlib.sha256(normalize(text).encode()).hexdigest()[:12]
        for audio, text in dev.items()
    }
    assert ours == recorded["dev"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("Hello,  World!", "hello world"),
        ("It's well-known: 20%.", "it's well known 20"),
        ("  a\tb\nc ", "a b c"),
        ("naïve", "na ve"),
    ],
)
def test_plain(text, expected):
    assert normalizers.plain(text) == expected


def test_a_missing_package_is_said_in_one_sentence(monkeypatch):
    normalizers._english.cache_clear()
    monkeypatch.setitem(sys.modules, "whisper_normalizer.english", None)
    with pytest.raises(PlatformError, match="pip install whisper-normalizer"):
        normalizers.whisper("en")


def test_importing_it_does_not_import_the_package():
    program = (
        "import sys, whisperx.text.normalizers as n; n.plain('a');"
        "sys.exit(any(m.startswith('whisper_normalizer') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
