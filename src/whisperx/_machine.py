"""What this computer and its Python are; looked up only when importing MLX has failed."""

from __future__ import annotations

import glob
import importlib.metadata
import importlib.util
import os
import platform
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Version = tuple[int, ...]

MLX_DISTRIBUTIONS = ("mlx", "mlx-metal", "mlx-cpu", "mlx-cuda-12", "mlx-cuda-13")

_DRIVER_VERSION_FILE = Path("/proc/driver/nvidia/version")


@dataclass(frozen=True, slots=True)
class Machine:
    """What decides whether MLX runs.

    Attributes:
        system: "Linux", "Darwin" or "Windows".
        architecture: Of this Python: "x86_64", "arm64", "aarch64" ...
        is_translated: Whether Rosetta runs this Python on Apple silicon.
        macos: Version of macOS.
        libc: "glibc", "musl" or "".
        libc_version: Of glibc.
        nvidia_driver: Version of the loaded kernel driver; empty if there is none to be seen.
        installed: MLX's own distributions, name -> version.
        mlx_folder: Where Python finds a package called `mlx`; empty if nowhere.
    """

    system: str = "Linux"
    architecture: str = "x86_64"
    is_translated: bool = False
    macos: Version = ()
    libc: str = ""
    libc_version: Version = ()
    nvidia_driver: Version = ()
    installed: Mapping[str, str] = field(default_factory=dict[str, str])
    mlx_folder: str = ""


def inspect_machine() -> Machine:
    """This machine."""
    system = platform.system()
    libc, libc_version = _libc() if system == "Linux" else ("", ())
    return Machine(
        system=system,
        architecture=platform.machine(),
        is_translated=system == "Darwin" and _is_translated(),
        macos=parse_version(platform.mac_ver()[0]),
        libc=libc,
        libc_version=libc_version,
        nvidia_driver=_nvidia_driver(),
        installed=_installed(),
        mlx_folder=_mlx_folder(),
    )


def parse_version(text: str) -> Version:
    """The numbers of the first dotted version in `text`, or an empty tuple."""
    found = re.search(r"\d+(?:\.\d+)*", text)
    return tuple(int(number) for number in found.group().split(".")) if found else ()


def parse_driver_version(text: str) -> Version:
    """The driver's version in what `/proc/driver/nvidia/version` says."""
    found = re.search(r"Kernel Module\D*?(?:for \S+)?\s+(\d+(?:\.\d+)+)", text)
    return parse_version(found.group(1)) if found else ()


def _libc() -> tuple[str, Version]:
    try:
        text = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (ValueError, OSError):  # musl does not know that name
        text = ""
    if text.startswith("glibc"):
        return "glibc", parse_version(text)
    return ("musl", ()) if glob.glob("/lib/ld-musl-*") else ("", ())


def _is_translated() -> bool:
    # -i: no complaint on Intel Macs, whose older kernels do not know the name
    answer = subprocess.run(
        ["/usr/sbin/sysctl", "-in", "sysctl.proc_translated"],
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout.strip() == "1"


def _nvidia_driver() -> Version:
    try:
        return parse_driver_version(_DRIVER_VERSION_FILE.read_text())
    except OSError:  # no driver, or WSL2, which has no such file
        return ()


def _installed() -> dict[str, str]:
    found = ((name, _version(name)) for name in MLX_DISTRIBUTIONS)
    return {name: version for name, version in found if version}


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _mlx_folder() -> str:
    spec = importlib.util.find_spec("mlx")
    if spec is None:
        return ""
    return spec.origin or next(iter(spec.submodule_search_locations or ()), "")
