"""What is in the repository: its size, what it names, and whether its papers agree."""

from __future__ import annotations

import re
import sys

import pytest
from repository import ROOT, repository_files, shown

import whisperx

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LIMIT_BYTES = 25_000_000

# Written in halves, so that this file does not name them itself.
HOSTS = [
    "py" + "pi.org",
    "files.python" + "hosted.org",
    "registry.npm" + "js.org",
    "--index" + "-url",
]
# Not the inside of a longer path: docs/work/ is fine.
NOT_INSIDE = r"(?<![\w./~})\]*])"
MACHINE_PATH = re.compile(NOT_INSIDE + "/(?:work|root|opt|home|Users|tmp)/")
# Tests may invent a user's home or a system's folder, and hand it to what they test.
MACHINE_PATH_IN_TESTS = re.compile(NOT_INSIDE + "/(?:work|root)/")


def _texts() -> list[tuple[str, str]]:
    raw = [(shown(path), path.read_bytes()) for path in repository_files()]
    return [(name, data.decode("utf-8", "replace")) for name, data in raw if b"\0" not in data]


def test_the_repository_stays_small() -> None:
    sizes = sorted(
        ((path.stat().st_size, shown(path)) for path in repository_files()), reverse=True
    )
    assert sum(size for size, _ in sizes) < LIMIT_BYTES, sizes[:10]


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = [
        f"{name}:{number}: {line.strip()[:80]}"
        for name, text in _texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if _machine_path(name).search(line) or any(host in line for host in HOSTS)
    ]
    assert not found


def test_version_and_changelog_agree() -> None:
    headings = re.findall(
        r"^## \[([^\]]+)\](?: - (\S+))?$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M
    )
    assert headings, "CHANGELOG.md has no '## [version]' heading"
    newest, _ = headings[0]
    assert newest in {"Unreleased", whisperx.__version__}
    released = [(version, date) for version, date in headings if version != "Unreleased"]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", date) for _, date in released)
    assert all(_order(version) <= _order(whisperx.__version__) for version, _ in released)


def test_pins_name_every_direct_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    direct = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["cpu"],
        *project["dependency-groups"]["dev"],
    ]
    pinned = _pinned("dev.txt")
    assert {_name(requirement) for requirement in direct} <= pinned, "run `make lock`"
    parity = {_name(requirement) for requirement in project["dependency-groups"]["parity"]}
    assert parity <= _pinned("parity.txt"), "run `make lock`"


@pytest.mark.parametrize("package", ["torch", "torchaudio", "transformers", "onnxruntime"])
def test_the_gate_installs_no_other_framework(package: str) -> None:
    assert package not in _pinned("dev.txt")


@pytest.mark.parametrize(
    "name",
    [
        "dev.txt",
        "docs.txt",
        "parity.txt",
        "bench-faster-whisper.txt",
        "bench-mlx-whisper.txt",
        "bench-whisperx.txt",
    ],
)
def test_pins_are_exact_and_name_no_place(name: str) -> None:
    lines = (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    assert all(re.match(r"[a-z0-9-]+(\[[a-z0-9,-]+\])?==\S+( ; .+)?$", line) for line in wanted)


def _machine_path(name: str) -> re.Pattern[str]:
    return MACHINE_PATH_IN_TESTS if name.startswith("tests/") else MACHINE_PATH


def _pinned(name: str) -> set[str]:
    lines = (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines()
    return {_name(line) for line in lines if re.match(r"[a-z0-9]", line)}


def _name(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match is not None
    return re.sub(r"[-_.]+", "-", match.group()).lower()


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
