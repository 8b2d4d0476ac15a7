"""WhisperX, recognition alone: its default VAD (pyannote, bundled with it), greedy, float32."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner import run

if TYPE_CHECKING:
    import argparse

    from runner import Transcribe

NOTES: dict[str, Any] = {"vad": "pyannote, its own default", "device": "cpu", "alignment": "none"}


def load(options: argparse.Namespace) -> Transcribe:
    """See `runner.run`."""
    import torch

    import whisperx

    torch.set_num_threads(options.threads)
    model = whisperx.load_model(
        options.model,
        "cpu",
        compute_type="float32",
        language="en",
        asr_options={"beam_size": 1, "temperatures": [0.0], "suppress_tokens": []},
        threads=options.threads,
    )

    def transcribe(files: list[str]) -> list[str]:
        texts = []
        for file in files:
            result = model.transcribe(whisperx.load_audio(file), batch_size=options.batch_size)
            texts.append(" ".join(segment["text"].strip() for segment in result["segments"]))
        return texts

    return transcribe


if __name__ == "__main__":
    run(load, ("whisperx", "faster-whisper", "ctranslate2", "torch", "pyannote-audio"), NOTES)
