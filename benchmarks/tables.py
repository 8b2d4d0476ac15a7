"""Write the README's table of speed, memory and word errors from the newest comparison.

    python benchmarks/tables.py [--check]

The newest of `results/bench-peers-*.json` is what counts; the text between the two marks in
README.md is replaced. With `--check` nothing is written, and the exit status is 1 if the text is
not what would be written.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE = Path(__file__).resolve().parent
README = HERE.parent / "README.md"
RESULTS = HERE / "results"
BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
NOTHING_YET = "No comparison has been run yet: `make bench` runs it and writes its table here."


def newest(folder: Path = RESULTS) -> tuple[str, dict[str, Any]] | None:
    """Name and content of the newest comparison in a folder, by the date in it."""
    reports = [
        (path.name, json.loads(path.read_text("utf-8")))
        for path in sorted(folder.glob("bench-peers-*.json"))
    ]
    return max(reports, key=lambda pair: pair[1]["date"]) if reports else None


def block(found: tuple[str, dict[str, Any]] | None) -> str:
    """The Markdown that belongs between the marks.

    Args:
        found: Name and content of a result file, or None if there is none.
    """
    if found is None:
        return NOTHING_YET
    name, report = found
    machine = report["machine"]
    parts = [
        f"The same small model (`{report['model']}`) in every engine, {report['date'][:10]}, on "
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']:.0f} GiB, "
        f"{machine['system']}; float32, greedy, batches of {report['settings']['batch_size']} "
        "where an engine has them. Speed is seconds of sound per second, the median of the runs "
        "and in brackets their range. The model is a test model: its word errors tell only "
        "whether engines agree, not what Whisper can do."
    ]
    parts += [_case(case, report) for case in report["cases"]]
    parts.append(
        f"All numbers, settings and versions: [{name}](benchmarks/results/{name}), written by "
        "[bench_peers.py](benchmarks/bench_peers.py)."
    )
    return "\n\n".join(parts)


def rewritten(readme: str, text: str) -> str:
    """`readme` with `text` between the marks.

    Raises:
        ValueError: if it does not have each mark once, in order.
    """
    if readme.count(BEGIN) != 1 or readme.count(END) != 1:
        msg = f"the file must have {BEGIN} and {END} once each"
        raise ValueError(msg)
    before, rest = readme.split(BEGIN)
    if END not in rest:
        msg = f"{END} stands before {BEGIN}"
        raise ValueError(msg)
    return f"{before}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}"


def _case(case: dict[str, Any], report: dict[str, Any]) -> str:
    header = ("engine", "speed, whole process", "transcribing alone", "peak memory", "WER")
    lines = [
        f"**{case['title']}** ({case['seconds']:.0f} s of sound)",
        "",
        _line(header),
        _line(("---", *["---:"] * (len(header) - 1))),
    ]
    lines += [_line(_cells(row, case["seconds"], report["engines"])) for row in case["rows"]]
    if case["left_out"]:
        names = ", ".join(report["engines"][name]["label"] for name in case["left_out"])
        lines += ["", f"Left out because it would take too long: {names}."]
    return "\n".join(lines)


def _cells(
    row: dict[str, Any], sound_seconds: float, engines: dict[str, dict[str, Any]]
) -> Iterable[str]:
    engine = engines[row["engine"]]
    version = engine["notes"].get("version") or next(
        version for package, version in engine["versions"].items() if package != "python"
    )
    name, _, rest = engine["label"].partition(",")
    runs = len(row["runs"])
    once = ", one run" if runs == 1 else ""
    return (
        f"{name} {version}{',' if rest else ''}{rest}{once}",
        _speed(sound_seconds, row["wall_seconds"], runs),
        _speed(sound_seconds, row["transcribe_seconds"], runs),
        f"{row['peak_mib']['median']:.0f} MiB",
        "-" if row["wer"] is None else f"{100 * row['wer']:.1f} %",
    )


def _speed(sound_seconds: float, seconds: dict[str, float], runs: int) -> str:
    """Such as `4.1x (3.9-4.2)`."""
    median, slowest, fastest = (
        _digits(sound_seconds / seconds[key]) for key in ("median", "max", "min")
    )
    return f"{median}x" if runs == 1 else f"{median}x ({slowest}-{fastest})"


def _digits(factor: float) -> str:
    return f"{factor:.2f}" if factor < 1 else f"{factor:.1f}"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> int:
    """Rewrite or check; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, only compare")
    options = parser.parse_args()
    readme = README.read_text("utf-8")
    wanted = rewritten(readme, block(newest()))
    if options.check:
        return int(wanted != readme)
    README.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
