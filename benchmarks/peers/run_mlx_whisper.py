"""mlx-whisper through its `transcribe`: greedy, float32, one window at a time.

It has no batches and no VAD: it goes from window to window by the timestamps that it decodes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner import run

if TYPE_CHECKING:
    import argparse

    from runner import Transcribe

NOTES: dict[str, Any] = {"vad": "none; seeks by timestamps", "blas": "as its wheels bring it"}


def load(options: argparse.Namespace) -> Transcribe:
    """See `runner.run`."""
    if options.blas_of:
        _take_our_blas(options.blas_of)
    import mlx.core as mx
    import mlx_whisper
    from mlx_whisper.transcribe import ModelHolder

    # Loaded here, by their own cache, so that it is not counted as transcribing.
    ModelHolder.get_model(options.model, mx.float32)
    NOTES["device"] = str(mx.default_device())

    def transcribe(files: list[str]) -> list[str]:
        results = [
            mlx_whisper.transcribe(
                file,
                path_or_hf_repo=options.model,
                temperature=0.0,
                condition_on_previous_text=False,
                language="en",
                fp16=False,
                suppress_tokens=[],
            )
            for file in files
        ]
        return [str(result["text"]) for result in results]

    return transcribe


def _take_our_blas(source: Path) -> None:
    """Put the BLAS that our package computes with in place, before MLX is imported."""
    sys.path.append(str(source))
    from whisperx import _blas

    _blas.prepare()
    status = _blas.status()
    if status.library is None:
        msg = f"there is no BLAS to put in place: {status.reason}"
        raise RuntimeError(msg)
    NOTES["blas"] = f"{Path(status.library).name} ({status.reason})"


if __name__ == "__main__":
    run(load, ("mlx-whisper", "mlx", "numpy"), NOTES)
