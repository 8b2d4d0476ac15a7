"""Why MLX cannot be imported here, in one sentence with the command that helps.

The rules look only at an error and a `Machine`, so each of them is tested on a machine made up for
it. Nothing is looked up before an import has failed, save for the one folder that
`check_installation` lists. Importing this module costs next to nothing.
"""

from __future__ import annotations

import functools
import os
import sys
from typing import TYPE_CHECKING

from whisperx.errors import PlatformError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from whisperx._machine import Machine, Version

MINIMUM_GLIBC: Version = (2, 35)
"""Of MLX's Linux wheels: their platform tag is `manylinux_2_35`, on x86_64 and aarch64."""

MINIMUM_MACOS: Version = (14,)
"""Of MLX's wheels for Apple silicon."""

MINIMUM_DRIVER: Mapping[str, Version] = {"mlx-cuda-13": (580,), "mlx-cuda-12": (550, 54, 14)}
"""NVIDIA driver that each CUDA build of MLX asks for, from MLX's installation page."""

EXTRAS: Mapping[str, str] = {"mlx-cpu": "cpu", "mlx-cuda-12": "cuda12", "mlx-cuda-13": "cuda13"}
"""Distribution with a Linux build of MLX -> our extra that installs it. All own the same files."""


def explain(error: BaseException, machine: Machine) -> str:
    """One sentence: why importing MLX failed with `error` on `machine`, and what to do."""
    for rule in (_system, _mac, _linux, _other_mlx, _missing, _two_builds, _broken_build, _cuda):
        sentence = rule(machine, error)
        if sentence:
            return sentence
    return f"MLX cannot be imported ({_first_line(error)}): {_reinstall(machine)}."


def _system(machine: Machine, _error: BaseException) -> str | None:
    if machine.system == "Windows":
        return (
            "whisperx-mlx does not run on Windows itself: run wsl --install in a terminal, and in "
            'the Linux that opens (WSL2) pip install "whisperx-mlx[cuda13]", or [cpu] without an '
            "NVIDIA GPU."
        )
    if machine.system not in ("Linux", "Darwin"):
        return f"MLX runs on macOS and Linux only, and this is {machine.system}."
    return None


def _mac(machine: Machine, _error: BaseException) -> str | None:
    if machine.system != "Darwin":
        return None
    if machine.is_translated:
        return (
            "This Python is built for Intel and runs under Rosetta, where MLX does not work: "
            "install a Python for Apple silicon (brew install python, from a terminal that does "
            "not itself use Rosetta), and with it python3 -m pip install whisperx-mlx."
        )
    if machine.architecture == "x86_64":
        return (
            "MLX needs a Mac with Apple silicon, and this one has an Intel processor; "
            "use WhisperX itself here: pip install whisperx."
        )
    if machine.macos and machine.macos < MINIMUM_MACOS:
        return (
            f"MLX needs macOS {_dotted(MINIMUM_MACOS)} or newer, and this is macOS "
            f"{_dotted(machine.macos)}: update it in System Settings, then "
            "pip install --force-reinstall mlx."
        )
    return None


def _linux(machine: Machine, error: BaseException) -> str | None:
    if machine.system != "Linux":
        return None
    if machine.architecture not in ("x86_64", "aarch64"):
        return (
            "MLX has Linux builds for x86_64 and aarch64 only, and this Python is for "
            f"{machine.architecture}."
        )
    # A build from source may run on an older system: accuse its C library only if it is to blame.
    is_libc_to_blame = not machine.installed or "GLIBC" in str(error)
    needed = f"MLX's Linux builds need glibc {_dotted(MINIMUM_GLIBC)} or newer"
    cure = "use Ubuntu 22.04, Debian 12 or newer, for example docker run -it python:3.12 bash"
    if machine.libc == "musl":
        return f"{needed}, and this system (Alpine, for example) has musl instead: {cure}."
    is_old = machine.libc == "glibc" and machine.libc_version < MINIMUM_GLIBC
    if is_old and is_libc_to_blame:
        return f"{needed}, and this system has glibc {_dotted(machine.libc_version)}: {cure}."
    return None


