"""How loud each 32 ms are, and how much a quiet recording must be amplified to be heard.

Silero misses what is far too quiet: of speech 50 dB under the usual it scores a third of the words
below 0.5, and 60 dB under, all of them. Whisper hears it, for it scales each window by its loudest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from whisperx.vad.hysteresis import SILERO_FRAME_SAMPLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

SILENCE = -90.0
"""Nothing below this level is sound: half a step of 16 bits, in decibels of full scale."""

_QUIET = -40.0  # recordings whose loud parts are below this are amplified,
_USUAL = -20.0  # up to here
_SECOND = 31  # frames
_LOUD_SHARE = 75  # percent of a second's frames that may be quieter than what counts as its level
_LEAST_POWER = 1e-12


def levels(samples: Floats) -> Floats:
    """How loud each frame is: `(frames,)` decibels of full scale, -120 for none at all.

    Frames are Silero's 512 samples, the last as long as it is. A constant offset does not count.

    Args:
        samples: `(n,)` in [-1, 1].
    """
    whole = len(samples) // SILERO_FRAME_SAMPLES
    split = whole * SILERO_FRAME_SAMPLES
    powers = samples[:split].reshape(whole, SILERO_FRAME_SAMPLES).var(axis=1, dtype=np.float64)
    if split < len(samples):
        powers = np.append(powers, samples[split:].var(dtype=np.float64))
    return (10 * np.log10(np.maximum(powers, _LEAST_POWER))).astype(np.float32)


def is_silent(found: Floats) -> bool:
    """Whether there is no sound at all in frames as loud as `levels` says."""
    return float(found.max(initial=SILENCE)) <= SILENCE


def loudness(found: Floats) -> float:
    """The level (decibels) of the loudest second, short clicks aside; -120 without frames.

    Args:
        found: From `levels`.
    """
    if len(found) <= _SECOND:
        return float(np.percentile(found, _LOUD_SHARE)) if len(found) else -120.0
    seconds = found[: len(found) // _SECOND * _SECOND].reshape(-1, _SECOND)
    return float(np.percentile(seconds, _LOUD_SHARE, axis=1).max())


def audible(samples: Floats, found: Floats) -> Floats:
    """The samples, or, if they are too quiet for a detector, centred, amplified and clipped.

    Args:
        samples: `(n,)` in [-1, 1].
        found: Their `levels`.
    """
    level = loudness(found)
    if level >= _QUIET or is_silent(found):
        return samples
    centred = samples - samples.mean(dtype=np.float64).astype(np.float32)
    return np.clip(centred * np.float32(10 ** ((_USUAL - level) / 20)), -1, 1)


def spread(values: Floats, frames: int) -> Floats:
    """The largest value within so many frames of each frame, `(frames,)`."""
    if not len(values):
        return values
    padded = np.pad(values, frames, mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * frames + 1).max(axis=1)
