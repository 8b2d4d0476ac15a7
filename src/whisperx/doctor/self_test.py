"""The self-test: read sound, transcribe a recording, and compare the GPU with the CPU."""

from __future__ import annotations

import io
import resource
import sys
import time
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

import whisperx
from whisperx._mlx import mx
from whisperx.asr.options import DecodingOptions
from whisperx.audio.decode import decode
from whisperx.audio.mel import log_mel, pad_or_trim
from whisperx.device import ComputePlan, choose
from whisperx.doctor.report import in_bytes
from whisperx.engine.engine import Engine
from whisperx.types import SAMPLE_RATE
from whisperx.weights import catalog, load

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whisperx.doctor.report import Section

DEMO = Path(whisperx.__file__).parent / "assets" / "demo"
"""Folder of the recording that comes with this package and of what our model writes for it."""

EXPECTED = "expected.txt"
"""In `DEMO`: the text of the bundled model, greedy, in float32."""

RECORDING_SUFFIXES = (".opus", ".ogg", ".flac", ".wav", ".mp3", ".m4a", ".webm")

MAX_WORD_ERRORS = 0.1
"""Share of words that may differ in float32: other kernels may turn a doubtful word.

In float16 the bundled model, which is seldom sure, wrote 9 of 53 words otherwise on an H200.
"""

MAX_DIFFERENCES = {"float32": 0.01, "float16": 0.02, "bfloat16": 0.06}
"""Largest difference from the CPU in float32 that is no fault, as a share of the largest value.

Half precision on the CPU itself differed by 0.0025 (float16) and 0.014 (bfloat16) on six seconds
of speech; an H200 differed by 0.001 in float32 and 0.0015 in float16.
"""

_CODECS = ("pcm_s16le", "mp3", "aac", "flac", "opus", "vorbis")


def decoding(section: Section) -> None:
    """Whether sound can be read: a known wav comes back as it went in, and codecs are there."""
    section.add("ffmpeg", getattr(av, "ffmpeg_version_info", None), label="FFmpeg in av")
    codecs = sorted(set(_CODECS) & av.codecs_available)
    lacking = sorted(set(_CODECS) - av.codecs_available)
    section.add("codecs", codecs, is_detail=True)
    if lacking:
        section.blame(
            f"The installed av cannot decode {', '.join(lacking)}: "
            "pip install --force-reinstall --only-binary av av."
        )
    known = np.round(_sound() * 32767).astype("<i2")
    heard = np.round(decode(_wav(known)).samples * 32768)
    is_equal = heard.shape == known.shape and bool((heard == known).all())
    section.add("is_wav_exact", is_equal, label="wav read exactly")
    if not is_equal:
        section.blame(
            "A wav file is not read as it was written: pip install --force-reinstall av, and if "
            "that does not help, please send this report."
        )


def transcription(section: Section) -> None:
    """Load the bundled model and let it transcribe the demo recording, twice, in float32."""
    recording = find_recording(DEMO)
    if recording is None:
        section.blame(
            "The recording for the self-test is not in this installation: "
            "pip install --force-reinstall --no-deps whisperx-mlx."
        )
        return
    audio = decode(recording)
    mx.reset_peak_memory()
    start = time.perf_counter()
    engine = Engine(catalog.BUNDLED, compute_type="float32", local_only=True)
    load_seconds = time.perf_counter() - start
    section.add("recording", recording.name, f"{recording.name}, {audio.duration:.1f} s")
    section.add("recording_seconds", audio.duration, is_detail=True)
    section.add("computed_with", f"{engine.plan.device}, {engine.plan.dtype}")
    section.add("load_seconds", load_seconds, f"{load_seconds:.2f} s", label="loading")
    pipeline = engine.pipeline(DecodingOptions())
    text = ""
    for run in ("first", "second"):  # on a GPU the first run also makes the kernels
        start = time.perf_counter()
        text = pipeline(audio).text
        seconds = time.perf_counter() - start
        speed = audio.duration / seconds
        section.add(f"{run}_run_seconds", seconds, f"{seconds:.2f} s, {speed:.1f} times real time")
    section.add("mlx_peak_memory_bytes", mx.get_peak_memory(), in_bytes(mx.get_peak_memory()))
    peak = _peak_memory_bytes()
    section.add("program_peak_memory_bytes", peak, in_bytes(peak))
    section.add("text", text, text or "(nothing)")
    compare(section, text, DEMO / EXPECTED)


