"""Compare our Silero with the original TorchScript on every recording of the shared data.

    python benchmarks/parity_silero.py [--data ../shared/data] [--at-most N] [--out FILE]

Needs torch and the package silero-vad beside this one. Both get the same samples, read by our
decoder. The original goes through its chunks one by one, for recordings of like length side by
side; ours is `whisperx.vad.silero.speech_probabilities`. Writes
`benchmarks/results/parity-silero.json`, with the name of every file compared, and exits with 1 if
any probability is off by more than `TOLERANCE`.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import importlib.util
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
from corpora import data_folder, recordings

from whisperx.audio.decode import decode
from whisperx.types import SAMPLE_RATE
from whisperx.vad.silero import CHUNK_SAMPLES, speech_probabilities
from whisperx.weights.silero import silero

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from corpora import Recording
    from numpy.typing import NDArray

TOLERANCE = 1e-3
THRESHOLD = 0.5  # silero's and WhisperX's own
BATCH_ROWS = 64
BATCH_SECONDS = 1800  # of padded sound
PACKAGES = ("mlx", "numpy", "torch", "silero-vad", "av")


class Difference(NamedTuple):
    """How far one recording's probabilities are off.

    Attributes:
        value: The largest absolute difference of a chunk.
        file: The recording, below the data folder.
        chunk: Which chunk that is.
        chunks: How many there are.
        flips: How many lie on different sides of `THRESHOLD`.
    """

    value: float
    file: str
    chunk: int
    chunks: int
    flips: int


def original_path() -> Path:
    """The TorchScript file of the installed silero-vad, whose package is not imported."""
    spec = importlib.util.find_spec("silero_vad")
    if spec is None or spec.origin is None:
        msg = "silero-vad is not installed: pip install --no-deps silero-vad"
        raise ModuleNotFoundError(msg)
    return Path(spec.origin).parent / "data" / "silero_vad.jit"


@torch.no_grad()
def reference(model: Any, audios: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """The original's probabilities `(chunks,)` of each recording."""
    counts = [-(-len(audio) // CHUNK_SAMPLES) for audio in audios]
    padded = torch.zeros(len(audios), max(counts) * CHUNK_SAMPLES)
    for row, audio in zip(padded, audios, strict=True):
        row[: len(audio)] = torch.from_numpy(audio)
    model.reset_states()
    rows = model.audio_forward(padded, SAMPLE_RATE).numpy()
    return [row[:count] for row, count in zip(rows, counts, strict=True)]


def batches(found: Iterable[Recording]) -> Iterator[list[Recording]]:
    """Recordings of like length together."""
    batch: list[Recording] = []
    for recording in sorted(found, key=lambda one: one.duration):
        is_full = len(batch) == BATCH_ROWS
        if batch and (is_full or (len(batch) + 1) * recording.duration > BATCH_SECONDS):
            yield batch
            batch = []
        batch.append(recording)
    if batch:
        yield batch


def difference(name: str, ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> Difference:
    """Compare one recording.

    Raises:
        ValueError: if there are not as many chunks, or a value is not finite.
    """
    if ours.shape != theirs.shape or not np.isfinite(ours).all():
        msg = f"{name}: {ours.shape} values, the original has {theirs.shape}, or one is not finite"
        raise ValueError(msg)
    off = np.abs(ours - theirs)
    flips = int(((ours >= THRESHOLD) != (theirs >= THRESHOLD)).sum())
    return Difference(float(off.max()), name, int(off.argmax()), len(off), flips)


def summary(found: Sequence[Difference]) -> dict[str, Any]:
    """The numbers of the report."""
    values = np.array([one.value for one in found])
    folders: dict[str, float] = defaultdict(float)
    for one in found:
        folder = one.file.split("/")[0]
        folders[folder] = max(folders[folder], one.value)
    worst = max(found)
    return {
        "worst": worst.value,
        "worst_file": worst.file,
        "worst_chunk": worst.chunk,
        "median_of_files": float(np.median(values)),
        "percentile_99_of_files": float(np.percentile(values, 99)),
        "files_over_tolerance": int((values > TOLERANCE).sum()),
        "chunks_across_0.5": sum(one.flips for one in found),
        "worst_by_folder": dict(sorted(folders.items())),
    }


def by_folder(files: Iterable[str]) -> dict[str, str]:
    """Folder -> names in it, with one space between: one line each in the report."""
    folders: dict[str, list[str]] = defaultdict(list)
    for file in sorted(files):
        folder, _, name = file.partition("/")
        folders[folder].append(name)
    return {folder: " ".join(names) for folder, names in folders.items()}


def run(data: Path, at_most: int | None) -> dict[str, Any]:
    """Compare, print progress, and return the report."""
    compared = recordings(folder=data)[:at_most]
    ours, theirs = silero(), torch.jit.load(str(original_path())).eval()
    found: list[Difference] = []
    start = time.monotonic()
    for count, batch in enumerate(batches(compared)):
        audios = [decode(recording.audio).samples for recording in batch]
        results = zip(
            batch, speech_probabilities(ours, audios), reference(theirs, audios), strict=True
        )
        found += [difference(recording.name, mine, other) for recording, mine, other in results]
        if count % 10 == 0:
            worst = max(found)
            print(f"{len(found)} files, worst so far {worst.value:.2e}", flush=True)
    return {
        "what": "largest absolute difference of a speech probability, ours against silero_vad.jit",
        "tolerance": TOLERANCE,
        "date": datetime.now(timezone.utc).date().isoformat(),
        "command": "python benchmarks/parity_silero.py"
        + (f" --at-most {at_most}" if at_most else ""),
        "versions": {
            "python": platform.python_version(),
            **{package: importlib.metadata.version(package) for package in PACKAGES},
        },
        "original_sha256": hashlib.sha256(original_path().read_bytes()).hexdigest(),
        "machine": f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores, 1 process",
        "seconds": round(time.monotonic() - start),
        "manifest_sha256": hashlib.sha256((data / "manifest.jsonl").read_bytes()).hexdigest(),
        "file_count": len(found),
        "chunk_count": sum(one.chunks for one in found),
        **summary(found),
        "files": by_folder(one.file for one in found),
    }


def main() -> int:
    """Run as the top of this file says; returns the exit code."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="Compare our Silero with the original.")
    parser.add_argument("--data", type=Path, help="folder with a manifest.jsonl")
    parser.add_argument("--at-most", type=int, help="only the first so many recordings")
    parser.add_argument("--out", type=Path, default=here / "results" / "parity-silero.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    report = run((options.data or data_folder()).resolve(), options.at_most)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps({name: part for name, part in report.items() if name != "files"}, indent=1))
    print(f"worst {report['worst']:.2e}, allowed {TOLERANCE:.0e}; wrote {options.out}")
    return int(report["worst"] > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main())
