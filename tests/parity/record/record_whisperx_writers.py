"""Record the files that WhisperX writes. Needs whisperx 3.8.6.

    python tests/parity/record/record_whisperx_writers.py

Writes `tests/parity/fixtures/whisperx/writers.json`: results as WhisperX has them after its
stages, options, and the text of every file that its writers make of them (or its error).
"""

from __future__ import annotations

import importlib.metadata
import json
import random
import sys
import tempfile
from datetime import date
from pathlib import Path

from whisperx import utils

FIXTURE = Path(__file__).parents[3] / "tests/parity/fixtures/whisperx/writers.json"
FORMATS = ("txt", "vtt", "srt", "tsv", "json", "aud")

PLAIN = {"max_line_width": None, "max_line_count": None, "highlight_words": False}
OPTIONS = (
    PLAIN,
    {**PLAIN, "highlight_words": True},
    {**PLAIN, "max_line_width": 20},
    {**PLAIN, "max_line_count": 1},
    {**PLAIN, "max_line_width": 18, "max_line_count": 1},
    {**PLAIN, "max_line_width": 24, "max_line_count": 2},
    {**PLAIN, "max_line_width": 1, "max_line_count": 3},
    {"max_line_width": 16, "max_line_count": 2, "highlight_words": True},
)

# The others have only the last set: many files would say the same again.
WITH_ALL_OPTIONS = (
    "aligned",
    "aligned, long pauses",
    "some words without times",
    "one segment failed",
    "Chinese with speakers",
    "many",
)

SPOKEN = (
    " The quick brown fox jumps over the lazy dog.",
    " It costs 3.50 at the corner shop, doesn't it?",
    " Yes!",
    " Well, pneumonoultramicroscopicsilicovolcanoconiosis is a long word.",
)
JAPANESE = ("今日はとても良い天気です。", "散歩に行きましょう。")
CHINESE = ("我们明天去北京。", "好的, OK 吗?")


def unaligned(texts: tuple[str, ...], language: str, start: float = 0.0) -> dict:
    """As `transcribe` gives it."""
    segments = []
    for number, text in enumerate(texts):
        begin = round(start + 4.123 * number, 3)
        segments.append(
            {"text": text, "start": begin, "end": round(begin + 3.9, 3), "avg_logprob": -0.25 / 3}
        )
    return {"segments": segments, "language": language}


def aligned(texts: tuple[str, ...], language: str, start: float = 0.0, pause: float = 0.2) -> dict:
    """As `align` gives it, with the language that the command line adds."""
    segments, clock = [], start
    for text in texts:
        pieces = list(text) if language in ("ja", "zh") else text.split()
        words = []
        for piece in pieces:
            if piece == " ":
                continue
            end = round(clock + 0.08 * len(piece) + 0.1, 3)
            words.append({"word": piece, "start": clock, "end": end, "score": 0.875})
            clock = round(end + 0.04, 3)
        segments.append(
            {
                "start": words[0]["start"],
                "end": words[-1]["end"],
                "text": text,
                "words": words,
                "avg_logprob": -0.3,
            }
        )
        clock = round(clock + pause, 3)
    return finish(segments, language)


def finish(segments: list[dict], language: str) -> dict:
    words = [word for segment in segments for word in segment["words"]]
    return {"segments": segments, "word_segments": words, "language": language}


def with_speakers(result: dict, *, every: int = 1) -> dict:
    """As `assign_word_speakers` leaves it; only every so-manyth segment and word has one."""
    number = 0
    for place, segment in enumerate(result["segments"]):
        if place % every == 0:
            segment["speaker"] = f"SPEAKER_{place % 2:02d}"
        for word in segment.get("words", ()):
            if number % every == 0:
                word["speaker"] = f"SPEAKER_{place % 2:02d}"
            number += 1
    return result


def without_times(result: dict, generator: random.Random, share: float) -> dict:
    """Some words that could not be aligned: no start, no end or no score."""
    for segment in result["segments"]:
        for word in segment["words"]:
            if generator.random() < share:
                for key in ("start", "end", "score"):
                    del word[key]
    return result


def with_chars(result: dict) -> dict:
    for segment in result["segments"]:
        chars, start = [], segment["start"]
        for char in segment["text"]:
            entry = {"char": char}
            if char != " ":
                entry |= {"start": round(start, 3), "end": round(start + 0.02, 3), "score": 0.5}
                start += 0.04
            chars.append(entry)
        log = segment.pop("avg_logprob")
        segment |= {"chars": chars, "avg_logprob": log}
    return result


