"""The report: sections of facts, notes and problems, filled by checks that cannot stop each other.

Reports are made to be sent to others, so whatever goes into one is cleaned first: secrets, names
and passwords in addresses, and the user's folder do not leave the machine.
"""

from __future__ import annotations

import functools
import importlib
import logging
import os
import re
import textwrap
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from whisperx.errors import WhisperXError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WIDTH = 100
_LABEL_WIDTHS = (22, 34)
_SECRET_NAME = re.compile(r"(^|_)(TOKEN|SECRET|PASSWORD|KEY)(_|$)")
_HUB_TOKEN = re.compile(r"\bhf_[A-Za-z0-9]{8,}")
_ADDRESS_OWNER = re.compile(r"//[^/\s@]+@")
_SHORTEST_SECRET = 6  # a shorter value of such a variable is a switch, and would blot out words


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the report.

    Attributes:
        name: Its key in the JSON, with the unit: `memory_bytes`.
        value: What JSON can hold.
        shown: The same for people.
        label: What stands before it for people.
        is_detail: Whether people see it only if they ask for more.
    """

    name: str
    value: Any
    shown: str
    label: str
    is_detail: bool = False


@dataclass(slots=True)
class Section:
    """One part of the report; checks fill it.

    Attributes:
        name: Its key in the JSON.
        title: Its heading for people.
        facts: What was found.
        notes: Sentences that are no problems.
        problems: One sentence each, with the cure.
        details: Tracebacks of checks that failed.
    """

    name: str
    title: str
    facts: list[Fact] = field(default_factory=list[Fact])
    notes: list[str] = field(default_factory=list[str])
    problems: list[str] = field(default_factory=list[str])
    details: list[str] = field(default_factory=list[str])

    def add(
        self, name: str, value: Any, shown: str = "", *, label: str = "", is_detail: bool = False
    ) -> None:
        """Note a fact; what is shown and its label follow from value and name if not given."""
        label = label or re.sub(r"_(bytes|seconds)$", "", name).replace("_", " ")
        self.facts.append(Fact(name, value, shown or _plain(value), label, is_detail))

    def blame(self, sentence: str) -> None:
        """Note a problem, once."""
        if sentence not in self.problems:
            self.problems.append(sentence)

    def to_json(self) -> dict[str, Any]:
        """The section for machines, cleaned."""
        return clean(
            {
                "facts": {fact.name: fact.value for fact in self.facts},
                "notes": self.notes,
                "problems": self.problems,
                "details": self.details,
            }
        )

    def to_text(self, *, verbose: bool = False) -> str:
        """The section for people, cleaned, in lines of at most 100 characters."""
        shown = [fact for fact in self.facts if verbose or not fact.is_detail]
        least, most = _LABEL_WIDTHS
        width = min(max([least, *(len(fact.label) for fact in shown)]), most)
        lines = [_wrap(fact.shown, f"  {fact.label:<{width}} ") for fact in shown]
        lines += [_wrap(note, "  note: ") for note in self.notes]
        lines += [_wrap(problem, "  PROBLEM: ") for problem in self.problems]
        if verbose:
            lines += [textwrap.indent(detail, "    ") for detail in self.details]
        return clean("\n".join(lines or ["  nothing found"]))


def run_check(section: Section, check: str, *, needs_mlx: bool = False) -> None:
    """Let one check fill the section; if it fails, that is a problem and the report goes on.

    Warnings that this package logs meanwhile count as problems: each says what is wrong and what
    to do.

    Args:
        section: Where to note.
        check: `module:function`, the module a file of this folder; imported only now.
        needs_mlx: Whether there is nothing to check without MLX.
    """
    with _logged_into(section):
        if needs_mlx and (reason := _why_no_mlx()):
            section.blame(reason)
            return
        module, _, function = check.partition(":")
        try:
            getattr(importlib.import_module(f"whisperx.doctor.{module}"), function)(section)
        except WhisperXError as error:
            section.blame(str(error))
        except Exception as error:  # noqa: BLE001 - one failed check must not cost the whole report
            section.blame(
                f"The check of {function.replace('_', ' ')} failed ({type(error).__name__}: "
                f"{_first_line(error)}): please send this report, made with --verbose."
            )
            section.details.append(traceback.format_exc())


@functools.cache
def _why_no_mlx() -> str | None:
    """Why MLX cannot be imported; tried once, since a second try fails for other reasons."""
    try:
        importlib.import_module("whisperx._mlx")
    except WhisperXError as error:
        return str(error)
    return None


@contextmanager
def _logged_into(section: Section) -> Iterator[None]:
    logger = logging.getLogger("whisperx")
    handler = _Blame(section)
    was_propagating = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield
    finally:
        logger.propagate = was_propagating
        logger.removeHandler(handler)


class _Blame(logging.Handler):
    def __init__(self, section: Section) -> None:
        super().__init__(logging.WARNING)
        self._section = section

    def emit(self, record: logging.LogRecord) -> None:
        self._section.blame(record.getMessage())


def clean(value: Any) -> Any:
    """The same without secrets, owners of addresses and the user's folder, however nested."""
    if isinstance(value, str):
        return _clean_text(value)
    if isinstance(value, dict):
        return {_clean_text(str(key)): clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(item) for item in value]
    return value


def _clean_text(text: str) -> str:
    secrets = [value for name, value in os.environ.items() if _SECRET_NAME.search(name.upper())]
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "***")
    text = _ADDRESS_OWNER.sub("//***@", _HUB_TOKEN.sub("hf_***", text))
    home = os.path.expanduser("~")
    # Only as the beginning of a path: a home called "/root" is no part of "/chroot/rooted".
    return (
        text if home in ("", "/", "~") else re.sub(rf"(?<![\w/.~-]){re.escape(home)}\b", "~", text)
    )


def in_bytes(count: float) -> str:
    """A size for people: `1.5 GB`, in powers of 1,000."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def nearest_folder(path: Path) -> Path:
    """The path itself, or the first folder above it that is there."""
    return next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.exists())


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _wrap(text: str, start: str) -> str:
    indent = " " * len(start)
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=start,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or "no reason given").splitlines()[0]
