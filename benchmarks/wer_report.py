"""Word error rate of a model on the `dev` recordings, each alone in one 30 s window.

    python benchmarks/wer_report.py --model FOLDER_OR_NAME --out benchmarks/results/NAME.json

Greedy, without timestamps and without voice activity detection, so that only the model and the
decoding loop are measured. Rates are with `plain` text and with Whisper's own normalizer.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import shlex
import sys
import time
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpora import Recording, recordings
from scoring import Scored, by_corpus, table

from whisperx import __version__
from whisperx.asr.options import DecodingOptions
from whisperx.asr.recognizer import Window
from whisperx.audio.decode import decode
from whisperx.engine.engine import Engine
from whisperx.text import normalizers

if TYPE_CHECKING:
    from scoring import WordErrors

    from whisperx.types import Audio


def main() -> None:
    """Measure, print the table, write the file."""
    options = _arguments()
    chosen = recordings("dev", corpus=options.corpus, language="en")[: options.limit]
    engine = Engine(
        options.model,
        device=options.device,
        compute_type=options.precision,
        batch_size=options.batch_size,
    )
    audios = [decode(recording.audio) for recording in chosen]
    begun = time.perf_counter()
    texts = transcribe_all(engine, audios, _ids(options.suppress_tokens))
    wall_seconds = time.perf_counter() - begun
    scored = [_scored(*pair) for pair in zip(chosen, texts, strict=True)]
    counted = {
        "plain": by_corpus(scored, normalizers.plain),
        "whisper": by_corpus(scored, normalizers.whisper("en")),
    }
    for name, rows in counted.items():
        print(f"\nnormalizer {name}\n{table(rows)}")
    sound_seconds = sum(audio.duration for audio in audios)
    print(f"\n{wall_seconds:.1f} s for {sound_seconds:.0f} s of sound")
    if options.out:
        report = {
            "command": "python benchmarks/wer_report.py " + shlex.join(sys.argv[1:]),
            "date": date.today().isoformat(),
            "model": options.model,
            "plan": {name: str(value) for name, value in asdict(engine.plan).items()},
            "suppress_tokens": options.suppress_tokens,
            "machine": _machine(),
            "wall_seconds": round(wall_seconds, 2),
            "sound_seconds": round(sound_seconds, 2),
            "word_errors": {name: _rows(rows) for name, rows in counted.items()},
        }
        options.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    if options.texts:
        lines = [
            json.dumps({"audio": recording.name, "text": text}, ensure_ascii=False)
            for recording, text in zip(chosen, texts, strict=True)
        ]
        options.texts.write_text("\n".join(lines) + "\n", encoding="utf-8")


def transcribe_all(
    engine: Engine, audios: list[Audio], suppress_tokens: tuple[int, ...]
) -> list[str]:
    """The text of each recording, greedy, in one window of its own."""
    recognizer = engine.recognizer
    options = DecodingOptions(language="en", suppress_tokens=suppress_tokens)
    windows = [Window(audio, "en") for audio in audios]
    texts = [""] * len(windows)
    results = recognizer.recognize(windows, options, engine.plan.batch_size)
    for done, decoded in enumerate(results, start=1):
        texts[decoded.id] = recognizer.tokenizer.decode(decoded.tokens)
        if done % 50 == 0:
            print(f"{done} of {len(windows)}", file=sys.stderr)
    return texts


def _scored(recording: Recording, text: str) -> Scored:
    return Scored(recording.corpus, recording.text or "", text)


def _rows(counted: dict[str, WordErrors]) -> dict[str, dict[str, Any]]:
    return {
        corpus: {"wer": None if errors.rate is None else round(errors.rate, 5), **asdict(errors)}
        for corpus, errors in counted.items()
    }


def _machine() -> dict[str, Any]:
    return {
        "system": platform.platform(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "whisperx-mlx": __version__,
        "mlx": importlib.metadata.version("mlx"),
    }


def _ids(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(",") if part.strip())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", required=True, help="folder, short name or owner/name")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="default", help="compute type, such as float32")
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--suppress-tokens", default="-1", help='ids; "-1": symbols; "": none')
    parser.add_argument("--corpus", help="only this corpus, such as ljspeech")
    parser.add_argument("--limit", type=int, help="only the first so many recordings")
    parser.add_argument("--out", type=Path, help="JSON file for the result")
    parser.add_argument("--texts", type=Path, help="JSON lines file for what was recognized")
    return parser.parse_args()


if __name__ == "__main__":
    main()
