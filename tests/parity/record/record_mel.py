"""Record Whisper's log-mel features as PyTorch computes them. Needs torch and openai-whisper.

    PYTHONPATH=src python tests/parity/record/record_mel.py --shared ../shared/data

Writes `tests/parity/fixtures/mel`: `clips.npz` (short clips with every seventh frame of their
features), `shared.json` (features of recordings that stay outside the repository, at a few random
places each) and `provenance.json`.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import platform
import zlib
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import torch
import whisper.audio

from whisperx.audio.decode import decode

REPOSITORY = Path(__file__).parents[3]
FIXTURES = REPOSITORY / "tests/parity/fixtures/mel"

MEL_BANDS = (80, 128)
FRAME_STEP = 7
WINDOW_SAMPLES = 480_000

# Inside the repository: public domain (LJ Speech) and CC0 (Common Voice). Start and end in seconds.
CLIPS = {
    "english": ("words/ljspeech-LJ001-0154.flac", 0.0, 2.8),
    "welsh": ("languages/cy-1.mp3", 0.5, 3.0),
}

# Read from the shared folder: this many of every folder, spread evenly.
SHARED = {
    "adapt-en": 2, "dev-en": 4, "languages": 4, "noise": 4, "speakers": 3, "train-en": 4,
    "words": 2,
}  # fmt: skip
PLACES = 40


def reference(samples: np.ndarray, n_mels: int) -> np.ndarray:
    """`(frames, mels)` float32 of 16-bit samples."""
    floats = samples.astype(np.float32) / 32_768
    return whisper.audio.log_mel_spectrogram(floats, n_mels).numpy().T


def pcm(path: Path) -> np.ndarray:
    """All samples as 16 bits, which is what the decoder gives, scaled."""
    return np.rint(decode(path).samples * 32_768).astype(np.int16)


def made_clips() -> dict[str, np.ndarray]:
    """One second each of what recordings seldom hold."""
    generator = np.random.default_rng(20)
    time = np.arange(16_000) / 16_000
    click = np.zeros(16_000)
    click[8_000] = 1
    clips = {
        "noise": generator.standard_normal(16_000) * 0.1,
        "faint": generator.standard_normal(16_000) * 1e-4,
        "silence": np.zeros(16_000),
        "tone": np.sin(2 * np.pi * 440 * time) * 0.5,
        "click": click,
    }
    return {name: np.rint(clip * 32_767).astype(np.int16) for name, clip in clips.items()}


def record_clips(shared: Path) -> dict[str, str]:
    """Write `clips.npz`; returns where the real clips are from."""
    clips = made_clips()
    for name, (file, start, end) in CLIPS.items():
        clips[name] = pcm(shared / file)[round(start * 16_000) : round(end * 16_000)]
    arrays = {}
    for name, samples in clips.items():
        arrays[f"{name}_samples"] = samples
        for n_mels in MEL_BANDS:
            arrays[f"{name}_{n_mels}"] = reference(samples, n_mels)[::FRAME_STEP]
    np.savez_compressed(FIXTURES / "clips.npz", **arrays)
    manifest = {row["audio"]: row for row in rows(shared)}
    return {
        name: f"{file}, {start}-{end} s; {manifest[file]['licence']}; {manifest[file]['source']}"
        for name, (file, start, end) in CLIPS.items()
    }


def rows(shared: Path) -> list[dict]:
    """The manifest."""
    with (shared / "manifest.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def record_shared(shared: Path) -> None:
    """Write `shared.json`."""
    generator = np.random.default_rng(21)
    names = [row["audio"] for row in rows(shared)]
    found = []
    for folder, count in SHARED.items():
        inside = sorted(name for name in names if name.startswith(f"{folder}/"))
        for file in (inside[index * len(inside) // count] for index in range(count)):
            samples = pcm(shared / file)
            # The last window of a long recording, the only one of a short one.
            first = (len(samples) - 1) // WINDOW_SAMPLES * WINDOW_SAMPLES
            window = samples[first:]
            padded = np.pad(window, (0, WINDOW_SAMPLES - len(window)))
            entry = {"file": file, "first_sample": first, "crc32": zlib.crc32(window.tobytes())}
            for n_mels in MEL_BANDS:
                features = reference(padded, n_mels)
                frames = generator.integers(0, min(len(window) // 160 + 2, 3_000), PLACES)
                bands = generator.integers(0, n_mels, PLACES)
                entry[f"places_{n_mels}"] = [
                    [int(frame), int(band), round(float(features[frame, band]), 6)]
                    for frame, band in zip(frames, bands, strict=True)
                ]
            found.append(json.dumps(entry))
    (FIXTURES / "shared.json").write_text("[\n" + ",\n".join(found) + "\n]\n")


def main() -> None:
    parser = argparse.ArgumentParser(description="Record Whisper's features.")
    parser.add_argument("--shared", type=Path, default=REPOSITORY.parent / "shared/data")
    shared = parser.parse_args().shared
    torch.set_num_threads(1)
    FIXTURES.mkdir(parents=True, exist_ok=True)
    clips = record_clips(shared)
    record_shared(shared)
    provenance = {
        "what": "openai-whisper's log_mel_spectrogram in float32 on the CPU",
        "command": "python tests/parity/record/record_mel.py --shared ../shared/data",
        "date": datetime.now(timezone.utc).date().isoformat(),
        "versions": {
            "python": platform.python_version(),
            **{
                package: importlib.metadata.version(package)
                for package in ("torch", "openai-whisper", "numpy", "av")
            },
        },
        "frame_step": FRAME_STEP,
        "clips": clips,
    }
    (FIXTURES / "provenance.json").write_text(json.dumps(provenance, indent=1) + "\n")


if __name__ == "__main__":
    main()
