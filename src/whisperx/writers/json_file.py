"""Transcript -> JSON, with WhisperX's keys in WhisperX's order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from whisperx.text.captions import CaptionOptions
    from whisperx.types import Segment, Transcript, Word


def json_text(transcript: Transcript, options: CaptionOptions) -> str:
    """The transcript as `dumps` writes it."""
    del options  # for captions only
    return dumps(as_dict(transcript))


def dumps(result: Mapping[str, object]) -> str:
    """A result in WhisperX's shape on one line of JSON, letters of every script as they are."""
    return json.dumps(result, ensure_ascii=False)


def as_dict(transcript: Transcript) -> dict[str, object]:
    """The transcript as WhisperX's result: `segments`, `word_segments`, `language`.

    A key stands only where its value is known. Without any words there are no `word_segments`,
    and a segment's keys have the order they have before alignment. `model` is ours: it stands
    last, and only if the transcript names one.
    """
    is_aligned = any(segment.words for segment in transcript.segments)
    result: dict[str, object] = {
        "segments": [_segment(segment, is_aligned=is_aligned) for segment in transcript.segments]
    }
    if is_aligned:
        result["word_segments"] = [
            _word(word) for segment in transcript.segments for word in segment.words
        ]
    result["language"] = transcript.language
    if transcript.model is not None:
        result["model"] = transcript.model
    return result


def _segment(segment: Segment, *, is_aligned: bool) -> dict[str, object]:
    times: dict[str, object] = {"start": segment.start, "end": segment.end}
    entry: dict[str, object] = {"text": segment.text}
    if is_aligned:
        entry = {**times, **entry, "words": [_word(word) for word in segment.words]}
        if not segment.words:
            # WhisperX marks a segment that it could not align like this.
            entry["chars"] = None
    else:
        entry |= times
    if segment.avg_logprob is not None:
        entry["avg_logprob"] = segment.avg_logprob
    if segment.speaker is not None:
        entry["speaker"] = segment.speaker
    return entry


def _word(word: Word) -> dict[str, object]:
    entry: dict[str, object] = {
        "word": word.text,
        "start": word.start,
        "end": word.end,
        "score": word.score,
        "speaker": word.speaker,
    }
    return {key: value for key, value in entry.items() if value is not None}
