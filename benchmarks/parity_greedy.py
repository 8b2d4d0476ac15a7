"""Compare the tokens of greedy decoding with those of openai-whisper and transformers.

    python benchmarks/parity_greedy.py [--shared ../shared] [--batch-size 8] [--out FILE]

Decodes every window that `tests/parity/record/record_greedy.py` recorded, with and without
timestamps, with Whisper's suppress lists and with none, and holds token ids, mean log-probability
and no-speech probability against the recording. Writes one JSON report; ends with status 1 if
anything differs.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests/parity"))

import greedy  # noqa: E402 - lies in the folder that was just named
import windows  # noqa: E402

if TYPE_CHECKING:
    from whisperx.asr.options import DecodedChunk
    from whisperx.asr.recognizer import Recognizer
    from whisperx.types import Audio


def summary(ours: list[DecodedChunk], lists: dict[str, list]) -> dict[str, Any]:
    """What one mode shows."""
    found = greedy.differences(ours, lists)
    peers = [("openai-whisper", "tokens"), ("transformers", "transformers")]
    return {
        "windows": len(ours),
        "ended_by_themselves": sum(one.ended for one in ours),
        "tokens": sum(len(one.tokens) for one in ours),
        "distinct_tokens": len({token for one in ours for token in one.tokens}),
        "windows_with_other_tokens": {
            peer: sum(list(one.tokens) != row for one, row in zip(ours, lists[rows], strict=True))
            for peer, rows in peers
            if rows in lists
        },
        "worst_avg_logprob_difference": worst(ours, lists, "avg_logprob"),
        "worst_no_speech_prob_difference": worst(ours, lists, "no_speech_prob"),
        "differences": found,
    }


def worst(ours: list[DecodedChunk], lists: dict[str, list], what: str) -> float:
    """Largest difference of a number from openai-whisper's."""
    pairs = zip(ours, lists[what], strict=True)
    return float(f"{max(abs(getattr(one, what) - theirs) for one, theirs in pairs):.2e}")


def compare(
    model: Recognizer, sounds: list[Audio], modes: dict[str, dict[str, list]], batch_size: int
) -> dict[str, Any]:
    """Every mode's summary."""
    report: dict[str, Any] = {}
    for name, lists in modes.items():
        begin = time.perf_counter()
        report[name] = summary(greedy.run(model, sounds, windows.MODES[name], batch_size), lists)
        report[name]["seconds"] = round(time.perf_counter() - begin, 1)
        print(name, report[name], flush=True)
    return report


def main() -> int:
    """Run the comparison; 0 if nothing differs."""
    parser = argparse.ArgumentParser(description="Compare greedy decoding with PyTorch's.")
    parser.add_argument("--shared", type=Path, default=HERE.parent.parent / "shared")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--out", type=Path, default=HERE / "results/parity-greedy.json")
    options = parser.parse_args()
    places, modes, provenance = greedy.recorded()
    sounds = greedy.sound(options.shared / "data", places)
    found = compare(greedy.recognizer(options.shared), sounds, modes, options.batch_size)
    report = {
        "what": "greedy decoding with mini-en in fp32, ours against recorded PyTorch",
        "date": datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat(),
        "command": f"python benchmarks/parity_greedy.py --batch-size {options.batch_size}",
        "machine": f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores",
        "versions": {
            "python": platform.python_version(),
            **{package: importlib.metadata.version(package) for package in ("mlx", "av", "numpy")},
        },
        "recorded_with": provenance,
        "seconds_of_sound": round(sum(one.duration for one in sounds)),
        "tolerance": {
            "avg_logprob": greedy.LOGPROB_TOLERANCE,
            "no_speech_prob": greedy.NO_SPEECH_TOLERANCE,
        },
        "modes": found,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 1 if any(mode["differences"] for mode in found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