def agreement(section: Section) -> None:
    """Whether the GPU computes what the CPU does: features and encoder of the bundled model."""
    chosen = choose()
    if not chosen.is_gpu:
        section.add("gpu_against_cpu", None, "not compared: MLX has no GPU here")
        return
    samples = pad_or_trim(_heard())
    mel, reference = _encode(ComputePlan("cpu", "float32"), samples)
    for dtype in dict.fromkeys(("float32", chosen.dtype)):
        gpu_mel, output = _encode(ComputePlan(chosen.device, dtype), samples)
        if dtype == "float32":
            judge(section, "mel features", dtype, gpu_mel, mel)
        judge(section, "encoder output", dtype, output, reference)


def compare(section: Section, text: str, path: Path) -> None:
    """Compare what was transcribed with the expected text in the file, word by word."""
    if not path.is_file():
        section.blame(f"The expected text of the self-test, {path.name}, is not in this package.")
        return
    expected = path.read_text("utf-8").split()
    errors = count_word_errors(expected, text.split())
    share = errors / max(len(expected), 1)
    section.add("expected_text", " ".join(expected))
    section.add(
        "word_errors", errors, f"{errors} of {len(expected)} words differ" if errors else "same"
    )
    section.add("expected_words", len(expected), is_detail=True)
    if share > MAX_WORD_ERRORS:
        section.blame(
            f"The self-test wrote another text than it should, {errors} of {len(expected)} words "
            "differ: MLX computes wrongly here or the model is damaged; please send this report."
        )


def judge(
    section: Section,
    what: str,
    dtype: str,
    output: NDArray[np.float32],
    reference: NDArray[np.float32],
) -> None:
    """Compare what a GPU computed in `dtype` with what the CPU did in float32."""
    largest = float(np.abs(reference).max())
    difference = float(np.abs(output - reference).max())
    share, allowed = difference / largest, MAX_DIFFERENCES[dtype]
    section.add(
        f"{what.replace(' ', '_')}_{dtype}",
        {"max_difference": difference, "max_value": largest, "share": share, "allowed": allowed},
        f"differs from the CPU's by at most {difference:.2g} (values up to {largest:.3g}): "
        f"{share:.2%}, allowed {allowed:.0%}",
        label=f"GPU {what.split()[0]} {dtype}",
    )
    if not share <= allowed:  # NaN too
        section.blame(
            f"On the GPU in {dtype} the {what} is not that of the CPU (differs by {share:.1%} of "
            "its largest value): use --device cpu, and please send this report."
        )


def find_recording(folder: Path) -> Path | None:
    """The recording in a folder, or None."""
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return next((path for path in files if path.suffix in RECORDING_SUFFIXES), None)


def count_word_errors(expected: list[str], heard: list[str]) -> int:
    """The fewest words to change, add or leave out, to get from one list to the other.

    Source: Levenshtein's distance, by Wagner and Fischer's rows.
    """
    row = list(range(len(heard) + 1))
    for count, word in enumerate(expected, start=1):
        above, row = row, [count]
        for place, other in enumerate(heard):
            row.append(min(above[place] + (word != other), above[place + 1] + 1, row[-1] + 1))
    return row[-1]


def _encode(
    plan: ComputePlan, samples: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Features and encoder output of one window, computed as planned."""
    with mx.stream(plan.mx_device):
        network = load.whisper(catalog.bundled_folder(), plan)
        mel = log_mel(samples[None], network.config.num_mel_bins)
        output = network.encoder(mel).astype(mx.float32)
        mx.eval(mel, output)
    return np.array(mel), np.array(output)


def _heard() -> NDArray[np.float32]:
    """The demo recording, or a made-up sound where there is none."""
    recording = find_recording(DEMO)
    return _sound() if recording is None else decode(recording).samples


def _sound(seconds: float = 1.0) -> NDArray[np.float32]:
    """A buzz that swells and falls, with some noise: the same on every machine."""
    moment = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    buzz = sum(np.sin(2 * np.pi * 120 * k * moment) / k for k in range(1, 9))
    noise = np.random.default_rng(0).standard_normal(len(moment))
    return (0.2 * np.sin(np.pi * moment) ** 2 * buzz + 0.01 * noise).astype(np.float32)


def _wav(samples: NDArray[np.int16]) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(SAMPLE_RATE)
        writer.writeframes(samples.tobytes())
    return file.getvalue()


def _peak_memory_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
