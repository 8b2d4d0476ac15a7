"""Record the regions and chunks of WhisperX. Needs whisperx 3.8.6 with torch, and silero-vad.

    python tests/parity/record/record_whisperx_vad.py --shared ../shared/data

Writes `tests/parity/fixtures/whisperx/vad_*.npz` (what the networks said, or random numbers in
their place) and `vad_*.json` (what WhisperX made of it). Silero comes from the installed package
in place of torch.hub, whose master branch WhisperX would download.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import logging
import random
import sys
from datetime import date
from pathlib import Path

import numpy as np
import silero_vad
import torch
from pyannote.core import SlidingWindow, SlidingWindowFeature

from whisperx import audio, vads

REPOSITORY = Path(__file__).parents[3]
FIXTURES = REPOSITORY / "tests/parity/fixtures/whisperx"
RATE = 16_000
FRAME = 512

# (onset, chunk size): WhisperX's defaults first, then what a user may try.
SILERO_SETTINGS = ((0.5, 30), (0.5, 10), (0.3, 5), (0.8, 30), (0.1, 3))
SCORE_SETTINGS = (
    (0.5, 0.363, 30),
    (0.5, 0.363, 10),
    (0.3, 0.363, 5),
    (0.8, None, 30),
    (0.6, 0.2, 2),
)


class Replay:
    """Stands in Silero's place and says one given probability after the other."""

    def __init__(self, probabilities: np.ndarray) -> None:
        self.probabilities = probabilities
        self.frame = 0

    def reset_states(self) -> None:
        self.frame = 0

    def __call__(self, chunk: torch.Tensor, rate: int) -> torch.Tensor:
        assert chunk.shape[-1] == FRAME
        assert rate == RATE
        self.frame += 1
        return torch.tensor(self.probabilities[self.frame - 1])


class Tape:
    """The real network, with its probabilities written down."""

    def __init__(self, model: torch.nn.Module) -> None:
        self.model = model
        self.probabilities: list[float] = []

    def reset_states(self) -> None:
        self.model.reset_states()
        self.probabilities = []

    def __call__(self, chunk: torch.Tensor, rate: int) -> torch.Tensor:
        said = self.model(chunk, rate)
        self.probabilities.append(said.item())
        return said


def hub(model: object) -> None:
    """Let torch.hub.load give `model` and Silero's functions in the order of its hubconf."""
    functions = (
        silero_vad.get_speech_timestamps,
        silero_vad.save_audio,
        silero_vad.read_audio,
        silero_vad.VADIterator,
        silero_vad.collect_chunks,
    )
    torch.hub.load = lambda *_args, **_options: (model, functions)


def noisy(speech: np.ndarray, noise: np.ndarray, decibels: float) -> np.ndarray:
    """Speech with noise under it at that signal-to-noise ratio; the noise repeats."""
    noise = np.resize(noise, speech.shape)
    gain = np.sqrt((speech**2).mean() / (noise**2).mean()) * 10 ** (-decibels / 20)
    return (speech + gain * noise).astype(np.float32)


def recordings(data: Path) -> dict[str, np.ndarray]:
    """Real sound: alone, under music, joined with and without pauses."""

    def sound(path: str) -> np.ndarray:
        return audio.load_audio(str(data / path))

    def pause(seconds: float) -> np.ndarray:
        return np.zeros(round(seconds * RATE), np.float32)

    clips = [sound(str(p.relative_to(data))) for p in sorted((data / "words").glob("*.flac"))[:8]]
    events = [sound(str(p.relative_to(data))) for p in sorted((data / "noise").glob("esc10*"))[:8]]
    music = sound("noise/music-manolo_camp-morning_coffee.opus")
    dialogue = sound("speakers/ls_dialogues-dlg00_2spk.flac")
    generator = np.random.default_rng(0)
    return {
        "chapter, first 600 s": sound("long/LJ001.opus")[: 600 * RATE],
        "dialogue of 3": sound("speakers/ls_dialogues-dlg03_3spk.flac"),
        "real dialogue": sound("speakers/pyannote_tests-sample.flac"),
        "three speakers": sound("speakers/falcon_sample-falcon_test.flac"),
        "welsh": sound("languages/cy-1.mp3"),
        "music": music,
        "events": np.concatenate(events),
        "under music, 5 dB": noisy(dialogue, music, 5),
        "under music, -5 dB": noisy(dialogue, music, -5),
        "joined without pause": np.concatenate(clips),
        "joined with pauses": np.concatenate(
            [part for k, clip in enumerate(clips) for part in (clip, pause(0.1 * 2**k))]
        ),
        "white noise": generator.normal(0, 0.1, 100_001).astype(np.float32),
        "one frame and a bit": dialogue[16_000 : 16_000 + 600],
    }