def failed(text: str, start: float) -> dict:
    """A segment that WhisperX could not align."""
    return {
        "start": start,
        "end": start + 2.5,
        "text": text,
        "words": [],
        "chars": None,
        "avg_logprob": -0.5,
    }


def results() -> dict[str, dict]:
    generator = random.Random(3)
    between = aligned(SPOKEN, "en")
    between["segments"].insert(2, failed(" 12345 67 890", 30.0))
    dubious = (
        " tabs\tand  two spaces ",
        " a\nnewline",
        " an --> arrow",
        ' "quotes" & <b>tags</b> 🙂 ±½',
    )
    return {
        "nothing": {"segments": [], "language": "en"},
        "unaligned": unaligned(SPOKEN, "en"),
        "unaligned with speakers": with_speakers(unaligned(SPOKEN, "en"), every=2),
        "unaligned, dubious text": unaligned(dubious, "en"),
        "unaligned, empty text": unaligned(("", " ", " words"), "en"),
        "unaligned over an hour": unaligned(SPOKEN, "de", start=3597.9996),
        "unaligned Japanese": unaligned(JAPANESE, "ja"),
        "aligned": aligned(SPOKEN, "en"),
        "aligned with speakers": with_speakers(aligned(SPOKEN, "en")),
        "aligned with some speakers": with_speakers(aligned(SPOKEN, "en"), every=3),
        "aligned, long pauses": aligned(SPOKEN, "en", pause=3.5),
        "aligned over an hour": aligned(SPOKEN, "en", start=3599.9995),
        "aligned after ten hours": aligned(SPOKEN, "en", start=36_000.0),
        "aligned, dubious text": aligned((" an --> arrow", " tab\ttab \u2028 line"), "en"),
        "some words without times": without_times(aligned(SPOKEN, "en"), generator, 0.4),
        "no word with times": without_times(aligned(SPOKEN, "en"), generator, 1.1),
        "half milliseconds": aligned(SPOKEN, "en", start=0.0005),
        "with chars": with_chars(aligned(SPOKEN[:2], "en")),
        "one segment failed": between,
        "Japanese": aligned(JAPANESE, "ja"),
        "Chinese with speakers": with_speakers(aligned(CHINESE, "zh")),
        "many": with_speakers(
            without_times(aligned(SPOKEN * 2, "en", pause=1.9), generator, 0.1), every=5
        ),
    }


def written(result: dict, options: dict) -> dict[str, str]:
    """The text of each format's file."""
    texts = {}
    for name in FORMATS:
        with tempfile.TemporaryDirectory() as folder:
            utils.get_writer(name, folder)(result, "talk.mp3", options)
            data = (Path(folder) / f"talk.{name}").read_bytes()
        texts[name] = data.decode("utf-8")
    return texts


def main() -> None:
    cases = []
    for name, result in results().items():
        first = written(result, PLAIN)
        files = [{"options": PLAIN, "texts": first}]
        if "words" in next(iter(result["segments"]), {}):
            for options in OPTIONS[1:] if name in WITH_ALL_OPTIONS else OPTIONS[-1:]:
                texts = {k: t for k, t in written(result, options).items() if t != first[k]}
                files.append({"options": options, "texts": texts})
        cases.append({"name": name, "result": result, "files": files})
    provenance = {
        "program": f"tests/parity/record/{Path(__file__).name}",
        "date": date.today().isoformat(),
        "python": sys.version.split()[0],
        "whisperx": importlib.metadata.version("whisperx"),
        "note": "options after the first list only the files that differ from the first's",
    }
    compact = {"ensure_ascii": False, "separators": (",", ":")}
    lines = ",\n".join(json.dumps(case, **compact) for case in cases)
    text = f'{{"provenance":{json.dumps(provenance, **compact)},"cases":[\n{lines}\n]}}'
    FIXTURE.parent.mkdir(parents=True, exist_ok=True)
    FIXTURE.write_text(text + "\n", encoding="utf-8")
    print(f"{len(cases)} cases, {sum(len(case['files']) for case in cases)} sets of options")


if __name__ == "__main__":
    main()
