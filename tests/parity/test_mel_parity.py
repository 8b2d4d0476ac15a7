"""Our features against those that `record/record_mel.py` took from PyTorch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from whisperx.audio.mel import log_mel

FIXTURES = Path(__file__).parent / "fixtures/mel"
CLIPS = ("noise", "faint", "silence", "tone", "click", "english", "welsh")


@pytest.fixture(scope="module")
def recorded():
    with np.load(FIXTURES / "clips.npz") as arrays:
        return dict(arrays)


@pytest.mark.parametrize("n_mels", [80, 128])
@pytest.mark.parametrize("clip", CLIPS)
def test_features_equal_pytorch(recorded, clip, n_mels):
    step = json.loads((FIXTURES / "provenance.json").read_text())["frame_step"]
    samples = recorded[f"{clip}_samples"].astype(np.float32) / 32_768
    features = np.array(log_mel(samples, n_mels))[::step]
    expected = recorded[f"{clip}_{n_mels}"]
    assert features.shape == expected.shape
    np.testing.assert_allclose(features, expected, rtol=0, atol=1e-4)


def test_every_recorded_clip_is_compared(recorded):
    assert {name.partition("_")[0] for name in recorded} == set(CLIPS)