def as_pairs(segments: list) -> list[list[float]]:
    return [[segment.start, segment.end] for segment in segments]


def as_counts(chunks: list[dict]) -> list[list[float]]:
    """Start, end and number of regions of each chunk; the regions follow each other."""
    return [[chunk["start"], chunk["end"], len(chunk["segments"])] for chunk in chunks]


def silero_case(samples: np.ndarray, model: object, onset: float, size: float) -> dict:
    """What WhisperX's Silero class makes of the sound with that network."""
    hub(model)
    detector = vads.Silero(vad_onset=onset, chunk_size=size)
    regions = detector({"waveform": detector.preprocess_audio(samples), "sample_rate": RATE})
    chunks = vads.Silero.merge_chunks(regions, size, onset=onset, offset=0.363)
    regions = as_pairs(regions)
    assert [list(inside) for chunk in chunks for inside in chunk["segments"]] == regions
    return {"onset": onset, "chunk_size": size, "regions": regions, "chunks": as_counts(chunks)}


def record_silero(data: Path) -> None:
    arrays, cases = {}, []
    for number, (name, samples) in enumerate(recordings(data).items()):
        tape = Tape(silero_vad.load_silero_vad())
        first = silero_case(samples, tape, *SILERO_SETTINGS[0])
        probabilities = np.array(tape.probabilities, np.float32)
        arrays[f"p{number}"] = probabilities
        rest = [silero_case(samples, Replay(probabilities), *s) for s in SILERO_SETTINGS[1:]]
        assert silero_case(samples, Replay(probabilities), *SILERO_SETTINGS[0]) == first
        cases.append({"name": name, "samples": len(samples), "results": [first, *rest]})
    save("vad_silero", arrays, cases)


def wandering(generator: np.random.Generator, frames: int) -> np.ndarray:
    """Probabilities in 256ths that stay high or low for a while and now and then jump."""
    stay = generator.choice([0.7, 0.9, 0.97, 0.995])
    level, out = generator.random(), np.empty(frames)
    for frame in range(frames):
        if generator.random() > stay:
            level = generator.random()
        out[frame] = level + generator.normal(0, generator.choice([0.02, 0.15]))
    return np.clip(np.round(out * 256), 0, 256).astype(np.uint16)


def random_settings(choose: random.Random) -> dict:
    """Arguments of Silero's function; 256ths so that ties with a threshold happen."""
    return {
        "threshold": choose.choice([0.5, 0.5, 0.25, 0.75, 0.1, 0.9]),
        "neg_threshold": choose.choice([None, None, 0.25, 0.125, 0.5]),
        "max_speech_duration_s": choose.choice([30, 10, 5, 2, 1, 0.5, 0.1, float("inf")]),
        "min_speech_duration_ms": choose.choice([250, 250, 0, 1000]),
        "min_silence_duration_ms": choose.choice([100, 100, 0, 500, 2000]),
        "speech_pad_ms": choose.choice([30, 30, 0, 100, 33, 400]),
        "min_silence_at_max_speech": choose.choice([98, 98, 20, 300]),
    }


