"""Detectors by name, and what becomes of their regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from whisperx.errors import OptionError
from whisperx.types import SAMPLE_RATE, Audio, SpeechRegion
from whisperx.vad import detector
from whisperx.vad.detector import (
    AutoDetector,
    SileroDetector,
    VadOptions,
    chunks_of,
    load_detector,
)
from whisperx.weights.silero import silero

if TYPE_CHECKING:
    from pathlib import Path

FIXTURE = "parity/fixtures/silero/clips.npz"


@pytest.fixture(scope="module")
def speech(request: pytest.FixtureRequest) -> np.ndarray:
    """Some seconds of a real voice between two seconds of nothing."""
    path: Path = request.config.rootpath / "tests" / FIXTURE
    with np.load(path) as clips:
        samples = clips["english.samples"].astype(np.float32) / np.float32(32768)
    gap = np.zeros(2 * SAMPLE_RATE, np.float32)
    return np.concatenate([gap, samples, gap])


def test_detectors_by_name():
    assert isinstance(load_detector("silero"), SileroDetector)
    assert isinstance(load_detector("auto"), AutoDetector)
    assert load_detector("none") is None


def test_an_unknown_method_is_refused():
    with pytest.raises(OptionError, match="choose one of silero, auto, none"):
        VadOptions("pyannote")  # type: ignore[arg-type]  # what a user may type


@pytest.mark.parametrize("size", [0, -1, 31])
def test_a_chunk_that_whisper_cannot_hear_is_refused(size):
    with pytest.raises(OptionError, match="0 to 30 s"):
        VadOptions(chunk_size=size)


def test_auto_keeps_what_silero_keeps(speech):
    network = silero()
    options = VadOptions("auto")
    usual = SileroDetector(network).regions(Audio(speech), options)
    found = AutoDetector(network).regions(Audio(speech), options)
    assert usual
    for region in usual:
        assert any(r.start <= region.start and region.end <= r.end for r in found)
    assert found[0].start > 1  # what has no sound is left out
    assert found[-1].end < len(speech) / SAMPLE_RATE - 1


def test_auto_hears_a_recording_that_is_too_quiet_for_silero(speech):
    network = silero()
    options = VadOptions("auto")
    quiet = Audio((np.round(speech * 32.768) / 32768).astype(np.float32))  # 60 dB down, 16 bits
    assert SileroDetector(network).regions(quiet, options) == []
    found = AutoDetector(network).regions(quiet, options)
    usual = AutoDetector(network).regions(Audio(speech), options)
    assert found[0].start == pytest.approx(usual[0].start, abs=0.3)
    assert found[-1].end == pytest.approx(usual[-1].end, abs=0.3)


def test_auto_asks_no_network_about_silence(monkeypatch):
    def called(*_):
        pytest.fail("was asked")

    monkeypatch.setattr(detector, "speech_probabilities", called)
    found = AutoDetector(silero())
    assert found.regions(Audio(np.zeros(SAMPLE_RATE, np.float32)), VadOptions("auto")) == []
    assert found.regions(Audio(np.zeros(0, np.float32)), VadOptions("auto")) == []


@pytest.mark.parametrize("kind", [SileroDetector, AutoDetector])
def test_times_are_those_of_the_source(speech, kind):
    made = kind(silero())
    here = made.regions(Audio(speech), VadOptions())
    later = made.regions(Audio(speech, start=100), VadOptions())
    assert [r.start for r in later] == pytest.approx([r.start + 100 for r in here])


def test_chunks_are_merged_separate_or_fixed(speech):
    class Two:
        def regions(self, audio: Audio, options: VadOptions) -> list[SpeechRegion]:
            return [SpeechRegion(1, 2), SpeechRegion(3, 4)]

    audio = Audio(np.resize(speech, 40 * SAMPLE_RATE))

    def times(found):
        return [(chunk.start, chunk.end) for chunk in found]

    assert times(chunks_of(audio, Two(), VadOptions())) == [(1, 4)]
    assert times(chunks_of(audio, None, VadOptions("none"))) == [(0, 30), (30, 40)]
    given = VadOptions(given=(SpeechRegion(1, 2), SpeechRegion(3, 50)))
    assert times(chunks_of(audio, Two(), given)) == [(1, 2), (3, 21.5), (21.5, 40)]
