"""What the architecture tests read: the files that would be committed, and the source trees."""

from __future__ import annotations

import ast
import fnmatch
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "whisperx"


def modules() -> dict[str, Path]:
    """Dotted name -> file, of every module of the package."""
    found: dict[str, Path] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def tree(path: Path) -> ast.Module:
    """The syntax tree of one source file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def shown(path: Path) -> str:
    """How a failure names a file: from the root of the repository."""
    return path.relative_to(ROOT).as_posix()


def repository_files() -> list[Path]:
    """Every file of the repository: tracked or not yet tracked, but nothing that is ignored."""
    if (ROOT / ".git").exists():
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        try:
            listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
        except (FileNotFoundError, subprocess.CalledProcessError):
            return _walk()  # a checkout looked at without git, or by another user than its owner
        paths = [ROOT / os.fsdecode(name) for name in listed.split(b"\0") if name]
        return [path for path in paths if path.is_file()]
    return _walk()


def _walk() -> list[Path]:
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    patterns = [".git", *(line.strip("/") for line in lines)]

    def is_ignored(name: str) -> bool:
        return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)

    found: list[Path] = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if not is_ignored(name)]
        found += [Path(folder, name) for name in files if not is_ignored(name)]
    return found
