"""Samples at 16 kHz in, Whisper's log-mel features out, in MLX.

The transform is MLX's real FFT. A product with a DFT matrix was measured too: slower on the CPU
by half, further from the original, and at the mercy of GPUs that multiply float32 in fewer bits.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, overload

import numpy as np

from whisperx._mlx import mx
from whisperx.errors import AudioError, OptionError
from whisperx.types import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOW_SECONDS = 30
"""Length of what Whisper's encoder takes in one go."""

WINDOW_SAMPLES = WINDOW_SECONDS * SAMPLE_RATE
"""480,000 samples."""

FFT_SAMPLES = SAMPLE_RATE // 40
"""400 samples, 25 ms: how much sound a frame looks at."""

HOP_SAMPLES = SAMPLE_RATE // 100
"""160 samples, 10 ms: from one frame to the next."""

FRAMES = WINDOW_SAMPLES // HOP_SAMPLES
"""3,000 frames in a window."""

MEL_BANDS = (80, 128)
"""Band counts that Whisper models were trained with; 128 since large-v3."""

# The quietest power that is told from silence, and how far below its loudest point (in decades of
# power) a window is heard.
_POWER_FLOOR = 1e-10
_RANGE_DECADES = 8.0

# Slaney's scale: 3 mel for every 200 Hz up to 1 kHz, above it 27 mel for every factor of 6.4.
_MEL_PER_HZ = 3 / 200
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ * _MEL_PER_HZ
_MEL_PER_NEPER = 27 / np.log(6.4)


def log_mel(
    samples: NDArray[np.floating] | mx.array, n_mels: int = 80, *, padding_samples: int = 0
) -> mx.array:
    """Whisper's log-mel features, about -1 to 2.

    Each row is scaled by its own loudest point, so it does not matter what else is in the batch.

    Args:
        samples: `(batch, samples)` or `(samples,)` floats in [-1, 1] at `SAMPLE_RATE`.
        n_mels: One of `MEL_BANDS`.
        padding_samples: Silence to add at the end.

    Returns:
        `(batch, frames, mels)`, or `(frames, mels)` for a single row, float32: one frame for every
        full `HOP_SAMPLES`, the first centred on the first sample. What lies beyond either end is
        the sound mirrored.

    Raises:
        OptionError: if `n_mels`, the shape or the type of `samples` is none of the above.
        AudioError: if there are too few samples to mirror: 200 or less, padding included.

    Source: openai-whisper's `log_mel_spectrogram`; time comes before bands here, and in a batch
        the loudest point is looked for row by row.
    """
    rows = _as_rows(samples)
    if padding_samples:
        rows = mx.pad(rows, [(0, 0), (0, padding_samples)])
    spectrum = mx.fft.rfft(_frames(rows) * mx.array(_hann()))  # (batch, frames, bins)
    power = spectrum.real.square() + spectrum.imag.square()
    decades = mx.log10(mx.maximum(power @ mx.array(mel_filters(n_mels)), _POWER_FLOOR))
    loudest = decades.max(axis=(1, 2), keepdims=True)
    features = (mx.maximum(decades, loudest - _RANGE_DECADES) + 4.0) / 4.0
    return features[0] if samples.ndim == 1 else features


@overload
def pad_or_trim(
    array: NDArray[np.float32], length: int = ..., *, axis: int = ...
) -> NDArray[np.float32]: ...
@overload
def pad_or_trim(array: mx.array, length: int = ..., *, axis: int = ...) -> mx.array: ...
def pad_or_trim(
    array: NDArray[np.float32] | mx.array, length: int = WINDOW_SAMPLES, *, axis: int = -1
) -> NDArray[np.float32] | mx.array:
    """The first `length` entries along `axis`, with zeros at the end where there are fewer."""
    axis = axis % array.ndim
    kept = array[(slice(None),) * axis + (slice(length),)]
    widths = [(0, 0)] * array.ndim
    widths[axis] = (0, length - kept.shape[axis])
    return mx.pad(kept, widths) if isinstance(kept, mx.array) else np.pad(kept, widths)


@functools.cache
def mel_filters(n_mels: int) -> NDArray[np.float32]:
    """`(bins, mels)`: what each of the 201 frequency bins gives to each mel band.

    Triangles over Slaney's scale from 0 to 8 kHz, each of the same area.

    Raises:
        OptionError: if `n_mels` is not in `MEL_BANDS`.

    Source: M. Slaney, Auditory Toolbox, 1998; the same numbers as `librosa.filters.mel`.
    """
    if n_mels not in MEL_BANDS:
        msg = f"Whisper's features have 80 or 128 mel bands, not {n_mels}."
        raise OptionError(msg)
    nyquist = SAMPLE_RATE / 2
    bins = np.linspace(0, nyquist, FFT_SAMPLES // 2 + 1)[:, None]
    edges = _mel_to_hz(np.linspace(0, _hz_to_mel(nyquist), n_mels + 2))
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (bins - low) / (centre - low), (high - bins) / (high - centre)
    triangles = np.maximum(np.minimum(rising, falling), 0)
    return _frozen(triangles * 2 / (high - low))


def _as_rows(samples: NDArray[np.floating] | mx.array) -> mx.array:
    """`(batch, samples)` float32 of either kind of array."""
    is_float = (
        mx.issubdtype(samples.dtype, mx.floating)
        if isinstance(samples, mx.array)
        else np.issubdtype(samples.dtype, np.floating)
    )
    if samples.ndim not in (1, 2) or not is_float:
        msg = (
            f"Features are made of floats in [-1, 1] of shape (samples,) or (batch, samples), not "
            f"of {samples.dtype} of shape {tuple(samples.shape)}."
        )
        raise OptionError(msg)
    if not isinstance(samples, mx.array):
        samples = mx.array(samples.astype(np.float32, copy=False))
    rows = samples.astype(mx.float32)
    return rows[None] if rows.ndim == 1 else rows


def _frames(rows: mx.array) -> mx.array:
    """`(batch, frames, FFT_SAMPLES)`: overlapping cuts, the ends of each row mirrored."""
    batch, samples = rows.shape
    edge = FFT_SAMPLES // 2
    if samples <= edge:
        msg = f"Features need more than {edge} samples, not {samples}: pad the sound with silence."
        raise AudioError(msg)
    before = rows[:, 1 : edge + 1][:, ::-1]
    after = rows[:, -edge - 1 : -1][:, ::-1]
    mirrored = mx.concatenate([before, rows, after], axis=1)
    shape = (batch, samples // HOP_SAMPLES, FFT_SAMPLES)
    return mx.as_strided(mirrored, shape, (samples + 2 * edge, HOP_SAMPLES, 1))


@functools.cache
def _hann() -> NDArray[np.float32]:
    """The periodic Hann window: one whole cosine, the last point left to the next period."""
    angle = 2 * np.pi * np.arange(FFT_SAMPLES) / FFT_SAMPLES
    return _frozen(0.5 - 0.5 * np.cos(angle))


def _frozen(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """As float32 that no caller can change: it is shared by all."""
    shared = values.astype(np.float32)
    shared.flags.writeable = False
    return shared


def _hz_to_mel(frequency: float) -> float:
    if frequency < _BREAK_HZ:
        return frequency * _MEL_PER_HZ
    return _BREAK_MEL + _MEL_PER_NEPER * float(np.log(frequency / _BREAK_HZ))


def _mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _BREAK_HZ * np.exp((mel - _BREAK_MEL) / _MEL_PER_NEPER)
    return np.where(mel < _BREAK_MEL, mel / _MEL_PER_HZ, above)
