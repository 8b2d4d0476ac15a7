"""Record WhisperX's and openai-whisper's language tables.

    python tests/parity/record/record_languages.py whisperx          # where whisperx is installed
    python tests/parity/record/record_languages.py openai_whisper    # where openai-whisper is

Each writes its own part of `tests/parity/fixtures/tokenizer/languages.json`.
"""

from __future__ import annotations

import importlib.metadata
import json
import platform
import sys
from datetime import date
from pathlib import Path

FIXTURE = Path(__file__).parents[1] / "fixtures/tokenizer/languages.json"


def whisperx_tables() -> dict:
    from whisperx import utils

    return {
        "LANGUAGES": [list(pair) for pair in utils.LANGUAGES.items()],
        "TO_LANGUAGE_CODE": utils.TO_LANGUAGE_CODE,
        "LANGUAGES_WITHOUT_SPACES": utils.LANGUAGES_WITHOUT_SPACES,
        "PUNKT_LANGUAGES": utils.PUNKT_LANGUAGES,
        "provenance": provenance("whisperx"),
    }


def openai_tables() -> dict:
    from whisper import tokenizer

    return {
        "codes": list(tokenizer.LANGUAGES),
        "TO_LANGUAGE_CODE": tokenizer.TO_LANGUAGE_CODE,
        "provenance": provenance("openai-whisper"),
    }


def provenance(package: str) -> dict:
    return {
        package: importlib.metadata.version(package),
        "python": platform.python_version(),
        "date": date.today().isoformat(),
        "command": "python tests/parity/record/record_languages.py " + " ".join(sys.argv[1:]),
    }


def main() -> None:
    tables = {"whisperx": whisperx_tables, "openai_whisper": openai_tables}
    part = sys.argv[1]
    known = json.loads(FIXTURE.read_text(encoding="utf-8")) if FIXTURE.is_file() else {}
    known[part] = tables[part]()
    FIXTURE.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(known, ensure_ascii=False, indent=1, sort_keys=True)
    FIXTURE.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
