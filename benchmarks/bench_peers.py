"""Speed, memory and word errors of ours and of four ways to run the same weights elsewhere.

    python benchmarks/bench_peers.py [--rounds 3] [--cases ...] [--engines ...]

Every engine runs in a process of its own and, but for ours, in an environment of its own
(`make bench` makes them; the variables WHISPERX_BENCH_PYTHON_MLX_WHISPER, _FASTER_WHISPER and
_WHISPERX name other interpreters). Rounds are interleaved: every engine once, then all again.
Writes `benchmarks/results/bench-peers-MACHINE.json`, from which `tables.py` makes the README's
table. On Linux all compute on the CPU; on a Mac those in MLX compute on the GPU. Needs ffmpeg,
with which mlx-whisper and WhisperX read files. Nothing else should run on the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cases import Case, beginning, spread_choice, whole
from corpora import data_folder, recordings
from engines import BATCH_SIZE, ENGINES, ON_LINUX, Bench, mib
from scoring import Scored, word_errors

from whisperx.text.normalizers import plain

if TYPE_CHECKING:
    from scoring import WordErrors

HERE = Path(__file__).resolve().parent
SETTINGS = {
    "search": "greedy, temperature 0 only, no text of the window before",
    "precision": "float32",
    "language": "en",
    "suppress_tokens": [],
    "batch_size": BATCH_SIZE,
    "timestamps": "none, but mlx-whisper, which needs them to go on",
    "normalizer": "plain",
}
CASES = ("LJ001", "LJ001-start", "dev")


@dataclass(slots=True)
class Row:
    """What one engine did in one case.

    Attributes:
        runs: Seconds and MiB of every run; `cpu_seconds` are those of all threads together.
        texts: What it recognized, by run.
    """

    runs: list[dict[str, float]] = field(default_factory=list)
    texts: list[list[str]] = field(default_factory=list)


def main() -> None:
    """Measure, print, write."""
    options = _arguments()
    if shutil.which("ffmpeg") is None:
        sys.exit("ffmpeg is needed: mlx-whisper and WhisperX read files with it.")
    begun: dict[str, Any] = {
        "date": datetime.now(tz=timezone.utc).isoformat(timespec="seconds"),
        "load_average_before": _load_average(),
    }
    with tempfile.TemporaryDirectory(prefix="whisperx-bench-") as name:
        bench = Bench(options.model.resolve(), Path(name))
        cases = [_case(case, options, Path(name)) for case in options.cases]
        for engine in options.engines:  # fills the caches of disk and byte code; not counted
            bench.run(engine, cases[-1].files[:1])
        rows = [_measure(bench, case, options.engines, options.rounds) for case in cases]
    report = _report(options, begun, bench)
    report["cases"] = [
        _case_report(*pair, options.engines) for pair in zip(cases, rows, strict=True)
    ]
    if options.texts:
        texts = [
            {"case": case.name, "engine": name, "texts": row.texts[0]}
            for case, engines in zip(cases, rows, strict=True)
            for name, row in engines.items()
        ]
        _write(options.texts, texts)
    _write(options.out or HERE / "results" / f"bench-peers-{_slug()}.json", report)


def _report(options: argparse.Namespace, begun: dict[str, Any], bench: Bench) -> dict[str, Any]:
    """What a reader needs to do it again."""
    return {
        "what": "the same weights in several engines: seconds, peak memory and word errors",
        **begun,
        "load_average_after": _load_average(),
        "command": shlex.join(["python", "benchmarks/bench_peers.py", *sys.argv[1:]]),
        "machine": machine(),
        "model": options.model.name,
        "rounds": options.rounds,
        "settings": SETTINGS | {"threads": os.cpu_count()},
        # What a process is charged with at least: it begins as a copy of the driver.
        "driver_peak_mib": mib(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss),
        "engines": {
            name: {"label": ENGINES[name].label, **bench.about[name]} for name in options.engines
        },
    }


def _write(path: Path, report: Any) -> None:
    path.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _load_average() -> list[float]:
    return [round(load, 2) for load in os.getloadavg()]


def _case(name: str, options: argparse.Namespace, folder: Path) -> Case:
    """The recordings of a case; what is cut is written into `folder`."""
    if name == "dev":
        chosen = spread_choice(recordings("dev", language="en"), options.dev_files)
        return whole(name, f"{len(chosen)} short recordings", chosen, with_slow=True)
    (chapter,) = recordings("long")
    if name == "LJ001":
        title = f"LJ001, {chapter.duration / 60:.0f} minutes of a book"
        return whole(name, title, [chapter], with_slow=False)

    def cut(seconds: float) -> Path:
        target = folder / "LJ001-start.wav"
        program = [sys.executable, str(HERE / "peers/cut.py")]
        subprocess.run([*program, str(chapter.audio), str(seconds), str(target)], check=True)
        return target

    title = f"LJ001, its first {options.start_seconds / 60:g} minutes"
    return beginning(name, title, chapter, options.start_seconds, cut)


def _measure(bench: Bench, case: Case, names: list[str], rounds: int) -> dict[str, Row]:
    """All engines on one case, in turn."""
    rows: dict[str, Row] = {}
    for count in range(rounds):
        for name in names:
            if ENGINES[name].is_slow and (count or not case.with_slow):
                continue
            measured, texts = bench.run(name, case.files)
            row = rows.setdefault(name, Row())
            row.runs.append(measured)
            row.texts.append(texts)
            print(case.name, name, json.dumps(measured), flush=True)
    return rows


def _case_report(case: Case, rows: dict[str, Row], names: list[str]) -> dict[str, Any]:
    return {
        "name": case.name,
        "title": case.title,
        "seconds": round(case.seconds, 3),
        "files": [path.name for path in case.files],
        "corpora": sorted(set(case.corpora)),
        "licences": list(case.licences),
        "left_out": [name for name in names if name not in rows],
        "rows": [_summary(name, row, case) for name, row in rows.items()],
    }


def _summary(name: str, row: Row, case: Case) -> dict[str, Any]:
    scored = [_errors(texts, case) for texts in row.texts]
    summary: dict[str, Any] = {"engine": name, "runs": row.runs}
    for what in ("wall_seconds", "cpu_seconds", "transcribe_seconds", "peak_mib"):
        values = [run[what] for run in row.runs]
        summary[what] = {
            "median": statistics.median(values),
            "min": min(values),
            "max": max(values),
        }
    rate = scored[0].rate
    summary["wer"] = None if rate is None else round(rate, 5)
    summary["word_errors"] = asdict(scored[0])
    summary["same_text_every_run"] = all(texts == row.texts[0] for texts in row.texts)
    return summary


def _errors(texts: list[str], case: Case) -> WordErrors:
    triples = zip(case.corpora, case.references, texts, strict=True)
    return word_errors([Scored(*triple) for triple in triples], plain)


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _processor() -> str:
    if ON_LINUX:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
        return platform.machine()
    asked = ["sysctl", "-n", "machdep.cpu.brand_string"]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()


def _slug() -> str:
    signs = f"{_processor()}-{os.cpu_count()}-cores".lower()
    return "-".join("".join(s if s.isalnum() else " " for s in signs).split())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--dev-files", type=int, default=20, help="how many in the case dev")
    parser.add_argument("--start-seconds", type=float, default=180, help="of LJ001-start, at most")
    parser.add_argument("--model", type=Path, help="folder in Hugging Face's layout")
    parser.add_argument("--out", type=Path, help="JSON file; without it one in results/")
    parser.add_argument("--texts", type=Path, help="JSON file for what was recognized")
    options = parser.parse_args()
    if options.model is None:
        options.model = data_folder().parent / "models/mini-en"
    return options


if __name__ == "__main__":
    main()
