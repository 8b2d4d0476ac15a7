"""Count the words that each VAD method loses, and the sound without speech that it keeps.

    python benchmarks/vad_study.py [--part report|choose] [--draws 2]

Needs no torch. Clips with word times (LJ Speech, aligned by the Montreal Forced Aligner) are
brought to one level and joined with pauses of 2 to 8 seconds. Noise (ESC-10) or music is mixed in
over everything, the pauses too, at 20, 10 and 0 dB against the words' own power. The chapter of
`../shared/data/long` is taken as it is, without pauses. `choose` is what the constants of
`vad.auto` were chosen on: clips of the training split, every other noise and piece of music.
`report` is all else; no clip and no sound is in both. Two more rows make the same recordings 40 and
60 dB quieter, as 16 bits would hold them.

Those clips are one voice. For many voices (Common Voice, speechocean762 and others) nobody timed
the words; there, pieces of up to 0.3 s of what Silero is sure of in the clean recording stand for
them. That shows what noise takes away, not what Silero misses in the clean recording. `uneven`
leaves these clips at their own levels, so that soft voices are far below the ratio that is named.

Writes `benchmarks/results/vad-study.json`, prints it as a table and exits with 1 if `auto` loses a
word of the one voice from its chunks.

A word counts as
- lost: less than half of it is in the chunks that the recognizer hears,
- lost from the regions: less than half of it is in the stretches of speech,
- cut: no chunk has all of it but 80 ms, as where a border between two chunks goes through it.

False speech is sound in a chunk (or region) that is further than 0.3 s from any word.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.metadata
import json
import os
import platform
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from corpora import data_folder, recordings

import whisperx
from whisperx.audio.decode import decode
from whisperx.types import SAMPLE_RATE, Audio
from whisperx.vad import energy
from whisperx.vad.detector import VadMethod, VadOptions, chunks_of, load_detector
from whisperx.vad.hysteresis import SileroRule, silero_regions
from whisperx.vad.silero import speech_probabilities
from whisperx.weights.silero import silero

if TYPE_CHECKING:
    from collections.abc import Iterable

    from corpora import Recording
    from numpy.typing import NDArray

    from whisperx.models.silero import SileroVad
    from whisperx.types import Chunk, SpeechRegion
    from whisperx.vad.detector import SpeechDetector

    Detector = SpeechDetector | None
    Floats = NDArray[np.float32]
    Spans = NDArray[np.float64]  # (spans, 2), in order

RESULT = Path(__file__).parent / "results" / "vad-study.json"
METHODS: tuple[VadMethod, ...] = ("silero", "auto", "none")
SEED = 1121
CLIPS_JOINED = 24
PAUSES = (2.0, 8.0)
MOST_CUT = 0.08
NEAR = 0.3
CELL = 100  # cells a second in which time is counted
SHORTEST_MUSIC = 30.0
VOICES = 200  # clips
PIECE = 0.3  # seconds
LEVEL = -20.0  # decibels that each clip is brought to, so that one ratio holds for all
CONDITIONS = (
    "clean",
    "noise 20", "noise 10", "noise 0",
    "music 20", "music 10", "music 0",
    "quiet 40", "quiet 60",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sounds:
    """What one part of the study is made of."""

    clips: list[Recording]
    noise: list[Floats]
    music: list[Floats]
    chapter: Recording | None
    voices: list[Recording]


@dataclass(frozen=True, slots=True)
class Speech:
    """Speech with the times of its words `(words, 2)`."""

    name: str
    samples: Floats
    words: Spans


def sounds_of(part: str) -> Sounds:
    """The clips, noise and music of `choose` or of `report`."""
    wanted, other = {"choose": ("train", "train"), "report": ("words", "dev")}[part]
    clips = [clip for clip in recordings(wanted) if (clip.words_source or "").startswith("MFA")]
    first = 0 if part == "report" else 1
    return Sounds(
        clips,
        noises("esc10", first),
        noises("music", first),
        recordings("long")[0] if part == "report" else None,
        some([clip for clip in recordings(other) if clip.corpus != "ljspeech"]),
    )


def some(clips: list[Recording]) -> list[Recording]:
    """`VOICES` of the clips, from all over the list."""
    return clips[:: max(len(clips) // VOICES, 1)][:VOICES]


def noises(corpus: str, first: int) -> list[Floats]:
    """Every second sound of a corpus: all takes of a source or none, and no short music."""
    files = [
        each
        for each in recordings("noise", corpus=corpus)
        if corpus == "esc10" or each.duration > SHORTEST_MUSIC
    ]

    def source(recording: Recording) -> str:
        return recording.name.rpartition("-")[0] if corpus == "esc10" else recording.name

    wanted = sorted({source(each) for each in files})[first::2]
    return [
        decode(each.audio).samples
        for each in sorted(files, key=lambda each: each.name)
        if source(each) in wanted
    ]


def joined(clips: list[Recording], name: str, random: np.random.Generator, *, even: bool) -> Speech:
    """The clips one after the other, with pauses as quiet as the quiet parts of the clips."""
    parts: list[Floats] = []
    words: list[tuple[float, float]] = []
    clock = 0
    for clip in clips:
        samples = decode(clip.audio).samples
        level = energy.loudness(energy.levels(samples)) if even else LEVEL
        samples = samples * np.float32(10 ** ((LEVEL - level) / 20))
        frames = samples[: len(samples) // 512 * 512].reshape(-1, 512)
        floor = float(np.percentile(np.sqrt(np.mean(frames**2, axis=1)), 5))
        length = round(float(random.uniform(*PAUSES)) * SAMPLE_RATE)
        parts += [random.normal(0, floor, length).astype(np.float32), samples]
        clock += length
        words += [
            (word.start + clock / SAMPLE_RATE, word.end + clock / SAMPLE_RATE)
            for word in clip.words
            if word.start is not None and word.end is not None
        ]
        clock += len(samples)
    return Speech(name, np.concatenate(parts), np.array(words))


def speeches(sounds: Sounds, draw: int) -> list[Speech]:
    """The recordings of one draw, clean."""
    random = np.random.default_rng((SEED, draw))
    found = many_joined(sounds.clips, f"joined {draw}", random)
    if sounds.chapter is not None and draw == 0:
        times = [(word.start, word.end) for word in sounds.chapter.words]
        samples = decode(sounds.chapter.audio).samples
        found.append(Speech("chapter", samples, np.array(times, float)))
    return found


def many_joined(
    clips: list[Recording], name: str, random: np.random.Generator, *, even: bool = True
) -> list[Speech]:
    """The clips in random order, some to a recording."""
    groups = np.array_split(
        random.permutation(len(clips)), max(round(len(clips) / CLIPS_JOINED), 1)
    )
    return [
        joined([clips[place] for place in group], f"{name}.{number}", random, even=even)
        for number, group in enumerate(groups)
    ]


def voices(sounds: Sounds, network: SileroVad, *, even: bool) -> list[Speech]:
    """Many voices; in place of words, pieces of what Silero is sure of."""
    found: list[Speech] = []
    random = np.random.default_rng((SEED, 99))
    for speech in many_joined(sounds.voices, "voices", random, even=even):
        (scores,) = speech_probabilities(network, [speech.samples])
        pieces: list[tuple[float, float]] = []
        for region in silero_regions(scores, len(speech.samples), SileroRule(padding=0)):
            count = max(round((region.end - region.start) / PIECE), 1)
            bounds = np.linspace(region.start, region.end, count + 1).tolist()
            pieces += pairwise(bounds)
        found.append(Speech(speech.name, speech.samples, np.array(pieces)))
    return found


def track(pieces: list[Floats], length: int, random: np.random.Generator) -> Floats:
    """`length` samples of the pieces in random order, each brought to a power of 1."""
    parts: list[Floats] = []
    total = 0
    while total < length:
        for place in random.permutation(len(pieces)):
            piece = pieces[place]
            begin = int(random.integers(max(len(piece) // 2, 1))) if len(piece) > length else 0
            piece = piece[begin:]
            parts.append((piece / np.sqrt(np.mean(piece.astype(np.float64) ** 2))).astype("f4"))
            total += len(piece)
    return np.concatenate(parts)[:length]


def mixed(
    speech: Speech, pieces: list[Floats], decibels: float, random: np.random.Generator
) -> Floats:
    """The speech with a track at that ratio of powers, made quieter where it would clip."""
    inside = np.concatenate(
        [speech.samples[round(a * SAMPLE_RATE) : round(b * SAMPLE_RATE)] for a, b in speech.words]
    )
    power = np.sqrt(np.mean(inside.astype(np.float64) ** 2)) / 10 ** (decibels / 20)
    mix = speech.samples + np.float32(power) * track(pieces, len(speech.samples), random)
    return (mix / max(1.0, float(np.abs(mix).max()))).astype(np.float32)


def under(speech: Speech, condition: str, sounds: Sounds, seed: tuple[int, ...]) -> Floats:
    """The samples of a recording under a condition."""
    kind, _, amount = condition.partition(" ")
    if kind == "clean":
        return speech.samples
    if kind == "quiet":
        factor = 10 ** (-float(amount) / 20) * 32768
        return (np.round(speech.samples * factor) / 32768).astype(np.float32)
    pieces = sounds.noise if kind == "noise" else sounds.music
    random = np.random.default_rng((SEED, *seed, CONDITIONS.index(condition)))
    return mixed(speech, pieces, float(amount), random)


@dataclass(slots=True)
class Count:
    """What a method did to the recordings of one condition; times in hours."""

    words: int = 0
    lost: int = 0
    lost_from_regions: int = 0
    cut: int = 0
    chunks: int = 0
    hours: float = 0.0
    without_speech: float = 0.0
    false_in_chunks: float = 0.0
    false_in_regions: float = 0.0
    processor_seconds: float = 0.0

    def add(self, samples: Floats, words: Spans, method: VadMethod, detector: Detector) -> None:
        """Cut one recording and count."""
        audio = Audio(samples)
        began = time.process_time()
        chunks = chunks_of(audio, detector, VadOptions(method))
        self.processor_seconds += time.process_time() - began
        heard = spans(chunks)
        regions = spans(region for chunk in chunks for region in chunk.regions)
        lengths = words[:, 1] - words[:, 0]
        self.words += len(words)
        self.lost += int((overlaps(words, heard).sum(axis=1) < lengths / 2).sum())
        self.lost_from_regions += int((overlaps(words, regions).sum(axis=1) < lengths / 2).sum())
        best = overlaps(words, heard).max(axis=1, initial=0)
        self.cut += int((lengths - best > MOST_CUT).sum())
        self.chunks += len(chunks)
        cells = round(audio.duration * CELL)
        near = covered(words + np.array([-NEAR, NEAR]), cells)
        self.hours += audio.duration / 3600
        self.without_speech += float((~near).sum()) / CELL / 3600
        self.false_in_chunks += float((covered(heard, cells) & ~near).sum()) / CELL / 3600
        self.false_in_regions += float((covered(regions, cells) & ~near).sum()) / CELL / 3600


def spans(found: Iterable[Chunk | SpeechRegion]) -> Spans:
    """Starts and ends `(spans, 2)`."""
    return np.array([(each.start, each.end) for each in found], float).reshape(-1, 2)


def overlaps(words: Spans, found: Spans) -> NDArray[np.float64]:
    """How much of each word lies in each span, in seconds: `(words, spans)`."""
    ends = np.minimum(words[:, 1, None], found[None, :, 1])
    return np.maximum(ends - np.maximum(words[:, 0, None], found[None, :, 0]), 0)


def covered(found: Spans, cells: int) -> NDArray[np.bool_]:
    """Which cells of time lie in a span: `(cells,)`."""
    inside = np.zeros(cells, bool)
    for start, end in found:
        inside[max(round(start * CELL), 0) : max(round(end * CELL), 0)] = True
    return inside


def study(
    groups: dict[str, list[Speech]], sounds: Sounds, detectors: dict[VadMethod, Detector]
) -> dict[str, dict[str, dict[VadMethod, Count]]]:
    """Counts by group, condition and method."""
    found: dict[str, dict[str, dict[VadMethod, Count]]] = {}
    for place, (group, recorded) in enumerate(groups.items()):
        for condition in CONDITIONS:
            row: dict[VadMethod, Count] = {method: Count() for method in METHODS}
            for number, speech in enumerate(recorded):
                samples = under(speech, condition, sounds, (place, number))
                for method, count in row.items():
                    count.add(samples, speech.words, method, detectors[method])
            found.setdefault(group, {})[condition] = row
            print_row(group, condition, row)
    return found


def print_row(group: str, condition: str, row: dict[VadMethod, Count]) -> None:
    """One condition, a line for each method."""
    for method, count in row.items():
        share = count.false_in_regions / count.without_speech if count.without_speech else 0.0
        print(
            f"{group:13} {condition:9} {method:7} words {count.words:6} lost {count.lost:5} "
            f"from regions {count.lost_from_regions:5} cut {count.cut:5} false s/h: chunks "
            f"{count.false_in_chunks / count.hours * 3600:6.0f} regions "
            f"{count.false_in_regions / count.hours * 3600:6.0f} ({share:4.0%} of what has no "
            f"speech) of {count.hours:.2f} h",
            flush=True,
        )


def rounded(count: Count) -> dict[str, float]:
    """The count with few digits."""
    return {
        name: value if isinstance(value, int) else float(f"{value:.4g}")
        for name, value in dataclasses.asdict(count).items()
    }


def main() -> int:
    """Run as the top of this file says; returns the exit code."""
    parser = argparse.ArgumentParser(description="Count what each VAD method loses and keeps.")
    parser.add_argument("--part", choices=["choose", "report"], default="report")
    parser.add_argument("--draws", type=int, default=2, help="how often the clips are joined")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    sounds = sounds_of(options.part)
    groups = {"one voice": [s for draw in range(options.draws) for s in speeches(sounds, draw)]}
    groups["many voices"] = voices(sounds, silero(), even=True)
    groups["uneven voices"] = voices(sounds, silero(), even=False)
    detectors: dict[VadMethod, Detector] = {method: load_detector(method) for method in METHODS}
    print(f"{data_folder().name}, part {options.part}, {options.draws} draws")
    found = study(groups, sounds, detectors)
    report: dict[str, Any] = {
        "what": "words that each VAD method loses and sound without speech that it keeps",
        "date": datetime.now(timezone.utc).date().isoformat(),
        "command": "python benchmarks/vad_study.py " + " ".join(sys.argv[1:]),
        "part": options.part,
        "draws": options.draws,
        "seed": SEED,
        "corpora": "LJ Speech with MFA times, ESC-10, music (opsound), Common Voice and others",
        "machine": f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores",
        "versions": {
            "python": platform.python_version(),
            "whisperx-mlx": whisperx.__version__,
            "mlx": importlib.metadata.version("mlx"),
            "numpy": np.__version__,
        },
        "false_speech": f"hours further than {NEAR} s from any word",
        "counts": {
            group: {
                condition: {method: rounded(count) for method, count in row.items()}
                for condition, row in rows.items()
            }
            for group, rows in found.items()
        },
    }
    out = options.out or RESULT
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=1) + "\n")
    return int(any(row["auto"].lost for row in found["one voice"].values()))


if __name__ == "__main__":
    sys.exit(main())
