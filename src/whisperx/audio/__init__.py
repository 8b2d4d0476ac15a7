"""Sound in: files to samples, samples to features. WhisperX's names are imported on first touch."""

from __future__ import annotations

from whisperx._lazy import attach
from whisperx._platform import check_installation

check_installation()

__getattr__, __dir__ = attach(
    __name__,
    {
        "SAMPLE_RATE": "whisperx.types",
        "load_audio": "whisperx.audio.decode",
        "pad_or_trim": "whisperx.audio.mel",
        "CHUNK_LENGTH": "whisperx.compat.audio",
        "FRAMES_PER_SECOND": "whisperx.compat.audio",
        "HOP_LENGTH": "whisperx.compat.audio",
        "N_FFT": "whisperx.compat.audio",
        "N_FRAMES": "whisperx.compat.audio",
        "N_SAMPLES": "whisperx.compat.audio",
        "N_SAMPLES_PER_TOKEN": "whisperx.compat.audio",
        "TOKENS_PER_SECOND": "whisperx.compat.audio",
        "log_mel_spectrogram": "whisperx.compat.audio",
    },
)