def _other_mlx(machine: Machine, error: BaseException) -> str | None:
    """A package or script called `mlx` that is not Apple's stands earlier on the path."""
    if getattr(error, "name", None) == "mlx.core" and machine.mlx_folder:
        return (
            f"Python finds something called mlx at {machine.mlx_folder} that is not Apple's MLX: "
            f"rename or remove it{'' if machine.installed else f', then {_install(machine)}'}."
        )
    return None


def _missing(machine: Machine, error: BaseException) -> str | None:
    if not machine.installed and isinstance(error, ModuleNotFoundError):
        return f"MLX is not installed: {_install(machine)}."
    if machine.system == "Linux" and not _backends(machine) and "libmlx.so" in str(error):
        return (
            "The package mlx is installed without a backend, which on Linux comes in a package "
            f"of its own: {_install(machine)}."
        )
    if machine.system == "Darwin" and list(machine.installed) == ["mlx"]:
        return (
            "The package mlx is installed without its Metal backend: "
            "pip install --force-reinstall mlx."
        )
    return None


def _two_builds(machine: Machine, _error: BaseException) -> str | None:
    if len(_backends(machine)) > 1:
        return two_builds_sentence(_backends(machine))
    return None


def two_builds_sentence(backends: Iterable[str]) -> str:
    """What to say when several builds of MLX, which own the same files, are installed."""
    names = list(backends)
    return (
        f"{' and '.join(names)} are both installed, and they overwrite each other's files: "
        f'pip uninstall -y {" ".join(names)}, then pip install "whisperx-mlx[{EXTRAS[names[0]]}]"'
        + "".join(f" or [{EXTRAS[name]}]" for name in names[1:])
        + "."
    )


def installed_builds(names: Iterable[str]) -> list[str]:
    """The Linux builds of MLX among the file `names` of a folder of installed packages."""
    found = {name.split("-")[0].replace("_", "-") for name in names if name.endswith(".dist-info")}
    return [build for build in EXTRAS if build in found]


def _broken_build(machine: Machine, error: BaseException) -> str | None:
    for name in _backends(machine):
        if "libmlx.so" in str(error) and "cannot open" in str(error):
            return (
                f"The files of {name} are gone though it is installed, as happens when another "
                f"build of MLX is uninstalled: pip install --force-reinstall --no-deps {name}."
            )
        if machine.installed.get("mlx", machine.installed[name]) != machine.installed[name]:
            version = machine.installed["mlx"]
            return (
                f"mlx {version} and {name} {machine.installed[name]} do not fit together, their "
                f"versions must be the same: pip install {name}=={version}."
            )
    return None


def _cuda(machine: Machine, error: BaseException) -> str | None:
    name = next((name for name in _backends(machine) if name in MINIMUM_DRIVER), None)
    text = str(error)
    if name is None:
        return None
    driver, needed = machine.nvidia_driver, MINIMUM_DRIVER[name]
    to_cpu = f'pip uninstall -y {name}, then pip install "whisperx-mlx[cpu]"'
    if "no CUDA-capable device" in text:
        return (
            f"{name} needs an NVIDIA GPU and sees none here: look at CUDA_VISIBLE_DEVICES and "
            f"nvidia-smi, or use the CPU ({to_cpu})."
        )
    if (driver and driver < needed) or "driver version is insufficient" in text:
        found = f"this is {_dotted(driver)}" if driver else "the one here is older"
        is_12_enough = name == "mlx-cuda-13" and driver >= MINIMUM_DRIVER["mlx-cuda-12"]
        to_12 = f'pip uninstall -y {name}, then pip install "whisperx-mlx[cuda12]"'
        return (
            f"{name} needs NVIDIA driver {_dotted(needed)} or newer and {found}: update the "
            f"driver, or use {f'CUDA 12 ({to_12})' if is_12_enough else f'the CPU ({to_cpu})'}."
        )
    if "libcuda.so.1" in text and driver:
        return (
            f"{name} does not find libcuda.so.1 although the NVIDIA driver {_dotted(driver)} is "
            "loaded: in a container, start it with docker run --gpus all; elsewhere, install the "
            "driver's user libraries (libcuda1 on Debian)."
        )
    if "libcuda.so.1" in text:
        return (
            f"{name} needs an NVIDIA GPU with driver {_dotted(needed)} or newer, and there is no "
            f"driver here (no libcuda.so.1): install it, or use the CPU ({to_cpu})."
        )
    return None


