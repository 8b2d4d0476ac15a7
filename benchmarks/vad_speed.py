"""Measure what Silero costs per hour of sound, part by part and form by form.

    python benchmarks/vad_speed.py [--device cpu|gpu] [--recording FILE] [--minutes 20] [--runs 5]

Needs no torch. Times the encoder (MLX), the LSTM's recurrence on the host (NumPy) and in MLX step
by step, for one recording and for many side by side, and one step of live streams. Then it measures
how long the LSTM remembers: how far its output is off if it starts from silence in the middle. On a
GPU it also compares the probabilities with the CPU's. Writes
`benchmarks/results/vad-speed-<device>.json` and exits with 1 if the GPU's are off by more than
`TOLERANCE`.

The recording is repeated or cut to the wanted length: the chapter of `../shared/data/long`, or,
where that is not there, the clips of the parity tests.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import statistics
import sys
import time
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from whisperx import _blas
from whisperx._mlx import mx
from whisperx.audio.decode import decode
from whisperx.models.silero import SileroState
from whisperx.types import SAMPLE_RATE
from whisperx.vad import silero as vad
from whisperx.weights.silero import silero

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from whisperx.models.silero import SileroVad

REPOSITORY = Path(__file__).resolve().parents[1]
CHAPTER = REPOSITORY.parent / "shared/data/long/LJ001.opus"
CLIPS = REPOSITORY / "tests/parity/fixtures/silero/clips.npz"
TOLERANCE = 1e-3
CHUNKS_PER_HOUR = 3600 / vad.CHUNK_SECONDS
MANY_ROWS = 64
MLX_STEPS = 500
STREAM_STEPS = 100
WARM_UPS = (1, 2, 5, 10, 20, 40, 60, 120, 240)  # seconds
STARTS = 64


def timed(work: Callable[[], object], runs: int) -> dict[str, Any]:
    """Wall and processor seconds of `work`, after one run that is not counted."""
    work()
    wall, processor = [], []
    for _ in range(runs):
        first_wall, first_processor = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - first_wall)
        processor.append(time.process_time() - first_processor)
    return {"wall": wall, "processor": processor}


def per(measured: dict[str, Any], units: float, scale: float) -> dict[str, Any]:
    """Median, least and most of `measured` divided by `units`, times `scale`."""
    return {
        kind: {
            "median": float(f"{statistics.median(times) / units * scale:.4g}"),
            "min": float(f"{min(times) / units * scale:.4g}"),
            "max": float(f"{max(times) / units * scale:.4g}"),
        }
        for kind, times in measured.items()
    }


def mlx_loop(model: SileroVad, features: mx.array) -> mx.array:
    """The recurrence in MLX, one step at a time: `(rows, steps, features)` -> hidden."""
    drive = model.lstm.drive(features)
    hidden = cell = mx.zeros((len(features), model.config.hidden))
    for index in range(features.shape[1]):
        hidden, cell = model.lstm(drive[:, index], hidden, cell)
        if index % 32 == 31:
            mx.eval(hidden, cell)  # keeps the graph small
    mx.eval(hidden)
    return hidden


def streams(model: SileroVad, sound: NDArray[np.float32], count: int) -> None:
    """`STREAM_STEPS` steps of `count` streams."""
    state = SileroState.start(count)
    for index in range(STREAM_STEPS):
        chunk = sound[index * vad.CHUNK_SAMPLES : (index + 1) * vad.CHUNK_SAMPLES]
        _, state = vad.step(model, np.tile(chunk, (count, 1)), state)


def parts(model: SileroVad, sound: NDArray[np.float32], runs: int) -> dict[str, Any]:
    """The cost of each part, per hour of sound unless it says otherwise."""
    chunks = -(-len(sound) // vad.CHUNK_SAMPLES)
    features = vad._features(model, [sound], [chunks])
    lstm = vad._HostLSTM.of(model)
    hours = chunks / CHUNKS_PER_HOUR
    many = [features[: chunks // MANY_ROWS]] * MANY_ROWS
    many_hours = MANY_ROWS * (chunks // MANY_ROWS) / CHUNKS_PER_HOUR
    some = mx.array(features[None, :MLX_STEPS])
    wide = mx.repeat(some, MANY_ROWS, axis=0)
    mlx_hours = MLX_STEPS / CHUNKS_PER_HOUR
    whole = timed(lambda: vad.speech_probabilities(model, [sound]), runs)
    hour = {
        "whole": per(whole, hours, 1),
        "encoder": per(timed(lambda: vad._features(model, [sound], [chunks]), runs), hours, 1),
        "recurrence_host": per(timed(lambda: lstm.run([features]), runs), hours, 1),
        f"recurrence_host_{MANY_ROWS}_rows": per(
            timed(lambda: lstm.run(many), runs), many_hours, 1
        ),
        "recurrence_mlx_steps": per(timed(lambda: mlx_loop(model, some), runs), mlx_hours, 1),
        f"recurrence_mlx_steps_{MANY_ROWS}_rows": per(
            timed(lambda: mlx_loop(model, wide), runs), mlx_hours * MANY_ROWS, 1
        ),
    }
    stream = {
        str(count): per(timed(partial(streams, model, sound, count), runs), STREAM_STEPS, 1000)
        for count in (1, 16, MANY_ROWS)
    }
    return {"seconds_per_hour_of_sound": hour, "milliseconds_per_stream_step": stream}


def memory(model: SileroVad, sound: NDArray[np.float32]) -> list[dict[str, float]]:
    """How far probabilities are off `seconds` and more after a start from silence."""
    chunks = -(-len(sound) // vad.CHUNK_SAMPLES)
    features = vad._features(model, [sound], [chunks])
    lstm = vad._HostLSTM.of(model)
    (whole,) = lstm.run([features])
    length = round((max(WARM_UPS) + 20) / vad.CHUNK_SECONDS)
    starts = np.linspace(1000, chunks - length, STARTS).astype(int)
    found = lstm.run([features[start : start + length] for start in starts])
    off = np.stack(
        [np.abs(row - whole[at : at + length]) for row, at in zip(found, starts, strict=True)]
    )
    rows = []
    for seconds in WARM_UPS:
        later = off[:, round(seconds / vad.CHUNK_SECONDS) :].max(axis=1)
        rows.append(
            {
                "seconds": seconds,
                "worst": float(f"{later.max():.3g}"),
                "median": float(f"{np.median(later):.3g}"),
                "share_over_1e-3": float((later > TOLERANCE).mean()),
            }
        )
    return rows


def sound_of(recording: Path | None, minutes: float) -> tuple[str, NDArray[np.float32]]:
    """What is measured on: its name, and `minutes` of it."""
    if recording is None and CHAPTER.is_file():
        recording = CHAPTER
    if recording is not None:
        name, samples = recording.name, decode(recording).samples
    else:
        with np.load(CLIPS) as clips:
            pieces = [clips[f"{clip}.samples"] for clip in ("english", "welsh", "tamil")]
        name, samples = CLIPS.name, np.concatenate(pieces).astype(np.float32) / np.float32(32768)
    return name, np.resize(samples, round(minutes * 60 * SAMPLE_RATE))


def main() -> int:
    """Run as the top of this file says; returns the exit code."""
    parser = argparse.ArgumentParser(description="Measure what Silero costs.")
    parser.add_argument("--device", choices=["cpu", "gpu"], default="cpu")
    parser.add_argument("--recording", type=Path, help="any sound of 10 minutes or more")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    name, sound = sound_of(options.recording, options.minutes)
    mx.set_default_device(cast("mx.Device", getattr(mx, options.device)))
    model = silero()
    report: dict[str, Any] = {
        "what": "cost of Silero: wall and processor seconds; processor time counts all threads",
        "date": datetime.now(timezone.utc).date().isoformat(),
        "command": "python benchmarks/vad_speed.py " + " ".join(sys.argv[1:]),
        "sound": name,
        "minutes": options.minutes,
        "runs": options.runs,
        "device": options.device,
        "machine": f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores",
        "load_average_before": os.getloadavg()[0],
        "blas": _blas.status().reason,
        "versions": {
            "python": platform.python_version(),
            "mlx": importlib.metadata.version("mlx"),
            "numpy": np.__version__,
        },
        **parts(model, sound, options.runs),
        "off_after_a_start_from_silence": memory(model, sound),
    }
    worst = 0.0
    if options.device == "gpu":
        (found,) = vad.speech_probabilities(model, [sound])
        mx.set_default_device(cast("mx.Device", mx.cpu))
        (wanted,) = vad.speech_probabilities(silero(), [sound])
        worst = float(np.abs(found - wanted).max())
        report["largest_difference_from_cpu"] = worst
    report["load_average_after"] = os.getloadavg()[0]
    out = options.out or REPOSITORY / f"benchmarks/results/vad-speed-{options.device}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))
    return int(worst > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main())
