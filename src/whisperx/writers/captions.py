"""Transcript -> SubRip (srt) and WebVTT (vtt)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whisperx.text.captions import captions

if TYPE_CHECKING:
    from whisperx.text.captions import CaptionOptions
    from whisperx.types import Transcript


def srt(transcript: Transcript, options: CaptionOptions) -> str:
    """Numbered captions with `HH:MM:SS,mmm` times.

    Raises:
        ValueError: if a time is negative.
    """
    return "".join(
        f"{number}\n{_stamp(start, ',', shows_hours=True)} --> "
        f"{_stamp(end, ',', shows_hours=True)}\n{text}\n\n"
        for number, (start, end, text) in enumerate(captions(transcript, options), start=1)
    )


def vtt(transcript: Transcript, options: CaptionOptions) -> str:
    """Captions with `MM:SS.mmm` times, with hours from the first hour on.

    Raises:
        ValueError: if a time is negative.
    """
    return "WEBVTT\n\n" + "".join(
        f"{_stamp(start, '.')} --> {_stamp(end, '.')}\n{text}\n\n"
        for start, end, text in captions(transcript, options)
    )


def _stamp(milliseconds: int, mark: str, *, shows_hours: bool = False) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours:02d}:" if hours or shows_hours else ""
    return f"{head}{minutes:02d}:{seconds:02d}{mark}{rest:03d}"
