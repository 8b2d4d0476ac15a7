"""Chunks, and regions that the user gives."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from whisperx.errors import OptionError
from whisperx.types import Chunk, SpeechRegion
from whisperx.vad.chunks import fixed, merge, separate
from whisperx.vad.segments import dump, fit, parse

if TYPE_CHECKING:
    from pathlib import Path


def regions(*pairs: tuple[float, float]) -> list[SpeechRegion]:
    return [SpeechRegion(*pair) for pair in pairs]


def test_regions_merge_while_they_fit() -> None:
    first, second, third = regions((1, 10), (12, 31), (31.5, 40))
    assert merge([first, second, third], 30) == [
        Chunk(1, 31, (first, second)),
        Chunk(31.5, 40, (third,)),
    ]


def test_nothing_said_gives_no_chunk() -> None:
    assert merge([], 30) == []
    assert separate([], 30) == []
    assert fixed(0, 30) == []


def test_a_region_that_is_too_long_is_cut_evenly() -> None:
    assert [(c.start, c.end) for c in merge(regions((5, 50)), 30)] == [(5, 27.5), (27.5, 50)]
    assert [(c.start, c.end) for c in separate(regions((5, 50)), 30)] == [(5, 27.5), (27.5, 50)]


def test_rounding_does_not_cut_a_full_region() -> None:
    region = SpeechRegion(0.1, 0.1 + 30.0 + 4e-15)
    assert region.end - region.start > 30
    assert merge([region], 30) == [Chunk(region.start, region.end, (region,))]


def test_what_the_user_took_apart_stays_apart() -> None:
    first, second = regions((0, 1), (1, 2))
    assert separate([first, second], 30) == [Chunk(0, 1, (first,)), Chunk(1, 2, (second,))]


def test_fixed_windows_reach_to_the_end() -> None:
    assert [(c.start, c.end) for c in fixed(70.5, 30)] == [(0, 30), (30, 60), (60, 70.5)]
    assert [(c.start, c.end) for c in fixed(60, 30)] == [(0, 30), (30, 60)]
    assert [(c.start, c.end) for c in fixed(60 + 1e-9, 30)] == [(0, 30), (30, 60 + 1e-9)]


@pytest.mark.parametrize("size", [0, -1, math.inf, math.nan])
def test_senseless_chunk_size(size: float) -> None:
    for make in (merge, separate):
        with pytest.raises(OptionError, match="chunk size"):
            make(regions((0, 1)), size)
    with pytest.raises(OptionError, match="chunk size"):
        fixed(10, size)


def test_list_of_seconds() -> None:
    assert parse("0,10.5, 20,30") == regions((0, 10.5), (20, 30))
    assert parse("20,30,0,10") == regions((0, 10), (20, 30))
    assert parse("0,10,10,20") == regions((0, 10), (10, 20))
    assert parse("0,10,5,20,6,7") == regions((0, 20))


def test_last_end_may_be_missing() -> None:
    assert parse("0,10,20") == regions((0, 10), (20, math.inf))
    assert fit(parse("0,10,20"), 25.25) == regions((0, 10), (20, 25.25))
    assert fit(parse("0"), 3) == regions((0, 3))


def test_segments_after_the_end_are_refused() -> None:
    with pytest.raises(OptionError, match="begins at 20 s but the recording ends at 15 s"):
        fit(parse("0,10,20,30"), 15)


FILES = {
    "pairs.json": "[[0, 1.5], [2, null]]",
    "objects.json": '[{"start": 0, "end": 1.5, "x": 1}, {"start": 2, "end": null}]',
    "transcript.json": '{"segments": [{"start": 0, "end": 1.5}, {"start": 2, "end": null}]}',
    "plain.csv": "0,1.5\n2,inf\n",
    "head.csv": 'text,Start,End\n"a, b",0,1.5\nc,2,inf\n',
    "semicolon.csv": "start;end\n0;1.5\n\n2;inf\n",
    "labels.txt": "0.0\t1.5\thello\n2\tinf\tthere\n",
    "blanks.txt": "0 1.5 hello there\n2 inf\n",
    "table.tsv": "\ufeffstart\tend\n0\t1.5\n2\tinf\n",
    "turns.rttm": ";; a comment\nSPEAKER talk 1 0.0 1.5 <NA> <NA> A <NA> <NA>\n"
    "SPEAKER talk 1 2 inf <NA> <NA> B <NA> <NA>\n",
}


@pytest.mark.parametrize("name", FILES)
def test_files(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(FILES[name], encoding="utf-8")
    assert parse(str(tmp_path / name)) == regions((0, 1.5), (2, math.inf))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.srt", "1\n00:00:01,500 --> 00:00:02,000\nhi\n\n2\n01:00:00,000 --> 01:00:01,250\nho\n"),
        ("a.vtt", "WEBVTT\n\n00:01.500 --> 00:02.000\nhi\n\n01:00:00.000 --> 01:00:01.250\nho\n"),
    ],
)
def test_caption_files(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert parse(str(tmp_path / name)) == regions((1.5, 2), (3600, 3601.25))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("0,ten", "neither seconds such as 0,10.5,20,30 nor the name of a file"),
        ("talk.doc", "neither seconds"),
        ("10,5", "segment 1 of the list of segments reaches from 10 s to 5 s"),
        ("5,5", "end after it begins"),
        ("-1,5", "must begin at 0 or later"),
        ("0,nan", "end after it begins"),
        ("inf", "must begin"),
        ("missing.json", "'missing.json' cannot be read"),
    ],
)
def test_senseless_values(value: str, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        parse(value)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", "[1, 2]", "a.json cannot be read: expected a JSON list"),
        ("a.json", "{", "expected a JSON list"),
        ("a.json", "{}", "expected a JSON list"),
        ("a.json", "[]", "a.json names no segment"),
        ("a.csv", "a,b\n1,2\n", "a start and an end in seconds in each line.*not 'a b'"),
        ("a.csv", "start,end\n1\n", "not '1'"),
        ("a.csv", "", "names no segment"),
        ("a.tsv", "start\tend\ttext\n0\t1500\thi\n", "not a transcript's milliseconds"),
        ("a.rttm", "SPEAKER talk 1 x 1.5\n", "expected RTTM lines"),
        ("a.srt", "nothing", "a.srt names no segment"),
        ("a.txt", b"\xff\xfe\x00", "cannot be read"),
    ],
)
def test_senseless_files(name: str, text: str | bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(OptionError, match=said):
        parse(str(tmp_path / name))


def test_dump_reads_back(tmp_path: Path) -> None:
    found = regions((0.1, 1 / 3), (2, 3))
    (tmp_path / "found.json").write_text(dump(found))
    assert parse(str(tmp_path / "found.json")) == found
    assert dump([]) == "[]\n"


def test_fixed_windows_of_a_cut_begin_where_the_cut_does() -> None:
    found = fixed(70.0, 30.0, start=10.0)
    assert [(chunk.start, chunk.end) for chunk in found] == [(10, 40), (40, 70), (70, 80)]
