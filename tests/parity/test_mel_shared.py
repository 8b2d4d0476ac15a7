"""Our features of recordings outside the repository, at places that PyTorch was asked about."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import numpy as np
import pytest

from whisperx.audio.decode import decode
from whisperx.audio.mel import WINDOW_SAMPLES, log_mel, pad_or_trim

RECORDED = json.loads((Path(__file__).parent / "fixtures/mel/shared.json").read_text())


@pytest.mark.parametrize("entry", RECORDED, ids=[entry["file"] for entry in RECORDED])
def test_features_equal_pytorch(shared, entry):
    path = shared / "data" / entry["file"]
    first = entry["first_sample"]
    window = decode(path).samples[first : first + WINDOW_SAMPLES]
    decoded = zlib.crc32(np.rint(window * 32_768).astype("<i2").tobytes())
    assert decoded == entry["crc32"], (
        f"{path.name} decodes to other samples than it did when the features were recorded: "
        "see test_decode_parity.py, or record anew if the decoder's version changed"
    )
    for n_mels in (80, 128):
        features = np.array(log_mel(pad_or_trim(window), n_mels))
        frames, bands, expected = zip(*entry[f"places_{n_mels}"], strict=True)
        got = features[list(frames), list(bands)]
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-4)
