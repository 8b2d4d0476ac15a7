"""What holds for caption files whatever was said."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from whisperx.text.captions import CaptionOptions
from whisperx.types import Segment, Transcript, Word
from whisperx.writers.write import output_stems, writer

TIME = re.compile(r"(?:(\d{2,}):)?(\d{2}):(\d{2})[.,](\d{3})")

letters = st.text(st.sampled_from("abcdefgäß今日你好.,?!'-1"), min_size=1, max_size=12)
limits = st.builds(
    CaptionOptions,
    max_line_width=st.none() | st.integers(1, 30),
    max_line_count=st.none() | st.integers(1, 3),
    highlight_words=st.booleans(),
)
languages = st.sampled_from(["en", "de", "ja", "zh"])


@st.composite
def transcripts(draw: st.DrawFn, *, may_miss_times: bool = True) -> Transcript:
    """Segments whose words follow each other in time; some have no words, some words no time."""
    clock = draw(st.integers(0, 3_600_000))
    segments: list[Segment] = []
    language = draw(languages)
    for texts in draw(st.lists(st.lists(letters, min_size=1, max_size=8), max_size=6)):
        words: list[Word] = []
        first = clock
        for text in texts:
            begin = clock + draw(st.integers(0, 5_000))
            clock = begin + draw(st.integers(1, 900))
            is_timed = draw(st.integers(0, 4)) > 0 or not may_miss_times
            words.append(Word(text, begin / 1000, clock / 1000, 0.5) if is_timed else Word(text))
        speaker = draw(st.none() | st.sampled_from(["SPEAKER_00", "SPEAKER_01"]))
        joined = ("" if language in {"ja", "zh"} else " ").join(texts)
        spoken = tuple(words) if draw(st.integers(0, 5)) else ()
        segments.append(Segment(" " + joined, first / 1000, clock / 1000, None, spoken, speaker))
    return Transcript(tuple(segments), language)


def milliseconds(text: str) -> int:
    match = TIME.fullmatch(text)
    assert match is not None, text
    hours, minutes, seconds, rest = (int(part or 0) for part in match.groups())
    assert minutes < 60
    assert seconds < 60
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + rest


def blocks_of(text: str) -> list[list[str]]:
    assert not text or text.endswith("\n\n")
    return [block.split("\n") for block in text.split("\n\n")[:-1]]


def cue(lines: list[str]) -> tuple[int, int, str]:
    start, arrow, end = lines[0].partition(" --> ")
    assert arrow
    return milliseconds(start), milliseconds(end), "\n".join(lines[1:])


def read_srt(text: str) -> list[tuple[int, int, str]]:
    found: list[tuple[int, int, str]] = []
    for number, block in enumerate(blocks_of(text), start=1):
        assert block[0] == str(number)
        found.append(cue(block[1:]))
    return found


def read_vtt(text: str) -> list[tuple[int, int, str]]:
    head, *blocks = blocks_of(text)
    assert head == ["WEBVTT"]
    return [cue(block) for block in blocks]


def bare(text: str) -> str:
    """Without what captions add: speakers, line breaks and spaces, underlining."""
    text = re.sub(r"\[SPEAKER_\d\d\]: ", "", text)
    return re.sub(r"\s|</?u>", "", text)


@given(transcripts(), limits)
def test_both_formats_read_back_alike(transcript: Transcript, options: CaptionOptions) -> None:
    cues = read_srt(writer("srt")(transcript, options))
    assert read_vtt(writer("vtt")(transcript, options)) == cues


@given(transcripts(), limits)
def test_all_text_is_there_once_and_in_order(
    transcript: Transcript, options: CaptionOptions
) -> None:
    cues = read_srt(writer("srt")(transcript, replace(options, highlight_words=False)))
    said = bare("".join(segment.text for segment in transcript.segments))
    assert bare("".join(text for _, _, text in cues)) == said


@given(transcripts(), limits)
def test_highlighting_shows_the_same_captions(
    transcript: Transcript, options: CaptionOptions
) -> None:
    shown = [
        [text for text, _ in groupby(bare(text) for _, _, text in read_srt(text))]
        for text in (
            writer("srt")(transcript, replace(options, highlight_words=is_highlighted))
            for is_highlighted in (False, True)
        )
    ]
    assert shown[0] == shown[1]


@given(transcripts(), limits)
def test_each_timed_word_is_underlined_once(
    transcript: Transcript, options: CaptionOptions
) -> None:
    text = writer("vtt")(transcript, options)
    words = [word for segment in transcript.segments for word in segment.words]
    expected = [word.text for word in words if word.start is not None]
    underlined = re.findall(r"<u>(.*?)</u>", text)
    assert underlined == (expected if options.highlight_words else [])


# A caption of which no word has a time is shown as long as its segment, over its neighbours.
@given(transcripts(may_miss_times=False), limits)
def test_captions_come_in_order_of_time(transcript: Transcript, options: CaptionOptions) -> None:
    cues = read_vtt(writer("vtt")(transcript, options))
    assert all(start <= end for start, end, _ in cues)
    starts = [start for start, _, _ in cues]
    assert starts == sorted(starts)


@given(transcripts(), limits)
def test_lines_keep_to_their_limits(transcript: Transcript, options: CaptionOptions) -> None:
    for _, _, text in read_srt(writer("srt")(transcript, options)):
        lines = text.split("\n")
        if options.max_line_count is not None:
            assert len(lines) <= options.max_line_count
        for line in lines:
            inside = bare(line)
            if options.max_line_width is not None and len(inside) > options.max_line_width:
                is_word = any(
                    inside in {word.text, segment.text.strip()}
                    for segment in transcript.segments
                    for word in segment.words or (Word(p) for p in segment.text.split())
                )
                assert is_word or not any(s.words for s in transcript.segments)


@given(
    st.lists(
        st.tuples(st.sampled_from(["", "a/", "b/", "/a/b/"]), st.sampled_from("xyXY"))
        .map("".join)
        .flatmap(lambda stem: st.sampled_from([".mp3", ".wav", "", ".mp3.wav"]).map(stem.__add__)),
        unique=True,
        max_size=12,
    )
)
def test_output_names_are_all_different(paths: list[str]) -> None:
    stems = output_stems(paths)
    assert len({stem.casefold() for stem in stems}) == len(paths)
    assert all("/" not in stem for stem in stems)
    by_path = dict(zip(paths, stems, strict=True))
    assert output_stems(sorted(paths)) == [by_path[path] for path in sorted(paths)]
