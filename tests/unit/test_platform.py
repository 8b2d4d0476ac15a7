import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import whisperx
from whisperx import _machine, _platform
from whisperx._machine import Machine, inspect_machine, parse_driver_version, parse_version
from whisperx._platform import explain, explain_installation, installed_builds

SOURCE = Path(whisperx.__file__).parent

NO_MLX = ModuleNotFoundError("No module named 'mlx'", name="mlx")
NO_CORE = ModuleNotFoundError("No module named 'mlx.core'", name="mlx.core")
NO_LIBRARY = ImportError("libmlx.so: cannot open shared object file: No such file or directory")
NO_DRIVER = ImportError("libcuda.so.1: cannot open shared object file: No such file or directory")
OLD_DRIVER = ImportError(
    "cudaMallocManaged(&data, size) failed: CUDA driver version is insufficient for CUDA "
    "runtime version"
)
NO_GPU = ImportError("cudaMallocManaged(&data, size) failed: no CUDA-capable device is detected")
OLD_GLIBC = ImportError("libc.so.6: version `GLIBC_2.35' not found (required by libmlx.so)")

LINUX = Machine(libc="glibc", libc_version=(2, 36))
PLAIN = replace(LINUX, installed={"mlx": "0.32.4"})
CPU = replace(LINUX, installed={"mlx": "0.32.4", "mlx-cpu": "0.32.4"})
CUDA12 = replace(LINUX, installed={"mlx": "0.32.4", "mlx-cuda-12": "0.32.4"})
CUDA13 = replace(LINUX, installed={"mlx": "0.32.4", "mlx-cuda-13": "0.32.4"})
MAC = Machine(system="Darwin", architecture="arm64", macos=(15, 2))
TO_CPU = 'pip install "whisperx-mlx[cpu]"'

CASES = {
    "windows": (Machine(system="Windows", architecture="AMD64"), NO_MLX, ["WSL2", "wsl --install"]),
    "other system": (Machine(system="FreeBSD"), NO_MLX, ["macOS and Linux only", "FreeBSD"]),
    "intel mac": (
        replace(MAC, architecture="x86_64"),
        NO_MLX,
        ["Intel processor", "pip install whisperx."],
    ),
    "rosetta": (
        replace(MAC, architecture="x86_64", is_translated=True),
        NO_MLX,
        ["Rosetta", "brew install python"],
    ),
    "old macos": (replace(MAC, macos=(13, 6)), NO_MLX, ["macOS 14", "macOS 13.6"]),
    "mac without mlx": (MAC, NO_MLX, ["not installed", "pip install --upgrade whisperx-mlx mlx"]),
    "mac without metal": (
        replace(MAC, installed={"mlx": "0.32.4"}),
        ImportError("Library not loaded: @rpath/libmlx.dylib"),
        ["Metal", "pip install --force-reinstall mlx"],
    ),
    "other processor": (replace(LINUX, architecture="armv7l"), NO_MLX, ["x86_64 and aarch64"]),
    "old glibc, no mlx": (
        replace(LINUX, libc_version=(2, 31)),
        NO_MLX,
        ["glibc 2.35 or newer", "glibc 2.31", "Ubuntu 22.04"],
    ),
    "old glibc, forced": (replace(CPU, libc_version=(2, 31)), OLD_GLIBC, ["glibc 2.31"]),
    "old glibc, not to blame": (
        replace(PLAIN, libc_version=(2, 31)),
        NO_LIBRARY,
        ["without a backend"],
    ),
    "musl": (Machine(libc="musl"), NO_MLX, ["glibc 2.35", "musl", "docker run"]),
    "no mlx": (LINUX, NO_MLX, ["not installed", TO_CPU, "[cuda12]", "[cuda13]"]),
    "no mlx, new driver": (
        replace(LINUX, nvidia_driver=(580, 95, 5)),
        NO_MLX,
        ['pip install "whisperx-mlx[cuda13]"', "[cpu] or [cuda12]"],
    ),
    "no mlx, older driver": (
        replace(LINUX, nvidia_driver=(550, 54, 14)),
        NO_MLX,
        ['pip install "whisperx-mlx[cuda12]"'],
    ),
    "no mlx, ancient driver": (replace(LINUX, nvidia_driver=(470, 82)), NO_MLX, [TO_CPU]),
    "plain mlx": (PLAIN, NO_LIBRARY, ["without a backend", TO_CPU, "[cuda12]", "[cuda13]"]),
    "two builds": (
        replace(LINUX, installed=dict(CPU.installed) | dict(CUDA13.installed)),
        NO_DRIVER,
        ["both installed", "pip uninstall -y mlx-cpu mlx-cuda-13", "[cpu]", "[cuda13]"],
    ),
    "files gone": (CPU, NO_LIBRARY, ["gone", "pip install --force-reinstall --no-deps mlx-cpu"]),
    "versions differ": (
        replace(LINUX, installed={"mlx": "0.32.4", "mlx-cpu": "0.32.0"}),
        ImportError("libmlx.so: undefined symbol: _ZN3mlx4core5arrayE"),
        ["0.32.0", "pip install mlx-cpu==0.32.4"],
    ),
    "no driver": (CUDA13, NO_DRIVER, ["580", "no driver here", TO_CPU]),
    "driver outside the container": (
        replace(CUDA12, nvidia_driver=(570, 124, 6)),
        NO_DRIVER,
        ["570.124.6", "--gpus all"],
    ),
    "driver too old for 13": (
        replace(CUDA13, nvidia_driver=(570, 124, 6)),
        OLD_DRIVER,
        ["driver 580 or newer", "570.124.6", 'pip install "whisperx-mlx[cuda12]"'],
    ),
    "driver too old for 12": (
        replace(CUDA12, nvidia_driver=(535, 183, 1)),
        OLD_DRIVER,
        ["driver 550.54.14 or newer", "535.183.1", TO_CPU],
    ),
    "driver too old, not to be seen": (CUDA13, OLD_DRIVER, ["580", "older", TO_CPU]),
    "no gpu": (
        replace(CUDA13, nvidia_driver=(580, 95, 5)),
        NO_GPU,
        ["sees none", "CUDA_VISIBLE_DEVICES", TO_CPU],
    ),
    "cuda library missing": (
        CUDA13,
        ImportError("libcudnn.so.9: cannot open shared object file"),
        ["libcudnn.so.9", 'pip install --force-reinstall "mlx[cuda13]"'],
    ),
    "another mlx": (
        replace(CPU, mlx_folder="home/mlx/__init__.py"),
        NO_CORE,
        ["home/mlx/__init__.py", "rename or remove it."],
    ),
    "another mlx, Apple's not installed": (
        replace(LINUX, mlx_folder="home/mlx.py"),
        NO_CORE,
        ["rename or remove it, then pip install"],
    ),
    "anything else": (MAC, OSError("disk on fire\nsecond line"), ["disk on fire", "pip install"]),
}


