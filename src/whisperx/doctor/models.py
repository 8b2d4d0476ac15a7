"""Which models are on this machine, how others would get here, and whose they are."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whisperx.doctor.report import in_bytes, nearest_folder
from whisperx.weights import catalog, hub

if TYPE_CHECKING:
    from huggingface_hub import CachedRepoInfo

    from whisperx.doctor.report import Section

LICENCES = {
    "whisperx-mlx": "MIT",
    f"{catalog.BUNDLED} (in this package)": "MIT",
    "silero_vad (in this package)": "MIT, copyright Silero Team",
    "openai/whisper-*": "MIT, by OpenAI; each model's page on the hub has the last word",
    "distil-whisper/*": "MIT, inherited from OpenAI's Whisper",
}
"""What is shipped, and what the catalogue names; their texts are beside them."""

VARIABLES = (
    "HF_HOME",
    "HF_HUB_CACHE",
    "HF_ENDPOINT",
    "HF_HUB_OFFLINE",
    "HF_TOKEN",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
)
"""What changes how models get here; said to be set or not, and never to what."""


def bundled(section: Section) -> None:
    """Whether the models inside this package are whole."""
    folder = catalog.bundled_folder()
    missing = hub.missing_files(folder)
    lacks = ", ".join(missing)
    state = f"lacks {lacks}" if missing else _size_of(folder)
    value = {"name": catalog.BUNDLED, "missing": missing}
    section.add("bundled_model", value, f"{catalog.BUNDLED}, {state}")
    if missing:
        section.blame(
            f"The model in this package lacks {lacks}: "
            "pip install --force-reinstall --no-deps whisperx-mlx."
        )


def cache(section: Section) -> None:
    """Speech models in the hub's cache folder: sizes, and whether they are whole."""
    from huggingface_hub import constants, scan_cache_dir

    folder = Path(constants.HF_HUB_CACHE)
    free = shutil.disk_usage(nearest_folder(folder)).free
    section.add("cache_folder", str(folder))
    section.add("disk_free_bytes", free, in_bytes(free))
    if not folder.is_dir():
        section.add("cached_models", {}, "none: the cache folder is not there yet")
        return
    found = scan_cache_dir(folder)
    repos = sorted(
        (repo for repo in found.repos if _is_speech(repo)), key=lambda repo: repo.repo_id
    )
    states = {repo.repo_id: _state(repo) for repo in repos}
    section.add("cached_models", states, f"{len(states)} for speech among {len(found.repos)}")
    for name, state in states.items():
        section.add(f"model {name}", None, _describe(state), label=f"  {name}")
    section.add("cache_warnings", [str(warning) for warning in found.warnings], is_detail=True)


def network(section: Section) -> None:
    """What the environment says about downloading; no values, since they may be secret."""
    from huggingface_hub import constants, get_token

    given = [name for name in VARIABLES if os.environ.get(name) or os.environ.get(name.lower())]
    section.add("variables_set", given)
    section.add("hub_token", bool(get_token()), "set" if get_token() else "none")
    is_offline = bool(constants.HF_HUB_OFFLINE)
    section.add(
        "is_offline", is_offline, "turned off" if is_offline else "allowed", label="downloads"
    )


def licences(section: Section) -> None:
    """Under which licence each model is that is shipped or known by name."""
    for name, licence in LICENCES.items():
        section.add(name, licence, label=name)


def _is_speech(repo: CachedRepoInfo) -> bool:
    known = {catalog.resolve(name).repository for name in catalog.names()}
    if repo.repo_type != "model":
        return False
    return repo.repo_id in known or "whisper" in repo.repo_id.lower()


def _state(repo: CachedRepoInfo) -> dict[str, Any]:
    """Size, short names, and what is missing of the revision that would be used."""
    main = repo.refs.get("main") or max(
        repo.revisions, key=lambda revision: revision.last_modified, default=None
    )
    return {
        "size_bytes": repo.size_on_disk,
        "names": [
            name for name in catalog.names() if catalog.resolve(name).repository == repo.repo_id
        ],
        "missing": hub.missing_files(main.snapshot_path) if main else ["all files"],
        "unfinished_files": len(list((repo.repo_path / "blobs").glob("*.incomplete"))),
    }


def _describe(state: dict[str, Any]) -> str:
    parts = [in_bytes(state["size_bytes"])]
    if state["missing"]:
        parts.append(f"not whole, or of another format (lacks {', '.join(state['missing'])})")
    else:
        parts.append("whole")
    if state["unfinished_files"]:
        parts.append(f"{state['unfinished_files']} unfinished downloads")
    if state["names"]:
        parts.append(f"--model {' or '.join(state['names'])}")
    return ", ".join(parts)


def _size_of(folder: Path) -> str:
    return in_bytes(sum(path.stat().st_size for path in folder.iterdir() if path.is_file()))
