"""Fixtures that tests of more than one area use."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recordings and models beside the repository."""
    folder = REPOSITORY.parent / "shared"
    if not folder.is_dir():
        pytest.skip("needs the recordings and models of ../shared, which is not here")
    return folder


@pytest.fixture(scope="session")
def tone() -> Callable[[float], NDArray[np.float32]]:
    """Make `(n,)` float32 samples of that many seconds at 16 kHz: a voice-like buzz that comes
    and goes three times a second.
    """

    def make(seconds: float) -> NDArray[np.float32]:
        time = np.arange(round(seconds * 16_000)) / 16_000
        buzz = sum(np.sin(2 * np.pi * 120 * k * time) / k for k in range(1, 9))
        loudness = np.clip(np.sin(2 * np.pi * 3 * time), 0, None)
        return (0.2 * loudness * buzz).astype(np.float32)

    return make


@pytest.fixture(scope="session")
def wav() -> Callable[..., bytes]:
    """Make the bytes of a 16-bit wav file of `(n,)` or `(n, channels)` int16 samples."""

    def make(samples: NDArray[np.int16], rate: int = 16_000) -> bytes:
        file = io.BytesIO()
        with wave.open(file, "wb") as writer:
            writer.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
            writer.setsampwidth(2)
            writer.setframerate(rate)
            writer.writeframes(samples.astype("<i2").tobytes())
        return file.getvalue()

    return make