@pytest.mark.parametrize("name", CASES)
def test_each_cause_is_told_in_one_sentence_with_its_command(name: str) -> None:
    machine, error, parts = CASES[name]
    sentence = explain(error, machine)
    for part in parts:
        assert part in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert ". " not in sentence, "more than one sentence"


@pytest.mark.parametrize(
    ("text", "version"),
    [
        (
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.124.06  Wed Feb 26 2025\n"
            "GCC version:  gcc version 12.3.0 (Ubuntu 12.3.0-1ubuntu1~22.04)\n",
            (570, 124, 6),
        ),
        (
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build\n"
            "GCC version:  gcc version 13.3.0\n",
            (580, 95, 5),
        ),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  580.65.06  Rel", (580, 65, 6)),
        ("", ()),
    ],
)
def test_driver_version(text: str, version: tuple[int, ...]) -> None:
    assert parse_driver_version(text) == version


def test_versions() -> None:
    assert parse_version("glibc 2.36") == (2, 36)
    assert parse_version("14.5.1") == (14, 5, 1)
    assert parse_version("") == ()


def test_this_machine_is_inspected() -> None:
    machine = inspect_machine()
    assert machine.system in ("Linux", "Darwin", "Windows")
    assert machine.architecture
    assert "mlx" in machine.installed
    assert "mlx" in machine.mlx_folder


def test_a_mac_is_asked_whether_rosetta_runs_python(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["1\n", "0\n", ""])
    calls: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        calls.append(command)
        return subprocess.CompletedProcess(command, 0, stdout=next(answers))

    monkeypatch.setattr(_machine.platform, "system", lambda: "Darwin")
    monkeypatch.setattr(_machine.subprocess, "run", run)
    assert [inspect_machine().is_translated for _ in range(3)] == [True, False, False]
    assert calls[0] == ["/usr/sbin/sysctl", "-in", "sysctl.proc_translated"]


def test_musl_is_told_from_glibc(monkeypatch: pytest.MonkeyPatch) -> None:
    def confstr(_name: str) -> str:
        raise ValueError

    monkeypatch.setattr(_machine.platform, "system", lambda: "Linux")
    monkeypatch.setattr(_machine.os, "confstr", confstr)
    monkeypatch.setattr(_machine.glob, "glob", lambda _: ["/lib/ld-musl-x86_64.so.1"])
    assert inspect_machine().libc == "musl"
    monkeypatch.setattr(_machine.glob, "glob", lambda _: [])
    assert inspect_machine().libc == ""


