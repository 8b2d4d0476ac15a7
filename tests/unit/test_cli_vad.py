"""Flags of the `whisperx` command about where to listen, on a tiny random model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import whisperx
from tiny import write_tiny_whisper
from whisperx.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable

DEMO = str(Path(whisperx.__file__).parent / "assets" / "demo" / "demo.opus")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_tiny_whisper(tmp_path_factory.mktemp("tiny")))


@pytest.fixture
def spans(model: str, tmp_path: Path) -> Callable[..., list[tuple[float, float]]]:
    """Run the command with flags; the times of the segments it writes."""

    def run(*flags: str, recording: str = DEMO) -> list[tuple[float, float]]:
        out = ["--output_dir", str(tmp_path), "--output_name", "result", "-f", "json"]
        assert main([recording, "--model", model, *out, *flags]) == 0
        segments = json.loads((tmp_path / "result.json").read_text("utf-8"))["segments"]
        return [(segment["start"], segment["end"]) for segment in segments]

    return run


def test_none_covers_everything_and_silero_leaves_silence_out(spans):
    assert spans("--vad_method", "none") == [(0.0, 23.844)]
    ((start, end),) = spans("--vad_method", "silero")
    assert 0.05 < start < end < 23.5


def test_chunk_size_cuts_between_utterances(spans):
    cut = spans("--vad_method", "silero", "--chunk_size", "6")
    assert len(cut) == 5
    assert all(end - start <= 6 for start, end in cut)


def test_a_high_onset_hears_less(spans):
    usual = spans("--vad_method", "silero", "--chunk_size", "6")
    strict = spans("--vad_method", "silero", "--chunk_size", "6", "--vad_onset", "0.97")
    assert sum(e - s for s, e in strict) < sum(e - s for s, e in usual)


def test_a_low_offset_lets_speech_run_on(spans):
    flags = ["--vad_method", "silero", "--chunk_size", "6"]
    usual = spans(*flags)
    later = spans(*flags, "--vad_offset", "0.02")
    assert sum(e - s for s, e in later) > sum(e - s for s, e in usual)


def test_given_stretches_take_the_place_of_a_detector(spans):
    assert spans("--clip_timestamps", "0.5,4.0,9,12.25") == [(0.5, 4.0), (9.0, 12.25)]


def test_dumped_regions_are_read_back(spans, tmp_path):
    flags = ["--vad_method", "silero", "--chunk_size", "6"]
    cut = spans(*flags, "--vad_dump")
    dumped = tmp_path / "result.vad.json"
    regions = json.loads(dumped.read_text("utf-8"))
    assert len(regions) >= len(cut)
    again = spans("--clip_timestamps", str(dumped))
    assert again == [(round(r["start"], 3), round(r["end"], 3)) for r in regions]


def test_a_stretch_past_the_end_is_that_file_s_fault(model, tmp_path, capsys):
    flags = ["--model", model, "-o", str(tmp_path), "-f", "txt", "--clip_timestamps", "100,120"]
    assert main([DEMO, *flags]) == 1
    assert "begins at 100 s but the recording ends at 23.84" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (["--chunk_size", "31"], "0 to 30 s at a time"),
        (["--vad_onset", "1.5", "--vad_method", "silero"], "between 0 and 1"),
        (["--clip_timestamps", "5,4"], "segment"),
        (["--clip_timestamps", "nowhere.json"], "nowhere.json"),
    ],
)
def test_senseless_values_are_one_sentence(model, tmp_path, flags, complaint, capsys):
    assert main([DEMO, "--model", model, "-o", str(tmp_path), *flags]) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "error" in line]
    assert complaint in line


def test_one_channel_can_be_heard_alone(spans, tmp_path, wav, tone):
    silence = np.zeros(16_000, np.int16)
    stereo = np.stack([silence, (tone(1.0) * 32767).astype(np.int16)], axis=1)
    path = tmp_path / "stereo.wav"
    path.write_bytes(wav(stereo))
    flags = ["--vad_method", "none", "--audio_channel"]
    assert spans(*flags, "1", recording=str(path)) == [(0.0, 1.0)]


def test_a_channel_or_track_that_is_not_there_is_named(model, tmp_path, capsys):
    for flag, complaint in (("--audio_channel", "no channel 7"), ("--audio_track", "no track 7")):
        assert main([DEMO, "--model", model, "-o", str(tmp_path), flag, "7"]) == 1
        assert complaint in capsys.readouterr().err


def test_a_recording_without_speech_gives_empty_results_and_a_warning(model, tmp_path, wav, capsys):
    path = tmp_path / "quiet.wav"
    path.write_bytes(wav(np.zeros(32_000, np.int16)))
    out = ["-o", str(tmp_path / "out"), "--vad_method", "silero"]
    assert main([str(path), "--model", model, *out]) == 0
    assert "no speech was found" in capsys.readouterr().err
    assert (tmp_path / "out" / "quiet.txt").read_text("utf-8") == ""
