"""The Silero network with the weights that come with this package."""

from __future__ import annotations

from pathlib import Path

from whisperx._mlx import mx
from whisperx.models.silero import SileroVad
from whisperx.weights import checkpoint, load

_FOLDER = Path(__file__).parent.parent / "assets" / "silero_vad"


def silero() -> SileroVad:
    """The voice activity detector, ready to run, always in float32.

    Half precision would save nothing (1 MB) and is slower on a CPU.

    Raises:
        ModelError: if the installed package lacks its weights.
        WeightMismatchError: if they are not those of this version.
    """
    network = SileroVad()
    load.fill(network, checkpoint.read_weights(_FOLDER), mx.float32)
    return network
