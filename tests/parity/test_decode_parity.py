"""Samples equal what WhisperX's ffmpeg command read (`record/record_decode.py`)."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from whisperx.audio.decode import decode

CLIPS = Path(__file__).resolve().parents[1] / "data" / "audio"
EXPECTED = np.load(CLIPS / "expected.npz")

# These decoders compute in floats, whose last bits differ between versions of FFmpeg.
FLOAT_DECODERS = {".opus", ".ogg", ".webm", ".mkv", ".mka", ".m4a", ".mp4", ".aac"}

# From this libavformat on, FFmpeg cuts off the silence with which an AAC encoder fills its last
# frame, up to 1,024 samples at 44.1 kHz; the FFmpeg that was recorded keeps it.
CUTS_THE_LAST_FRAME = av.library_versions["libavformat"] >= (63,)
LAST_FRAME, RESAMPLER_EDGE = 372, 32


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_decode_equals_ffmpeg(name: str):
    samples = decode(CLIPS / name).samples
    assert samples.dtype == np.float32
    got = samples * 32768
    expected = EXPECTED[name].astype(np.float32)
    if Path(name).suffix in {".m4a", ".mp4"} and CUTS_THE_LAST_FRAME:
        assert 0 < len(expected) - len(got) <= LAST_FRAME
        got = got[:-RESAMPLER_EDGE]
        expected = expected[: len(got)]
    assert got.shape == expected.shape
    allowed = 1 if Path(name).suffix in FLOAT_DECODERS else 0
    assert np.abs(got - expected).max() <= allowed


def test_the_recorded_clips_hold_sound():
    assert len(EXPECTED) >= 19
    for name in EXPECTED:
        assert np.abs(EXPECTED[name]).max() > 1000, name
