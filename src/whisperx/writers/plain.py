"""Transcript -> text (txt), tab-separated values (tsv) and Audacity labels (aud)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from whisperx.text.captions import CaptionOptions
    from whisperx.types import Segment, Transcript


def txt(transcript: Transcript, options: CaptionOptions) -> str:
    """One line for each segment, with `[speaker]: ` before it where there is one."""
    del options  # for captions only
    return "".join(
        f"{'' if segment.speaker is None else f'[{segment.speaker}]: '}{segment.text.strip()}\n"
        for segment in transcript.segments
    )


def tsv(transcript: Transcript, options: CaptionOptions) -> str:
    """`start`, `end` in whole milliseconds and `text`, with a head line."""
    del options
    return "start\tend\ttext\n" + "".join(
        f"{round(1000 * segment.start)}\t{round(1000 * segment.end)}\t{_without_tabs(segment)}\n"
        for segment in transcript.segments
    )


def aud(transcript: Transcript, options: CaptionOptions) -> str:
    """Labels that Audacity imports: start and end in seconds, `[[speaker]]` and text."""
    del options
    return "".join(
        f"{segment.start}\t{segment.end}\t"
        f"{'' if segment.speaker is None else f'[[{segment.speaker}]]'}{_without_tabs(segment)}\n"
        for segment in transcript.segments
    )


def _without_tabs(segment: Segment) -> str:
    return segment.text.strip().replace("\t", " ")
