"""Compare our log-mel features with PyTorch's on every recording of the shared data.

    python benchmarks/parity_mel.py [--data ../shared/data] [--at-most N] [--out FILE]

Needs torch, openai-whisper and transformers beside this package. Each recording is read by our
decoder and cut into windows of 30 s, the last one padded; openai-whisper and we get the same
samples, and transformers those of every tenth batch. Writes `benchmarks/results/parity-mel.json`,
with the name of every file compared, and exits with 1 if any feature is off by more than
`TOLERANCE`.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import importlib.metadata
import itertools
import json
import os
import platform
import sys
import time
from collections import defaultdict
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
import whisper.audio
from corpora import data_folder, recordings
from transformers import WhisperFeatureExtractor

from whisperx.audio.decode import decode
from whisperx.audio.mel import MEL_BANDS, WINDOW_SAMPLES, log_mel, pad_or_trim
from whisperx.types import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from corpora import Recording
    from numpy.typing import NDArray

    Features = Callable[[NDArray[np.float32]], NDArray[np.float32]]

TOLERANCE = 1e-4
BATCH = 8

# transformers calls the same transform of torch and differs only in how it makes its filters, so
# one batch in so many is enough of it; openai-whisper is compared on everything.
TRANSFORMERS_EVERY = 10
PACKAGES = ("mlx", "numpy", "torch", "openai-whisper", "transformers", "av")


class Window(NamedTuple):
    """30 s of a recording.

    Attributes:
        file: Its path below the shared folder.
        number: Which window of the recording, from 0.
        samples: `(WINDOW_SAMPLES,)`, zeros where the recording is over.
    """

    file: str
    number: int
    samples: NDArray[np.float32]


class Difference(NamedTuple):
    """The worst feature of one window."""

    value: float
    file: str
    window: int


@functools.cache
def references(n_mels: int) -> dict[str, Features]:
    """Name -> samples of a window to `(frames, mels)`, by PyTorch."""
    extractor = WhisperFeatureExtractor(feature_size=n_mels)

    def openai_whisper(samples: NDArray[np.float32]) -> NDArray[np.float32]:
        return whisper.audio.log_mel_spectrogram(samples, n_mels).numpy().T

    def transformers(samples: NDArray[np.float32]) -> NDArray[np.float32]:
        return extractor(samples, sampling_rate=SAMPLE_RATE)["input_features"][0].T

    return {"openai-whisper": openai_whisper, "transformers": transformers}


def windows(found: Iterable[Recording]) -> Iterator[Window]:
    """All windows of all recordings, in order."""
    for recording in found:
        samples = decode(recording.audio).samples
        for number, first in enumerate(range(0, len(samples), WINDOW_SAMPLES)):
            piece = samples[first : first + WINDOW_SAMPLES]
            yield Window(recording.name, number, pad_or_trim(piece))


def compare(
    batch: Sequence[Window], n_mels: int, names: Iterable[str]
) -> dict[str, list[Difference]]:
    """Reference -> the worst feature of every window of the batch, for the references named."""
    ours = np.array(log_mel(np.stack([window.samples for window in batch]), n_mels))
    found: dict[str, list[Difference]] = {}
    for name in names:
        features = references(n_mels)[name]
        found[name] = [
            Difference(float(np.abs(features(window.samples) - row).max()), *window[:2])
            for window, row in zip(batch, ours, strict=True)
        ]
    return found


def summary(differences: Sequence[Difference]) -> dict[str, Any]:
    """What the report says about one reference and one number of bands."""
    values = np.array([difference.value for difference in differences])
    if not np.isfinite(values).all():
        msg = "a feature is not a finite number"
        raise ValueError(msg)
    folders: dict[str, float] = defaultdict(float)
    for difference in differences:
        folder = difference.file.split("/")[0]
        folders[folder] = max(folders[folder], difference.value)
    worst = max(differences)
    return {
        "windows": len(values),
        "files": len({difference.file for difference in differences}),
        "worst": worst.value,
        "worst_file": worst.file,
        "worst_window": worst.window,
        "median": float(np.median(values)),
        "percentile_99": float(np.percentile(values, 99)),
        "windows_over_tolerance": int((values > TOLERANCE).sum()),
        "worst_by_folder": dict(folders),
    }


def by_folder(files: Iterable[str]) -> dict[str, list[str]]:
    """Folder -> names in it."""
    folders: dict[str, list[str]] = defaultdict(list)
    for file in files:
        folder, _, name = file.partition("/")
        folders[folder].append(name)
    return dict(folders)


def run(data: Path, at_most: int | None) -> dict[str, Any]:
    """Compare, print progress, and return the report."""
    compared_recordings = recordings(folder=data)[:at_most]
    files = [recording.name for recording in compared_recordings]
    found: dict[tuple[int, str], list[Difference]] = defaultdict(list)
    start = time.monotonic()
    pending = windows(compared_recordings)
    compared = 0
    for count in itertools.count():
        batch = list(itertools.islice(pending, BATCH))
        if not batch:
            break
        compared += len(batch)
        names = ("openai-whisper",) if count % TRANSFORMERS_EVERY else tuple(references(80))
        for n_mels in MEL_BANDS:
            for name, differences in compare(batch, n_mels, names).items():
                found[n_mels, name] += differences
        if count % 50 == 0:
            worst = max(max(differences) for differences in found.values())
            print(f"{compared} windows, {batch[-1].file}, worst so far {worst.value:.2e}")
    return {
        "what": "largest absolute difference of log-mel features, ours against PyTorch's",
        "tolerance": TOLERANCE,
        "date": datetime.now(timezone.utc).date().isoformat(),
        "command": "python benchmarks/parity_mel.py" + (f" --at-most {at_most}" if at_most else ""),
        "versions": {
            "python": platform.python_version(),
            **{package: importlib.metadata.version(package) for package in PACKAGES},
        },
        "machine": f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores, 1 process",
        "seconds": round(time.monotonic() - start),
        "manifest_sha256": hashlib.sha256((data / "manifest.jsonl").read_bytes()).hexdigest(),
        "file_count": len(files),
        "window_count": compared,
        "bands": {
            str(n_mels): {
                name: summary(differences)
                for (bands, name), differences in found.items()
                if bands == n_mels
            }
            for n_mels in MEL_BANDS
        },
        "files": by_folder(files),
    }


def main() -> int:
    """Run as the top of this file says; returns the exit code."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="Compare our log-mel features with PyTorch's.")
    parser.add_argument("--data", type=Path, help="folder with a manifest.jsonl")
    parser.add_argument("--at-most", type=int, help="only the first so many recordings")
    parser.add_argument("--out", type=Path, default=here / "results" / "parity-mel.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    report = run(options.data or data_folder(), options.at_most)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report["bands"], indent=1))
    worst = max(one["worst"] for bands in report["bands"].values() for one in bands.values())
    print(f"worst {worst:.2e}, allowed {TOLERANCE:.0e}; wrote {options.out}")
    return int(worst > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main())
