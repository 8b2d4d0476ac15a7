"""WhisperX's names for Whisper's features; `whisperx.audio` hands them on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from whisperx._mlx import mx
from whisperx.audio import mel
from whisperx.audio.decode import load_audio
from whisperx.device import choose
from whisperx.types import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CHUNK_LENGTH = mel.WINDOW_SECONDS
N_SAMPLES = mel.WINDOW_SAMPLES
N_FFT = mel.FFT_SAMPLES
HOP_LENGTH = mel.HOP_SAMPLES
N_FRAMES = mel.FRAMES
FRAMES_PER_SECOND = SAMPLE_RATE // HOP_LENGTH

# The encoder's second convolution takes every other frame.
N_SAMPLES_PER_TOKEN = 2 * HOP_LENGTH
TOKENS_PER_SECOND = SAMPLE_RATE // N_SAMPLES_PER_TOKEN


def log_mel_spectrogram(
    audio: str | os.PathLike[str] | NDArray[np.floating] | mx.array,
    n_mels: int,
    padding: int = 0,
    device: object | None = None,
) -> mx.array:
    """Whisper's log-mel features, bands first as WhisperX has them.

    Args:
        audio: A file, or `(samples,)` or `(batch, samples)` floats at 16 kHz.
        n_mels: 80 or 128.
        padding: Zeros to add at the end.
        device: Where to compute, in the words of `whisperx.device.choose` or anything that prints
            as one of them; None: where MLX computes by default.

    Returns:
        `(mels, frames)` or `(batch, mels, frames)`, an array of MLX, not of PyTorch. In a batch
        each row is scaled by its own loudest point, not by the batch's as in WhisperX.

    Raises:
        AudioError: if the file cannot be read or holds too little.
        OptionError: if `n_mels`, the array or the device cannot be used.
    """
    samples = load_audio(audio) if isinstance(audio, (str, os.PathLike)) else audio
    place = mx.default_device() if device is None else choose(str(device)).mx_device
    with mx.stream(place):
        return mel.log_mel(samples, n_mels, padding_samples=padding).swapaxes(-1, -2)
