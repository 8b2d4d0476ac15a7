"""Compare `whisperx.audio.decode` with the installed ffmpeg, sample by sample.

    python benchmarks/parity_decode.py [--data ../shared/data] [--at-most 1000] [--out FILE]

Reads recordings of every format below `--data`, runs WhisperX's command on each, writes one JSON
report: how many files of each extension, the worst difference in steps of 16 bits (LSB) and the
file it is in. Ends with status 1 if a file differs by more than its format allows.
"""

from __future__ import annotations

import argparse
import datetime
import json
import logging
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np

from whisperx.audio.decode import decode

ALLOWED_LSB = {".wav": 0, ".flac": 0, ".mp3": 0}
"""What may differ; other formats 1, as the float arithmetic of a decoder's versions does."""


FORMATS = (".wav", ".flac", ".mp3", ".opus")


class Warnings(logging.Handler):
    """Collects the decoder's warnings."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message."""
        self.messages.append(record.getMessage())


def pick(root: Path, suffix: str, at_most: int) -> list[Path]:
    """All recordings of one format, or that many of them at even distances."""
    found = sorted(root.rglob(f"*{suffix}"))
    if len(found) <= at_most:
        return found
    return [found[index * len(found) // at_most] for index in range(at_most)]


def ffmpeg_samples(path: Path) -> np.ndarray:
    """`(n,)` 16-bit samples as WhisperX gets them."""
    command = ["ffmpeg", "-nostdin", "-threads", "0", "-i", str(path), "-f", "s16le", "-ac", "1"]
    command += ["-acodec", "pcm_s16le", "-ar", "16000", "-"]
    done = subprocess.run(command, capture_output=True, check=True)
    return np.frombuffer(done.stdout, np.int16)


def compare(paths: list[Path], root: Path) -> dict[str, dict[str, object]]:
    """Per extension: files, worst difference, its file, and how long both took."""
    report: dict[str, dict[str, object]] = {}
    for extension in sorted({path.suffix for path in paths}):
        worst, worst_file, seconds = 0, None, 0.0
        exact, ours_s, ffmpeg_s, different_length = 0, 0.0, 0.0, []
        files = [path for path in paths if path.suffix == extension]
        for path in files:
            begin = time.perf_counter()
            expected = ffmpeg_samples(path).astype(np.int32)
            middle = time.perf_counter()
            got = np.rint(decode(path).samples * 32768).astype(np.int32)
            ours_s += time.perf_counter() - middle
            ffmpeg_s += middle - begin
            seconds += len(expected) / 16_000
            name = path.relative_to(root).as_posix()
            if len(got) != len(expected):
                different_length.append([name, len(got) - len(expected)])
            shared = min(len(got), len(expected))
            lsb = int(np.abs(got[:shared] - expected[:shared]).max(initial=0))
            exact += lsb == 0 and len(got) == len(expected)
            if lsb > worst:
                worst, worst_file = lsb, name
        report[extension] = {
            "files": len(files),
            "hours": round(seconds / 3600, 3),
            "sample_equal_files": exact,
            "different_length": different_length,
            "worst_lsb": worst,
            "worst_file": worst_file,
            "our_seconds": round(ours_s, 1),
            "ffmpeg_seconds": round(ffmpeg_s, 1),
        }
    return report


def main() -> int:
    """Run the comparison; 0 if every file is within what its format allows."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="Compare our decoder with ffmpeg.")
    parser.add_argument("--data", type=Path, default=here.parent.parent / "shared" / "data")
    parser.add_argument("--at-most", type=int, default=1000, help="files of each format, spread")
    parser.add_argument("--out", type=Path, default=here / "results" / "parity-decode.json")
    options = parser.parse_args()
    if not options.data.is_dir() or shutil.which("ffmpeg") is None:
        parser.error(f"needs ffmpeg on the path and recordings in {options.data}")
    paths = [p for suffix in FORMATS for p in pick(options.data, suffix, options.at_most)]
    warnings = Warnings()
    logging.getLogger("whisperx").addHandler(warnings)
    begin = time.perf_counter()
    formats = compare(paths, options.data)
    version = subprocess.run(["ffmpeg", "-version"], capture_output=True, text=True, check=True)
    report = {
        "date": datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat(),
        "machine": f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores, 1 process",
        "ffmpeg": version.stdout.split()[2],
        "av": av.__version__,
        "libraries": {name: ".".join(map(str, v)) for name, v in av.library_versions.items()},
        "at_most": options.at_most,
        "files": len(paths),
        "seconds": round(time.perf_counter() - begin, 1),
        "warnings": warnings.messages,
        "formats": formats,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))
    bad = [
        extension
        for extension, row in formats.items()
        if int(str(row["worst_lsb"])) > ALLOWED_LSB.get(extension, 1) or row["different_length"]
    ]
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
