"""Tokens of one window -> segments with times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whisperx.types import Segment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from whisperx.asr.options import DecodedChunk
    from whisperx.text.tokenizer import Tokenizer


def to_segments(
    decoded: DecodedChunk, tokenizer: Tokenizer, start: float, end: float
) -> list[Segment]:
    """The segments that one window's tokens stand for; pieces without text are left out.

    Without timestamps among the tokens there is one segment, as long as the window. With them,
    each pair of timestamps bounds a segment; text after the last pair runs to the window's end.

    Args:
        decoded: What was written.
        tokenizer: The model's own.
        start: Where the window begins.
        end: Where it ends.
    """
    segments = []
    for tokens, first, last in _pieces(decoded.tokens, tokenizer):
        text = tokenizer.decode(tokens)
        if not text.strip():
            continue
        begins = start if first is None else min(start + first, end)
        finishes = end if last is None else min(start + last, end)
        segments.append(
            Segment(
                text,
                round(begins, 3),
                round(max(begins, finishes), 3),
                avg_logprob=decoded.avg_logprob,
            )
        )
    return segments


def _pieces(
    tokens: tuple[int, ...], tokenizer: Tokenizer
) -> Iterator[tuple[list[int], float | None, float | None]]:
    """Text tokens between timestamps, with the times around them."""
    text: list[int] = []
    first: float | None = None
    for token in tokens:
        if token < tokenizer.timestamp_begin:
            text.append(token)
            continue
        time = tokenizer.seconds(token)
        if text:
            yield text, first, time
            text = []
        first = time
    if text:
        yield text, first, None
