"""Entry point of `whisperx-doctor`: what this machine is, and whether whisperx works on it."""

from __future__ import annotations

import argparse
import faulthandler
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from whisperx import __version__
from whisperx.doctor.report import Section, run_check

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FAILED = 1
_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Part:
    """A section and the checks that fill it.

    Attributes:
        name: Its key in the JSON.
        title: Its heading.
        checks: Each `module:function`; those marked with `*` need MLX.
        is_self_test: Whether `--no_self_test` leaves it out.
    """

    name: str
    title: str
    checks: tuple[str, ...]
    is_self_test: bool = False


PARTS = (
    Part("software", "Software", ("system:software", "system:python", "system:installation")),
    Part("computer", "Computer", ("system:computer", "system:memory")),
    Part(
        "computing",
        "Computing",
        ("*compute:plan", "*compute:devices", "system:blas", "*compute:speed"),
    ),
    Part("models", "Models", ("models:bundled", "models:cache", "models:network")),
    Part("licences", "Licences of models and of this package", ("models:licences",)),
    Part(
        "self_test",
        "Self-test",
        ("*self_test:decoding", "*self_test:transcription", "*self_test:agreement"),
        is_self_test=True,
    ),
)


def build_parser() -> argparse.ArgumentParser:
    """The parser of the `whisperx-doctor` command."""
    parser = argparse.ArgumentParser(
        prog="whisperx-doctor",
        description="Report what this machine is and whether whisperx works on it. Nothing is "
        "sent or downloaded; secrets are left out, so the report can be shown to others.",
        epilog="exit status: 0 if all is well, 1 if a problem was found",
    )
    parser.add_argument("--json", action="store_true", help="write the report as JSON")
    parser.add_argument(
        "--no_self_test", action="store_true", help="leave out the self-test, which takes longest"
    )
    parser.add_argument(
        "--verbose", action="store_true", help="say all that is known, with tracebacks"
    )
    parser.add_argument("--version", "-V", action="version", version=f"%(prog)s {__version__}")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: Arguments without the program's name; None takes the process's own.

    Returns:
        0 if all is well, 1 if a problem was found, 130 if interrupted.

    Raises:
        SystemExit: 0 after `--help` and `--version`, 2 if the arguments make no sense.
    """
    options = build_parser().parse_args(argv)
    if sys.__stderr__ is not None and not faulthandler.is_enabled():
        faulthandler.enable(sys.__stderr__)  # a driver that crashes leaves a trace to send
    parts = [part for part in PARTS if not (part.is_self_test and options.no_self_test)]
    try:
        if options.json:
            sections = list(_examine(parts))
            _write(json.dumps(to_json(sections), indent=2))
        else:
            sections = _print(parts, verbose=options.verbose)
    except KeyboardInterrupt:
        sys.stderr.write("whisperx-doctor: interrupted\n")
        return _INTERRUPTED
    return _FAILED if _problems(sections) else 0


def to_json(sections: Sequence[Section]) -> dict[str, object]:
    """The whole report for machines."""
    shown = {section.name: section.to_json() for section in sections}
    problems = [problem for part in shown.values() for problem in part["problems"]]
    return {
        "whisperx_mlx": __version__,
        "ok": not problems,
        "problems": list(dict.fromkeys(problems)),
        "sections": shown,
    }


def _print(parts: Sequence[Part], *, verbose: bool) -> list[Section]:
    """Print each section as soon as it is there, so that a crash leaves what came before."""
    sections: list[Section] = []
    _write(f"whisperx-doctor {__version__}")
    for part in parts:
        _write(f"\n{part.title}")
        section = _fill(part)
        _write(section.to_text(verbose=verbose))
        sections.append(section)
    problems = _problems(sections)
    if problems:
        _write("\nFound " + ("1 problem" if len(problems) == 1 else f"{len(problems)} problems"))
    else:
        _write("\nAll is well")
    return sections


def _examine(parts: Sequence[Part]) -> Iterator[Section]:
    for part in parts:
        yield _fill(part)


def _fill(part: Part) -> Section:
    section = Section(part.name, part.title)
    for check in part.checks:
        run_check(section, check.lstrip("*"), needs_mlx=check.startswith("*"))
    return section


def _problems(sections: Sequence[Section]) -> list[str]:
    return list(dict.fromkeys(problem for section in sections for problem in section.problems))


def _write(text: str) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding) + "\n")
    sys.stdout.flush()
