from __future__ import annotations

import numpy as np
import pytest

import whisperx.audio
from whisperx._mlx import mx
from whisperx.audio.mel import log_mel
from whisperx.errors import OptionError

# As WhisperX 3.8 has them.
CONSTANTS = {
    "SAMPLE_RATE": 16_000,
    "N_FFT": 400,
    "HOP_LENGTH": 160,
    "CHUNK_LENGTH": 30,
    "N_SAMPLES": 480_000,
    "N_FRAMES": 3_000,
    "N_SAMPLES_PER_TOKEN": 320,
    "FRAMES_PER_SECOND": 100,
    "TOKENS_PER_SECOND": 50,
}


@pytest.mark.parametrize("name", CONSTANTS)
def test_constants_have_upstream_values(name):
    assert getattr(whisperx.audio, name) == CONSTANTS[name]


def test_every_name_that_is_listed_is_there():
    assert {"load_audio", "pad_or_trim", "log_mel_spectrogram", *CONSTANTS} == set(
        dir(whisperx.audio)
    )
    for name in dir(whisperx.audio):
        assert getattr(whisperx.audio, name) is not None


def test_features_are_ours_with_bands_first(tone):
    samples = tone(1.0)
    features = whisperx.audio.log_mel_spectrogram(samples, 128, 1_600)
    assert features.shape == (128, 110)
    assert mx.array_equal(features, log_mel(samples, 128, padding_samples=1_600).T)
    batch = whisperx.audio.log_mel_spectrogram(np.stack([samples, samples]), 80)
    assert batch.shape == (2, 80, 100)


def test_features_of_a_file(tmp_path, tone, wav):
    pcm = np.rint(tone(0.5) * 32_768).astype(np.int16)
    path = tmp_path / "tone.wav"
    path.write_bytes(wav(pcm))
    expected = log_mel(pcm.astype(np.float32) / 32_768).T
    for given in (path, str(path)):
        assert mx.array_equal(whisperx.audio.log_mel_spectrogram(given, 80), expected)


def test_device_is_heeded(tone):
    on_cpu = whisperx.audio.log_mel_spectrogram(tone(0.5), 80, device="cpu")
    assert on_cpu.shape == (80, 50)
    with pytest.raises(OptionError, match="abacus"):
        whisperx.audio.log_mel_spectrogram(tone(0.5), 80, device="abacus")
