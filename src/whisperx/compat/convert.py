"""Our dataclasses <-> WhisperX's dicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whisperx.types import Transcript


def recognized(transcript: Transcript) -> dict[str, Any]:
    """What WhisperX's `model.transcribe` returns, before alignment.

    Returns:
        `{"segments": [{"text", "start", "end", "avg_logprob"}], "language": code}`.
    """
    segments = [
        {
            "text": segment.text,
            "start": segment.start,
            "end": segment.end,
            "avg_logprob": segment.avg_logprob,
        }
        for segment in transcript.segments
    ]
    return {"segments": segments, "language": transcript.language}
