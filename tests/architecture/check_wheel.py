"""Ends with an error if a wheel lacks a file of the package: `check_wheel.py dist/name.whl`."""

from __future__ import annotations

import sys
import zipfile

from repository import PACKAGE


def main(wheel: str) -> None:
    """Compare the wheel's files with those of the source folder."""
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    wanted = {
        path.relative_to(PACKAGE.parent).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    lacking = sorted(wanted - inside)
    if lacking:
        sys.exit(f"{wheel} lacks {', '.join(lacking)}")
    assets = sum(name.startswith("whisperx/assets/") for name in inside)
    sys.stdout.write(f"{wheel}: all {len(wanted)} files of the package, {assets} of them assets\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
