"""faster-whisper through its batched pipeline: its own VAD (Silero), greedy, float32."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner import run

if TYPE_CHECKING:
    import argparse

    from runner import Transcribe

NOTES: dict[str, Any] = {"vad": "silero, its own defaults", "device": "cpu"}


def load(options: argparse.Namespace) -> Transcribe:
    """See `runner.run`."""
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    model = WhisperModel(
        options.model, device="cpu", compute_type="float32", cpu_threads=options.threads
    )
    pipeline = BatchedInferencePipeline(model)

    def transcribe(files: list[str]) -> list[str]:
        texts = []
        for file in files:
            segments, _ = pipeline.transcribe(
                file,
                language="en",
                beam_size=1,
                temperature=0.0,
                without_timestamps=True,
                suppress_tokens=[],
                batch_size=options.batch_size,
            )
            texts.append(" ".join(segment.text.strip() for segment in segments))
        return texts

    return transcribe


if __name__ == "__main__":
    run(load, ("faster-whisper", "ctranslate2", "onnxruntime", "numpy"), NOTES)
