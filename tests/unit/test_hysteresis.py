"""Regions equal those that WhisperX 3.8.6 made of the same scores, to the last bit."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whisperx.errors import OptionError
from whisperx.types import SAMPLE_RATE, SpeechRegion
from whisperx.vad.chunks import merge
from whisperx.vad.hysteresis import HysteresisRule, SileroRule, score_regions, silero_regions

FIXTURES = Path(__file__).parents[1] / "parity/fixtures/whisperx"
FRAMES = {"frame_start": 0.0, "frame_duration": 0.0619375, "frame_step": 0.016875}


def recorded(name: str) -> list[dict[str, Any]]:
    return json.loads((FIXTURES / f"{name}.json").read_text())["cases"]


def arrays(name: str) -> dict[str, np.ndarray]:
    with np.load(FIXTURES / f"{name}.npz") as file:
        return dict(file)


def as_pairs(regions: list[SpeechRegion]) -> list[list[float]]:
    return [[region.start, region.end] for region in regions]


def as_counts(regions: list[SpeechRegion], chunk_size: float) -> list[list[float]]:
    return [[c.start, c.end, len(c.regions)] for c in merge(regions, chunk_size)]


@pytest.mark.parametrize("number", range(13))
def test_silero_on_real_sound(number: int) -> None:
    case = recorded("vad_silero")[number]
    probabilities = arrays("vad_silero")[f"p{number}"]
    for result in case["results"]:
        rule = SileroRule(onset=result["onset"], max_speech=result["chunk_size"])
        regions = silero_regions(probabilities, case["samples"], rule)
        assert as_pairs(regions) == result["regions"]
        assert as_counts(regions, result["chunk_size"]) == result["chunks"]


def test_silero_on_random_probabilities() -> None:
    pieces = arrays("vad_silero_random")["in_256ths"] / 256
    cases = recorded("vad_silero_random")
    assert len(cases) == 200
    for case in cases:
        length = -(-case["samples"] // 512)
        probabilities, pieces = pieces[:length], pieces[length:]
        settings = case["settings"]
        rule = SileroRule(
            onset=settings["threshold"],
            offset=settings["neg_threshold"],
            max_speech=settings["max_speech_duration_s"],
            min_speech=settings["min_speech_duration_ms"] / 1000,
            min_silence=settings["min_silence_duration_ms"] / 1000,
            min_pause=settings["min_silence_at_max_speech"] / 1000,
            padding=settings["speech_pad_ms"] / 1000,
        )
        regions = silero_regions(probabilities, case["samples"], rule)
        expected = [[start / SAMPLE_RATE, end / SAMPLE_RATE] for start, end in case["regions"]]
        assert as_pairs(regions) == expected, settings
    assert len(pieces) == 0


def place(frames: list[float]) -> dict[str, float]:
    return dict(zip(("frame_start", "frame_duration", "frame_step"), frames, strict=True))


def check_scores(scores: np.ndarray, result: dict[str, Any], frames: list[float]) -> None:
    rule = HysteresisRule(result["onset"], result["offset"], result["chunk_size"])
    regions = score_regions(scores, rule, **place(frames))
    assert as_pairs(regions) == result["regions"]
    assert as_counts(regions, result["chunk_size"]) == result["chunks"]


@pytest.mark.parametrize("number", range(3))
def test_scores_of_pyannote(number: int) -> None:
    case = recorded("vad_scores")[number]
    for result in case["results"]:
        check_scores(arrays("vad_scores")[f"p{number}"], result, case["frames"])


def test_random_scores() -> None:
    pieces = (arrays("vad_scores_random")["in_256ths"] / 256).astype(np.float32)
    cases = recorded("vad_scores_random")
    assert len(cases) == 120
    for case in cases:
        scores, pieces = pieces[: case["length"]], pieces[case["length"] :]
        check_scores(scores, case, case["frames"])
    assert len(pieces) == 0


def test_default_rules_are_whisperx() -> None:
    assert SileroRule() == SileroRule(0.5, None, 30.0, 0.25, 0.1, 0.098, 0.03)
    assert HysteresisRule() == HysteresisRule(0.5, 0.363, 30.0)


def test_offset_of_silero_keeps_speech_together() -> None:
    probabilities = np.repeat([0.9, 0.3, 0.9], 20)
    assert len(silero_regions(probabilities, 60 * 512, SileroRule())) == 2
    assert len(silero_regions(probabilities, 60 * 512, SileroRule(offset=0.25))) == 1


def test_thresholds_compare_in_the_dtype_of_the_scores() -> None:
    # 0.363 is not a float32: read as float64 the score would lie under it or over it.
    scores = np.array([0.9, 0.363, 0.9, 0.1], np.float32)
    regions = score_regions(scores, HysteresisRule(), **FRAMES)
    assert len(regions) == 1


def test_no_scores_no_speech() -> None:
    assert score_regions(np.empty(0, np.float32), HysteresisRule(), **FRAMES) == []
    assert silero_regions(np.empty(0, np.float32), 0, SileroRule()) == []


def test_endless_speech_may_be_allowed() -> None:
    scores = np.ones(10_000, np.float32)
    (region,) = score_regions(scores, HysteresisRule(max_duration=math.inf), **FRAMES)
    assert region.end - region.start == pytest.approx(9_999 * 0.016875)
    (region,) = silero_regions(scores, 10_000 * 512, SileroRule(max_speech=math.inf))
    assert region == SpeechRegion(0.0, 320.0)


@pytest.mark.parametrize(
    ("rule", "options", "named"),
    [
        (SileroRule, {"onset": 0.0}, "onset is 0.0"),
        (SileroRule, {"offset": 1.0}, "offset is 1.0"),
        (SileroRule, {"max_speech": 0.0}, "at most 0.0 s"),
        (SileroRule, {"padding": -0.1}, "padding is -0.1"),
        (SileroRule, {"min_silence": math.nan}, "min_silence is nan"),
        (HysteresisRule, {"onset": 1.5}, "onset is 1.5"),
        (HysteresisRule, {"offset": -0.2}, "offset is -0.2"),
        (HysteresisRule, {"max_duration": -1.0}, "at most -1.0 s"),
    ],
)
def test_senseless_rules_are_refused(rule: type, options: dict[str, float], named: str) -> None:
    with pytest.raises(OptionError, match=named):
        rule(**options)


def test_probabilities_must_fit_the_recording() -> None:
    with pytest.raises(OptionError, match="1024 samples need 2 probabilities"):
        silero_regions(np.zeros(3), 1024, SileroRule())


def test_longest_speech_must_be_some_frames() -> None:
    with pytest.raises(OptionError, match="at least 4 times"):
        score_regions(np.zeros(3), HysteresisRule(max_duration=0.05), **FRAMES)