def _backends(machine: Machine) -> list[str]:
    """The installed Linux builds of MLX."""
    return [name for name in EXTRAS if name in machine.installed]


def _install(machine: Machine) -> str:
    """The command that installs the best build for `machine`."""
    if machine.system == "Darwin":
        return "pip install --upgrade whisperx-mlx mlx"
    driver = machine.nvidia_driver
    best = next((name for name, needed in MINIMUM_DRIVER.items() if driver >= needed), "mlx-cpu")
    others = " or ".join(f"[{extra}]" for name, extra in EXTRAS.items() if name != best)
    return f'pip install "whisperx-mlx[{EXTRAS[best]}]" (instead of [{EXTRAS[best]}]: {others})'


def _reinstall(machine: Machine) -> str:
    """The command that writes MLX's files anew, with all they need."""
    backends = _backends(machine)
    if machine.system == "Linux" and backends:
        return f'pip install --force-reinstall "mlx[{EXTRAS[backends[0]]}]"'
    return _install(machine)


def _dotted(version: Version) -> str:
    return ".".join(str(number) for number in version)


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


@functools.cache
def check_installation() -> None:
    """See to it that the files of this package are its own; costs one listing of a folder.

    The original WhisperX installs into the same folder, and whichever was installed last has
    overwritten files of the other. Its `__init__.py`, `__main__.py` and others replace ours, while
    our folders `asr`, `audio` and `alignment` win over its modules of the same names: hence these
    call this function.

    Raises:
        PlatformError: if files of this package are overwritten or gone.
    """
    parent = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    is_ours = _is_our_package(sys.modules.get("whisperx"))
    sentence = explain_installation(os.listdir(parent), is_ours=is_ours)
    if sentence and not is_ours:
        raise PlatformError(sentence)
    if sentence:
        import logging

        logging.getLogger("whisperx.platform").warning("%s", sentence)


def explain_installation(neighbours: Iterable[str], *, is_ours: bool) -> str | None:
    """What is wrong with the package folder, and what to do, or None.

    Args:
        neighbours: Names in the folder that holds the package.
        is_ours: Whether the package's `__init__.py` is this project's.
    """
    original = next((name for name in neighbours if _is_original(name)), None)
    if original:
        version = original.split("-")[1].removesuffix(".dist").removesuffix(".egg")
        cure = "pip uninstall -y whisperx whisperx-mlx, then pip install whisperx-mlx"
        if is_ours:
            return (
                f"The original whisperx {version} is installed in the same folder, and removing or "
                f"updating it would break whisperx-mlx: {cure} with the extras you use."
            )
        return (
            f"The original whisperx {version} has overwritten files of whisperx-mlx, which has the "
            f"same folder: {cure} with the extras you use."
        )
    if not is_ours:
        return (
            "Files of whisperx-mlx are gone, as happens when the original whisperx is uninstalled "
            "after it: pip install --force-reinstall --no-deps whisperx-mlx."
        )
    return None


def _is_original(name: str) -> bool:
    return name.startswith("whisperx-") and name.endswith((".dist-info", ".egg-info"))


def _is_our_package(package: object) -> bool:
    """Whether `package` hands out its names through our `_lazy`."""
    return getattr(getattr(package, "__getattr__", None), "__module__", "") == "whisperx._lazy"
