from __future__ import annotations

import json
from pathlib import Path

import pytest

from whisperx import languages
from whisperx.errors import OptionError

FIXTURE = Path(__file__).parents[1] / "parity/fixtures/tokenizer/languages.json"


@pytest.fixture(scope="module")
def recorded():
    return json.loads(FIXTURE.read_text(encoding="utf-8"))


def test_tables_equal_whisperx(recorded):
    theirs = recorded["whisperx"]
    assert list(languages.LANGUAGES.items()) == [tuple(pair) for pair in theirs["LANGUAGES"]]
    assert theirs["TO_LANGUAGE_CODE"] == languages.TO_LANGUAGE_CODE
    assert theirs["LANGUAGES_WITHOUT_SPACES"] == list(languages.LANGUAGES_WITHOUT_SPACES)
    assert theirs["PUNKT_LANGUAGES"] == languages.PUNKT_LANGUAGES


def test_order_is_that_of_the_language_tokens(recorded):
    assert list(languages.LANGUAGES) == recorded["openai_whisper"]["codes"]
    assert len(languages.LANGUAGES) == 100
    assert list(languages.LANGUAGES)[-1] == "yue"


def test_every_name_openai_whisper_takes_is_taken(recorded):
    for name, code in recorded["openai_whisper"]["TO_LANGUAGE_CODE"].items():
        assert languages.parse_language(name) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("en", "en"),
        ("EN", "en"),
        ("English", "en"),
        ("Haitian Creole", "ht"),
        (" haitian  creole ", "ht"),
        ("Mandarin", "zh"),
        ("flemish", "nl"),
        ("yue", "yue"),
    ],
)
def test_codes_names_and_aliases_in_any_case(text, code):
    assert languages.parse_language(text) == code


def test_a_misspelt_name_gets_close_ones():
    with pytest.raises(OptionError, match=r"'germn'; did you mean 'german'"):
        languages.parse_language("germn")


@pytest.mark.parametrize("text", ["", "xx-nothing-like-it", "12345678"])
def test_what_resembles_nothing_gets_an_example(text):
    with pytest.raises(OptionError, match="give a code such as 'en'"):
        languages.parse_language(text)


def test_every_set_holds_known_codes():
    known = languages.LANGUAGES.keys()
    assert set(languages.LANGUAGES_WITHOUT_SPACES) <= known
    assert known >= languages.SPLIT_BY_CHARACTER
    assert languages.PUNKT_LANGUAGES.keys() <= known
