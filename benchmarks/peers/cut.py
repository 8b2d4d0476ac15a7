"""Write the beginning of a recording as a 16-bit WAV file: `cut.py FILE SECONDS TARGET`.

A program of its own, so that its memory does not count as another's.
"""

from __future__ import annotations

import sys
import wave

import numpy as np

from whisperx.audio.decode import decode
from whisperx.types import SAMPLE_RATE


def main(source: str, seconds: str, target: str) -> None:
    """Cut."""
    samples = decode(source).samples[: round(float(seconds) * SAMPLE_RATE)]
    whole = np.clip(np.round(samples * 32768), -32768, 32767).astype("<i2")
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(whole.tobytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