def test_builds_are_read_from_a_folder_listing() -> None:
    names = ["mlx", "mlx-0.32.4.dist-info", "mlx_cuda_13-0.32.4.dist-info", "mlx_cuda_13.libs"]
    assert installed_builds(names) == ["mlx-cuda-13"]
    assert installed_builds([*names, "mlx_cpu-0.32.4.dist-info"]) == ["mlx-cpu", "mlx-cuda-13"]


def run_python(
    code: str, *folders: Path, options: tuple[str, ...] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(str(folder) for folder in folders)
    return subprocess.run(
        [sys.executable, *options, "-c", code],
        env=os.environ | {"PYTHONPATH": path} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_an_mlx_without_core_gives_one_sentence(tmp_path: Path) -> None:
    fake = tmp_path / "mlx"
    fake.mkdir()
    (fake / "__init__.py").touch()
    code = """
import whisperx.errors
try:
    import whisperx._mlx
except whisperx.errors.PlatformError as error:
    print(error)
    assert isinstance(error.__cause__, ImportError)
"""
    done = run_python(code, tmp_path, SOURCE.parent)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1
    assert f"something called mlx at {fake / '__init__.py'}" in done.stdout


def test_importing_the_rules_imports_nothing_slow() -> None:
    code = (
        "import sys; before = set(sys.modules); import whisperx._platform; "
        "print(*sorted(set(sys.modules) - before))"
    )
    done = run_python(code, SOURCE.parent)
    assert done.returncode == 0, done.stderr
    slow = {"logging", "dataclasses", "importlib.metadata", "subprocess", "pathlib", "mlx"}
    assert not slow & set(done.stdout.split())


def make_site(folder: Path, *, package: bool, is_ours: bool, has_original: bool) -> Path:
    """A folder of installed packages with ours, as the two orders of installation leave it."""
    shutil.copytree(SOURCE, folder / "whisperx", ignore=lambda root, names: _all_but_top(names))
    (folder / "whisperx_mlx-0.1.0.dist-info").mkdir()
    if has_original:
        (folder / "whisperx-3.8.6.dist-info").mkdir()
    if not package:
        (folder / "whisperx" / "__init__.py").unlink()
    elif not is_ours:
        text = "def load_model(*args):\n    import whisperx.asr\n"
        (folder / "whisperx" / "__init__.py").write_text(text)
    return folder


def _all_but_top(names: list[str]) -> set[str]:
    return {name for name in names if not name.endswith(".py")}


CHECK = """
from whisperx._platform import check_installation
for _ in range(2):
    check_installation()
"""


def test_a_clean_installation_is_silent(tmp_path: Path) -> None:
    site = make_site(tmp_path, package=True, is_ours=True, has_original=False)
    done = run_python(CHECK, site)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_original_installed_before_ours_is_warned_of_once(tmp_path: Path) -> None:
    site = make_site(tmp_path, package=True, is_ours=True, has_original=True)
    done = run_python(CHECK, site)
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1
    assert "The original whisperx 3.8.6 is installed in the same folder" in done.stderr
    assert "pip uninstall -y whisperx whisperx-mlx, then pip install whisperx-mlx" in done.stderr


def test_the_original_installed_after_ours_is_an_error(tmp_path: Path) -> None:
    site = make_site(tmp_path, package=True, is_ours=False, has_original=True)
    last = run_python(CHECK, site).stderr.splitlines()[-1]
    assert last.startswith("whisperx.errors.PlatformError: The original whisperx 3.8.6 has over")
    assert "pip uninstall -y whisperx whisperx-mlx, then pip install whisperx-mlx" in last


def test_the_original_uninstalled_after_ours_is_an_error(tmp_path: Path) -> None:
    site = make_site(tmp_path, package=False, is_ours=False, has_original=False)
    # A folder without __init__ comes after every whole package of that name, so none may be in
    # sight: -S leaves out the environment's packages, ours among them.
    last = run_python(CHECK, site, options=("-S",)).stderr.splitlines()[-1]
    assert "Files of whisperx-mlx are gone" in last
    assert "pip install --force-reinstall --no-deps whisperx-mlx" in last


def test_neighbours_with_similar_names_are_not_the_original() -> None:
    names = ["whisperx_mlx-0.1.0.dist-info", "whisperx", "whisperx-mlx", "whisper-1.0.dist-info"]
    assert explain_installation(names, is_ours=True) is None
    old = explain_installation(["whisperx-3.1.1-py3.10.egg-info"], is_ours=True)
    assert old is not None
    assert "whisperx 3.1.1 " in old


def test_this_installation_is_ours() -> None:
    assert _platform.explain_installation([], is_ours=_platform._is_our_package(whisperx)) is None
