from __future__ import annotations

import json
from collections import Counter

import pytest
from benchmarks import corpora

from whisperx.types import Word

ROWS = [
    {"audio": "dev-en/a.opus", "text": "one", "corpus": "x", "split": "dev"},
    {
        "audio": "words/b.flac",
        "corpus": "y",
        "split": "words",
        "licence": "public domain",
        "words": [{"word": "two", "start": 0.5, "end": 1.0}],
        "words_source": "a tool",
        "rttm": "words/b.rttm",
    },
    {"audio": "languages/c.mp3", "lang": "de", "corpus": "y", "split": "languages"},
]
EMPTY = {
    "text": None, "lang": "en", "speaker": None, "duration_s": 1.5, "licence": "CC0-1.0",
    "source": "s", "words": None, "words_source": None, "rttm": None,
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    lines = [json.dumps(EMPTY | row) for row in ROWS]
    (tmp_path / "manifest.jsonl").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_a_line_becomes_a_recording(folder):
    found = corpora.recordings("words", folder=folder)[0]
    assert found.audio == folder / "words/b.flac"
    assert found.name == "words/b.flac"
    assert found.words == (Word("two", 0.5, 1.0),)
    assert found.rttm == folder / "words/b.rttm"
    assert (found.duration, found.words_source) == (1.5, "a tool")


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({}, ["a", "b", "c"]),
        ({"split": "dev"}, ["a"]),
        ({"corpus": "y"}, ["b", "c"]),
        ({"corpus": "y", "language": "de"}, ["c"]),
        ({"licence": "CC0"}, ["a", "c"]),
    ],
)
def test_choosing(folder, wanted, names):
    assert [found.audio.stem for found in corpora.recordings(**wanted, folder=folder)] == names


def test_nothing_that_agrees_is_an_error(folder):
    with pytest.raises(ValueError, match="no recording has split='dve'"):
        corpora.recordings("dve", folder=folder)


def test_the_variable_points_elsewhere(folder, monkeypatch, tmp_path):
    monkeypatch.setenv(corpora.VARIABLE, str(folder))
    assert corpora.data_folder() == folder.resolve()
    monkeypatch.setenv(corpora.VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="set WHISPERX_MLX_DATA"):
        corpora.data_folder()


def test_the_dev_recordings_are_all_there(monkeypatch, shared):
    monkeypatch.delenv(corpora.VARIABLE, raising=False)
    assert corpora.data_folder().samefile(shared / "data")
    dev = corpora.recordings("dev", language="en")
    assert Counter(found.corpus for found in dev) == {
        "cv18delta_en": 214, "jfk": 1, "kathleen": 48, "ljspeech": 37, "speechocean762": 290,
        "vosk_sample": 1,
    }  # fmt: skip
    assert all(found.text and found.duration <= 30 and found.audio.is_file() for found in dev)