def record_silero_random() -> None:
    generator, choose = np.random.default_rng(1), random.Random(1)
    pieces, cases = [], []
    for _ in range(200):
        samples = choose.choice([0, 1, 511, 512, 513, *[choose.randrange(60_000, 450_000)] * 12])
        frames = wandering(generator, -(-samples // FRAME))
        settings = random_settings(choose)
        pieces.append(frames)
        said = silero_vad.get_speech_timestamps(
            torch.zeros(samples), Replay(frames / 256), **settings
        )
        settings["max_speech_duration_s"] = min(settings["max_speech_duration_s"], 1e9)
        pairs = [[region["start"], region["end"]] for region in said]
        cases.append({"samples": samples, "settings": settings, "regions": pairs})
    save("vad_silero_random", {"in_256ths": np.concatenate(pieces)}, cases)


def score_case(
    scores: SlidingWindowFeature, onset: float, offset: float | None, size: float
) -> dict:
    chunks = vads.Pyannote.merge_chunks(scores, size, onset=onset, offset=offset)
    return {
        "onset": onset,
        "offset": offset,
        "chunk_size": size,
        "regions": [inside for chunk in chunks for inside in chunk["segments"]],
        "chunks": as_counts(chunks),
    }


def record_scores(data: Path) -> None:
    detector = vads.Pyannote(torch.device("cpu"), token=None, vad_onset=0.5, chunk_size=30)
    parts = {
        "real dialogue": audio.load_audio(str(data / "speakers/pyannote_tests-sample.flac")),
        "dialogue of 3": audio.load_audio(str(data / "speakers/ls_dialogues-dlg03_3spk.flac")),
        "chapter, first 200 s": audio.load_audio(str(data / "long/LJ001.opus"))[: 200 * RATE],
    }
    arrays, cases = {}, []
    for number, (name, samples) in enumerate(parts.items()):
        waveform = detector.preprocess_audio(samples)
        scores = detector({"waveform": waveform, "sample_rate": RATE})
        arrays[f"p{number}"] = scores.data[:, 0]
        assert scores.data.dtype == np.float32
        window = scores.sliding_window
        cases.append(
            {
                "name": name,
                "frames": [window.start, window.duration, window.step],
                "results": [score_case(scores, *settings) for settings in SCORE_SETTINGS],
            }
        )
    save("vad_scores", arrays, cases)


def record_scores_random() -> None:
    generator, choose = np.random.default_rng(2), random.Random(2)
    pieces, cases = [], []
    for _ in range(120):
        length = choose.choice([1, 2, 3, *[choose.randrange(50, 800)] * 12])
        frames = wandering(generator, length)
        pieces.append(frames)
        place = choose.choice(
            [(0.0, 0.0619375, 0.016875), (0.0, 0.016875, 0.016875), (1.5, 0.5, 0.1)]
        )
        scores = SlidingWindowFeature(
            (frames / 256).astype(np.float32)[:, None],
            SlidingWindow(start=place[0], duration=place[1], step=place[2]),
        )
        settings = (
            choose.choice([0.5, 0.5, 0.25, 0.75, 0.1, 0.9]),
            choose.choice([0.363, 0.363, None, 0.25, 0.5]),
            choose.choice([10, 5, 2, 1]),
        )
        cases.append({"length": length, "frames": place, **score_case(scores, *settings)})
    save("vad_scores_random", {"in_256ths": np.concatenate(pieces)}, cases)


def save(name: str, arrays: dict[str, np.ndarray], cases: list[dict]) -> None:
    provenance = {
        "program": f"tests/parity/record/{Path(__file__).name}",
        "date": date.today().isoformat(),
        "python": sys.version.split()[0],
        **{p: importlib.metadata.version(p) for p in ("whisperx", "silero-vad", "pyannote-audio")},
        **{p: importlib.metadata.version(p) for p in ("pyannote-core", "torch", "numpy")},
        "sound": "corpora named in the recorder; LJ Speech and LibriVox public domain, "
        "Common Voice CC0, LibriSpeech CC-BY-4.0, ESC-10 CC-BY-3.0, music CC-BY-SA-3.0; "
        "only scores are stored",
    }
    FIXTURES.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(FIXTURES / f"{name}.npz", **arrays)
    text = json.dumps({"provenance": provenance, "cases": cases}, separators=(",", ":"))
    (FIXTURES / f"{name}.json").write_text(text + "\n")
    print(f"{name}: {len(cases)} cases")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", type=Path, required=True, help="folder with the recordings")
    data = parser.parse_args().shared
    logging.disable(logging.WARNING)
    record_silero_random()
    record_scores_random()
    record_silero(data)
    record_scores(data)


if __name__ == "__main__":
    main()
