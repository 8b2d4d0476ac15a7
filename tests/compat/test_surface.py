"""What WhisperX 3.8.6 offers its users, as recorded, is offered here."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from whisperx.languages import (
    LANGUAGES,
    LANGUAGES_WITHOUT_SPACES,
    PUNKT_LANGUAGES,
    TO_LANGUAGE_CODE,
)
from whisperx.text.captions import CaptionOptions
from whisperx.vad.hysteresis import HysteresisRule, SileroRule
from whisperx.writers.write import ALL, FORMATS

SURFACE: dict[str, Any] = json.loads(
    (Path(__file__).parent / "fixtures/whisperx-3.8.6.json").read_text(encoding="utf-8")
)
FLAGS = {name: flag for flag in SURFACE["command_line"] for name in flag["names"]}


def test_output_formats() -> None:
    formats = SURFACE["output_formats"]
    assert list(ALL) == formats["all"]
    assert list(FORMATS) == formats["all"] + formats["optional"]
    assert set(FLAGS["--output_format"]["choices"]) == {"all", *FORMATS}


def test_caption_options() -> None:
    fields = {field.name: field.default for field in dataclasses.fields(CaptionOptions)}
    assert sorted(fields) == SURFACE["writer_options"]
    assert fields == {name: FLAGS[f"--{name}"]["default"] for name in fields}


def test_languages() -> None:
    names = sorted(name.title() for name in TO_LANGUAGE_CODE)
    assert FLAGS["--language"]["choices"] == sorted(LANGUAGES) + names
    recorded = SURFACE["modules"]["whisperx.utils"]
    assert len(PUNKT_LANGUAGES) == recorded["PUNKT_LANGUAGES"]["length"]
    assert len(LANGUAGES_WITHOUT_SPACES) == recorded["LANGUAGES_WITHOUT_SPACES"]["length"]


def test_speech_detection_defaults() -> None:
    rule = HysteresisRule()
    assert rule.onset == SileroRule().onset == FLAGS["--vad_onset"]["default"]
    assert rule.offset == FLAGS["--vad_offset"]["default"]
    assert rule.max_duration == SileroRule().max_speech == FLAGS["--chunk_size"]["default"]
    assert SURFACE["vad_options"] == {"chunk_size": "30", "vad_onset": "0.5", "vad_offset": "0.363"}
