"""A real BLAS for MLX's CPU build on Linux, put in place before MLX is imported.

The wheel `mlx-cpu` brings the reference BLAS, on which fp32 matrix products take about 30 times as
long as on OpenBLAS. Two ways lead past it:

- A stand-in: a copy of the OpenBLAS in the wheel `scipy-openblas32`, with plain symbol names and
  with the reference library's own name (soname). The dynamic linker takes a library of that name
  that is already loaded for the one MLX asks for, so the reference library is never loaded and no
  symbol becomes visible to anyone but MLX. The copy takes 0.2 s and is kept in the user's cache.
- A system library, loaded with its symbols visible to all; they then win over the wheel's.

`WHISPERX_BLAS=0` keeps the reference library, `WHISPERX_BLAS=/path/lib.so` names one to load.
macOS (Accelerate) and the CUDA builds need none of this.
"""

from __future__ import annotations

import ctypes
import importlib.util
import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from whisperx._openblas import load_stand_in
from whisperx._platform import installed_builds, two_builds_sentence
from whisperx.errors import OptionError

NEEDED = ("cblas_sgemm", "cblas_dgemm", "cblas_cgemm")
"""What MLX calls by itself; its LAPACK calls BLAS by the Fortran names."""

SYSTEM_LIBRARY = "libopenblas.so.0"


_log = logging.getLogger("whisperx.blas")


@dataclass(frozen=True, slots=True)
class Status:
    """Which BLAS MLX computes with.

    Attributes:
        library: Path or name of the library put in place, or None.
        reason: Where it is from, or why there is none.
        is_slow: Whether MLX is left with the reference BLAS.
    """

    library: str | None
    reason: str
    is_slow: bool = False

    @property
    def description(self) -> str:
        """One line for people."""
        return f"{self.library} ({self.reason})" if self.library else self.reason


_status = Status(None, "MLX was not imported yet")


def status() -> Status:
    """What `prepare` did in this process."""
    return _status


def prepare() -> None:
    """Put a real BLAS in place if MLX's CPU build is about to be imported on Linux.

    Warns once if there is none to be had.

    Raises:
        OptionError: if `WHISPERX_BLAS` names a library that cannot be used.
    """
    global _status
    _status = choose()
    if _status.is_slow:
        _log.warning(
            "MLX computes about 30 times slower here than it could, with a reference BLAS (%s): "
            'pip install "whisperx-mlx[cpu]", or on Debian and Ubuntu apt install libopenblas0.',
            _status.reason,
        )


def choose() -> Status:
    """Load the best BLAS there is, where one is needed, and say which it is.

    Raises:
        OptionError: if `WHISPERX_BLAS` names a library that cannot be used.
    """
    wish = os.environ.get("WHISPERX_BLAS", "")
    site = mlx_site() if sys.platform == "linux" else None
    reference = reference_library(site) if site else None
    if site is None or reference is None:
        return Status(None, "not needed: this is not MLX's CPU build for Linux")
    if "mlx.core" in sys.modules:
        return Status(None, "mlx was imported before whisperx, too late to put a BLAS in place")
    if wish == "0":
        return Status(None, "the reference BLAS, because WHISPERX_BLAS is 0")
    if wish:
        return _load_chosen(wish)
    builds = installed_builds(os.listdir(site))
    if len(builds) > 1:
        _log.warning("%s", two_builds_sentence(builds))
    return _load_best(reference.name)


def mlx_site() -> Path | None:
    """The folder that MLX's wheels are installed in, or None."""
    spec = importlib.util.find_spec("mlx")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if Path(folder, "lib", "libmlx.so").exists():
            return Path(folder).parent
    return None


def reference_library(site: Path) -> Path | None:
    """The reference BLAS that the wheel `mlx-cpu` in `site` brings, or None.

    Its file name, which holds a hash, is also the name (soname) by which MLX asks for it.
    """
    return next(iter(sorted(site.glob("mlx_cpu.libs/libblas-*.so*"))), None)


def load_globally(library: str) -> None:
    """Load `library` so that MLX, loaded later, takes its functions from it.

    Raises:
        OSError: if it cannot be loaded or lacks one of them.
    """
    loaded = ctypes.CDLL(library)
    missing = [name for name in NEEDED if not hasattr(loaded, name)]
    if missing:
        msg = f"{library} has no {missing[0]}"
        raise OSError(msg)
    ctypes.CDLL(library, ctypes.RTLD_GLOBAL)


def _load_best(soname: str) -> Status:
    reasons: list[str] = []
    try:
        library = load_stand_in(soname)
        once = "" if library.exists() else ", made anew by each process: there is no cache folder"
        return Status(str(library), f"OpenBLAS from scipy-openblas32{once}")
    except OSError as error:
        reasons.append(str(error))
    try:
        load_globally(SYSTEM_LIBRARY)
        return Status(SYSTEM_LIBRARY, "the system's")
    except OSError as error:
        reasons.append(str(error))
    return Status(None, "; ".join(reasons), is_slow=True)


def _load_chosen(library: str) -> Status:
    try:
        load_globally(library)
    except OSError as error:
        msg = (
            f"WHISPERX_BLAS is {library!r}, which cannot be used ({error}): give the path of a "
            "library with cblas_sgemm, or 0 for none, or unset it."
        )
        raise OptionError(msg) from error
    return Status(library, "chosen by WHISPERX_BLAS")
