"""This package, through its Python interface: Silero's VAD, greedy, float32."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner import run

if TYPE_CHECKING:
    import argparse

    from runner import Transcribe

NOTES: dict[str, Any] = {"vad": "silero", "batched_over": "all files"}


def load(options: argparse.Namespace) -> Transcribe:
    """See `runner.run`."""
    import whisperx
    from whisperx import _blas
    from whisperx.asr.options import DecodingOptions
    from whisperx.audio.decode import decode
    from whisperx.engine.engine import Engine
    from whisperx.vad.detector import VadOptions

    device = "cpu" if sys.platform == "linux" else "auto"
    engine = Engine(
        options.model, device=device, compute_type="float32", batch_size=options.batch_size
    )
    decoding = DecodingOptions(language="en", suppress_tokens=())
    pipeline = engine.pipeline(decoding, VadOptions("silero"))
    blas = _blas.status()
    NOTES["version"] = whisperx.__version__
    NOTES["device"] = str(engine.plan.device)
    NOTES["blas"] = f"{Path(blas.library).name} ({blas.reason})" if blas.library else blas.reason

    def transcribe(files: list[str]) -> list[str]:
        texts = [""] * len(files)
        for result in pipeline.run(decode(file) for file in files):
            parts = (segment.text.strip() for segment in result.transcript.segments)
            texts[result.recording] = " ".join(parts)
        return texts

    return transcribe


if __name__ == "__main__":
    run(load, ("mlx", "numpy", "av", "tokenizers"), NOTES)
