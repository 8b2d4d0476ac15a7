"""Regions that the user gives in place of a detector's, and the file that shows a detector's."""

from __future__ import annotations

import csv
import json
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from whisperx.errors import OptionError
from whisperx.types import SpeechRegion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_Span = tuple[float, float]

_WRITTEN_TIME = r"(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{3})"
_CUE_LINE = re.compile(rf"{_WRITTEN_TIME}\s+-->\s+{_WRITTEN_TIME}")


def parse(value: str) -> list[SpeechRegion]:
    """The regions that an option's value names, in order and disjoint; overlapping ones join.

    Args:
        value: Seconds as `start,end,start,end,...`, where the last end may be missing and then is
            infinite until `fit` says how long the recording is. Or the path of a file: JSON
            (`[[start, end], ...]`, `[{"start": ..., "end": ...}, ...]` or a transcript), CSV, TSV
            and Audacity labels (columns called start and end, else the first two), RTTM, SRT, VTT.

    Raises:
        OptionError: if it is neither, or a time in it makes no sense.
    """
    path = Path(value)
    if path.suffix.lower() in _READERS:
        spans = _READERS[path.suffix.lower()](_text(path), path.name)
        return _joined(spans, path.name)
    return _joined(_pairs(value), "the list of segments")


def fit(regions: Iterable[SpeechRegion], duration: float) -> list[SpeechRegion]:
    """The regions, ended where the recording ends.

    Args:
        regions: As `parse` gives them.
        duration: Length of the recording in seconds.

    Raises:
        OptionError: if one begins where the recording has already ended.
    """
    fitted: list[SpeechRegion] = []
    for region in regions:
        if region.start >= duration:
            msg = (
                f"a segment begins at {region.start:g} s but the recording ends at "
                f"{duration:g} s; segment times are seconds from its start"
            )
            raise OptionError(msg)
        fitted.append(SpeechRegion(region.start, min(region.end, duration)))
    return fitted


def dump(regions: Iterable[SpeechRegion]) -> str:
    """JSON text with a start and an end for each region, which `parse` reads back unchanged."""
    return json.dumps([{"start": r.start, "end": r.end} for r in regions], indent=1) + "\n"


def _joined(spans: Iterable[_Span], source: str) -> list[SpeechRegion]:
    """Checked, in order, overlapping ones as one; touching ones stay two."""
    regions: list[SpeechRegion] = []
    for start, end in sorted(_checked(spans, source)):
        if regions and start < regions[-1].end:
            regions[-1] = SpeechRegion(regions[-1].start, max(regions[-1].end, end))
        else:
            regions.append(SpeechRegion(start, end))
    if not regions:
        msg = f"{source} names no segment; give at least one start and end in seconds"
        raise OptionError(msg)
    return regions


def _checked(spans: Iterable[_Span], source: str) -> Iterator[_Span]:
    for number, (start, end) in enumerate(spans, start=1):
        # Written so that NaN fails too.
        if not 0 <= start < end or math.isinf(start):
            msg = (
                f"segment {number} of {source} reaches from {start:g} s to {end:g} s; it must "
                "begin at 0 or later and end after it begins"
            )
            raise OptionError(msg)
        yield start, end


def _pairs(value: str) -> list[_Span]:
    """`0,10.5,20` -> (0, 10.5), (20, infinity)."""
    try:
        times = [float(part) for part in value.split(",")]
    except ValueError as error:
        kinds = ", ".join(sorted(kind[1:] for kind in _READERS))
        msg = (
            f"segments were given as {value!r}, which is neither seconds such as 0,10.5,20,30 "
            f"nor the name of a file that ends in {kinds}"
        )
        raise OptionError(msg) from error
    if len(times) % 2:
        times.append(math.inf)
    return list(zip(times[::2], times[1::2], strict=True))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"the segments in {str(path)!r} cannot be read: {error}"
        raise OptionError(msg) from error


def _two(fields: Sequence[str], places: tuple[int, int], trouble: str) -> _Span:
    """The two numbers at these places; `trouble` begins the sentence if there are none."""
    try:
        return float(fields[places[0]]), float(fields[places[1]])
    except (ValueError, IndexError) as error:
        msg = f"{trouble}, not {' '.join(fields)!r}"
        raise OptionError(msg) from error


def _refuse(source: str, expected: str) -> OptionError:
    return OptionError(f"{source} cannot be read: expected {expected}")


def _json_spans(text: str, source: str) -> Iterator[_Span]:
    expected = 'a JSON list of [start, end] or of {"start": ..., "end": ...}, in seconds'
    try:
        read: Any = json.loads(text)
        for item in cast("list[Any]", read if isinstance(read, list) else read["segments"]):
            start, end = cast(
                "list[Any]", item if isinstance(item, list) else [item["start"], item["end"]]
            )
            yield float(start), math.inf if end is None else float(end)
    except (ValueError, KeyError, TypeError) as error:
        raise _refuse(source, expected) from error


def _table_spans(text: str, source: str) -> Iterator[_Span]:
    expected = "a start and an end in seconds in each line, or columns called start and end"
    head = text.partition("\n")[0]
    delimiter = next((mark for mark in "\t;," if mark in head), " ")
    rows = [row for row in csv.reader(text.splitlines(), delimiter=delimiter) if row]
    names = [name.strip().lower() for name in rows[0]] if rows else []
    first, last = 0, 1
    if "start" in names and "end" in names:
        if names == ["start", "end", "text"] and delimiter == "\t":
            # The transcript writers' own TSV; read as seconds it would be wrong a thousandfold.
            raise _refuse(source, "seconds, not a transcript's milliseconds; give its JSON")
        first, last = names.index("start"), names.index("end")
        rows = rows[1:]
    for row in rows:
        yield _two(row, (first, last), f"{source} cannot be read: expected {expected}")


def _rttm_spans(text: str, source: str) -> Iterator[_Span]:
    trouble = f"{source} cannot be read: expected RTTM lines with onset and duration"
    for line in text.splitlines():
        if line.startswith("SPEAKER"):
            start, duration = _two(line.split(), (3, 4), trouble)
            yield start, start + duration


def _cue_spans(text: str, source: str) -> Iterator[_Span]:
    del source  # text without cues is refused with all that name no segment
    for match in _CUE_LINE.finditer(text):
        yield _seconds(match.groups()[:4]), _seconds(match.groups()[4:])


def _seconds(written: Sequence[str | None]) -> float:
    hours, minutes, seconds, milliseconds = (int(part or 0) for part in written)
    return ((hours * 60 + minutes) * 60 + seconds) + milliseconds / 1000


_READERS: Final[Mapping[str, Callable[[str, str], Iterator[_Span]]]] = {
    ".aud": _table_spans,
    ".csv": _table_spans,
    ".json": _json_spans,
    ".rttm": _rttm_spans,
    ".srt": _cue_spans,
    ".tsv": _table_spans,
    ".txt": _table_spans,
    ".vtt": _cue_spans,
}
