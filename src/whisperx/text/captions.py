"""A Transcript -> captions: which words stand on a line and which lines on the screen together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from whisperx.errors import OptionError
from whisperx.languages import LANGUAGES_WITHOUT_SPACES
from whisperx.types import Segment, Word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from whisperx.types import Transcript

_LONG_PAUSE = 3.0  # seconds between the starts of two words
_UNLIMITED_WIDTH = 1000


@dataclass(frozen=True, slots=True)
class CaptionOptions:
    """How captions look; all of it needs words with times.

    Attributes:
        max_line_width: Longest line in characters, the spaces between words not counted.
        max_line_count: Most lines of one caption. With a width as well, captions may reach over
            the end of a segment and end at pauses of over 3 s; else each segment begins a new one.
        highlight_words: One caption for each word, in which that word is underlined.

    Raises:
        OptionError: if a number is under 1.
    """

    max_line_width: int | None = None
    max_line_count: int | None = None
    highlight_words: bool = False

    def __post_init__(self) -> None:
        for name, value in (
            ("max_line_width", self.max_line_width),
            ("max_line_count", self.max_line_count),
        ):
            if value is not None and value < 1:
                msg = f"{name} is {value}; give a whole number of 1 or more, or None for no limit"
                raise OptionError(msg)


class Caption(NamedTuple):
    """Text on the screen, from when to when; times are whole milliseconds, as files store them."""

    start_ms: int
    end_ms: int
    text: str


class _Placed(NamedTuple):
    """A word with the text that stands for it: a line break before it where a line begins."""

    text: str
    word: Word
    segment: Segment


def captions(transcript: Transcript, options: CaptionOptions) -> Iterator[Caption]:
    """The captions of a transcript in order; without words, one for each segment.

    Raises:
        ValueError: if a time is negative.

    Source: the rules are those of WhisperX 3.8.6, which has them from OpenAI's Whisper. Two
    differ: Chinese and Japanese get no spaces when words are highlighted, and a segment without
    words among others that have some is shown at its own time, where WhisperX leaves it out.
    """
    separator = "" if transcript.language in LANGUAGES_WITHOUT_SPACES else " "
    if not any(segment.words for segment in transcript.segments):
        for segment in transcript.segments:
            text = segment.text.strip().replace("-->", "->")
            yield Caption(_ms(segment.start), _ms(segment.end), _prefix(segment) + text)
        return
    for block in _blocks(transcript.segments, options, separator):
        if options.highlight_words and any(placed.word.start is not None for placed in block):
            yield from _highlighted(block, separator)
        else:
            text = separator.join(placed.text for placed in block)
            yield Caption(*_times(block), _prefix(block[0].segment) + text)


def _ms(seconds: float) -> int:
    if seconds < 0:
        msg = f"a caption cannot be shown at {seconds} s; times count from 0"
        raise ValueError(msg)
    return round(seconds * 1000.0)


def _prefix(segment: Segment) -> str:
    return "" if segment.speaker is None else f"[{segment.speaker}]: "


def _times(block: Sequence[_Placed]) -> tuple[int, int]:
    """From the first word that has a time to the last, else the times of the first segment."""
    starts = [placed.word.start for placed in block if placed.word.start is not None]
    ends = [placed.word.end for placed in block if placed.word.end is not None]
    if starts and ends:
        return _ms(min(starts)), _ms(max(ends))
    return _ms(block[0].segment.start), _ms(block[0].segment.end)


def _highlighted(block: Sequence[_Placed], separator: str) -> Iterator[Caption]:
    """One caption for each word that has times, and one for each gap before such a word."""
    prefix = _prefix(block[0].segment)
    texts = [placed.text for placed in block]
    shown_until = _times(block)[0]
    for index, placed in enumerate(block):
        if placed.word.start is None or placed.word.end is None:
            continue
        start, end = _ms(placed.word.start), _ms(placed.word.end)
        if shown_until != start:
            yield Caption(shown_until, start, prefix + separator.join(texts))
        marked = [*texts[:index], _underlined(placed.text), *texts[index + 1 :]]
        yield Caption(start, end, prefix + separator.join(marked))
        shown_until = end


def _underlined(text: str) -> str:
    bare = text.lstrip()
    return f"{text[: len(text) - len(bare)]}<u>{bare}</u>"


def _blocks(
    segments: Sequence[Segment], options: CaptionOptions, separator: str
) -> Iterator[list[_Placed]]:
    """The words of each caption."""
    layout = _Layout(options, segments[0].start)
    for segment in segments:
        for index, word in enumerate(segment.words or _untimed(segment.text, separator)):
            finished = layout.add(word, segment, is_first=index == 0)
            if finished:
                yield finished
    if layout.block:
        yield layout.block


def _untimed(text: str, separator: str) -> tuple[Word, ...]:
    """The words of a segment that could not be aligned; none of them has a time."""
    words = text.split()
    return tuple(Word(part) for part in (words if separator else "".join(words)))


@dataclass(slots=True)
class _Layout:
    """The caption that is being filled.

    Attributes:
        options: Its limits.
        last_start: When the last word began that has a time.
        block: Its words so far.
        length: Characters on its last line.
        lines: How many lines it has.
    """

    options: CaptionOptions
    last_start: float
    block: list[_Placed] = field(default_factory=list[_Placed])
    length: int = 0
    lines: int = 1

    def add(self, word: Word, segment: Segment, *, is_first: bool) -> list[_Placed]:
        """Put one more word down; gives the caption that this finished, or nothing.

        Args:
            word: The word.
            segment: Where it stands.
            is_first: Is it the first of its segment?
        """
        width, count = self.options.max_line_width, self.options.max_line_count
        keeps_segments = width is None or count is None
        is_pause = (
            not keeps_segments
            and word.start is not None
            and word.start - self.last_start > _LONG_PAUSE
        )
        is_next_segment = keeps_segments and is_first and bool(self.block)
        has_room = self.length + len(word.text) <= (width or _UNLIMITED_WIDTH)
        finished: list[_Placed] = []
        text = word.text
        if self.length > 0 and has_room and not is_pause and not is_next_segment:
            self.length += len(text)
        else:
            text = text.strip()
            is_full = count is not None and (is_pause or self.lines >= count)
            if is_next_segment or (self.block and is_full):
                finished, self.block, self.lines = self.block, [], 1
            elif self.length > 0:
                self.lines += 1
                text = "\n" + text
            self.length = len(text.strip())
        self.block.append(_Placed(text, word, segment))
        if word.start is not None:
            self.last_start = word.start
        return finished
