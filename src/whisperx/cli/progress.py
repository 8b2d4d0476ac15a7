"""How far the run is: live bars on a terminal, plain lines where asked for, else nothing."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_STAGES = {"vad": "finding speech", "asr": "recognizing"}


class Display:
    """Shows nothing. A context manager, so that others leave a terminal as they found it."""

    def __enter__(self) -> Display:
        """Begin to show."""
        return self

    def __exit__(self, *_: object) -> None:
        """Clean up."""

    def begin(self, recording: int, name: str) -> None:
        """A recording was read."""

    def __call__(self, recording: int, stage: str, done: float, total: float) -> None:
        """See `pipeline.Progress`."""

    def end(self, recording: int) -> None:
        """A recording is finished."""

    def rows(self) -> list[str]:
        """What is on the screen now, without the drawing."""
        return []


def display(*, is_wanted: bool, print_lines: bool) -> Display:
    """The display that fits where standard error goes.

    Args:
        is_wanted: Whether to show anything on a terminal.
        print_lines: Print `Progress: 12.34%...` lines, as WhisperX does, terminal or not.
    """
    if print_lines:
        return _Lines()
    return _Bars() if is_wanted and sys.stderr.isatty() else Display()


class _Lines(Display):
    """A line on standard output whenever recognition got further; each recording ends at 100 %."""

    def __call__(self, recording: int, stage: str, done: float, total: float) -> None:
        if stage == "asr":
            percent = 100 * done / total if total else 100.0
            sys.stdout.write(f"Progress: {percent:.2f}%...\n")
            sys.stdout.flush()


class _Bars(Display):
    """One bar a recording on standard error: stage, percent, and speed in times real time."""

    def __init__(self) -> None:
        self._bars: Progress | None = None
        self._tasks: dict[int, TaskID] = {}
        self._names: dict[int, str] = {}
        self._since: dict[int, tuple[str, float]] = {}

    def __enter__(self) -> Display:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[speed]}"),
            console=Console(stderr=True),
            transient=True,
            # The transcript may go to a file: then it must not be drawn on the terminal instead.
            redirect_stdout=sys.stdout.isatty(),
        )
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    def begin(self, recording: int, name: str) -> None:
        if self._bars is not None:
            self._names[recording] = name
            self._tasks[recording] = self._bars.add_task(f"{name}: reading", total=1.0, speed="")

    def __call__(self, recording: int, stage: str, done: float, total: float) -> None:
        if self._bars is None or recording not in self._tasks:
            return
        if self._since.get(recording, ("", 0.0))[0] != stage:
            self._since[recording] = (stage, time.monotonic())
        elapsed = time.monotonic() - self._since[recording][1]
        speed = f"{done / elapsed:.1f}x real time" if done and elapsed else ""
        self._bars.update(
            self._tasks[recording],
            description=f"{self._names[recording]}: {_STAGES[stage]}",
            completed=done if total else 1.0,
            total=total or 1.0,
            speed=speed,
        )

    def end(self, recording: int) -> None:
        if self._bars is not None and recording in self._tasks:
            self._bars.remove_task(self._tasks.pop(recording))

    def rows(self) -> list[str]:
        """See `Display`."""
        tasks = self._bars.tasks if self._bars is not None else []
        return [f"{task.description} {task.percentage:.0f}%" for task in tasks]
