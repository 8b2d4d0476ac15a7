"""Text normalizers: what two transcripts are made alike by before their word errors are counted.

Used for measuring only, never on a transcript that goes out. `plain` needs nothing; Whisper's own
come from the package `whisper-normalizer`, which is imported when first asked for.
"""

from __future__ import annotations

import importlib
import re
import warnings
from functools import cache
from typing import TYPE_CHECKING

from whisperx.errors import PlatformError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    Normalizer = Callable[[str], str]

_NOT_A_WORD = re.compile(r"[^a-z0-9' ]+")

# Rules that whisper-normalizer has and OpenAI's original lacks: "the cause" would be "the because".
_NOT_WHISPERS = (r"\bkinda\b", r"\bsorta\b", r"\bdunno\b", r"\bcause\b")


def plain(text: str) -> str:
    """Lower-case words of English: letters, digits and apostrophes, single spaces between.

    A hyphen parts words; every other sign does too.
    """
    return " ".join(_NOT_A_WORD.sub(" ", text.lower().replace("-", " ")).split())


def whisper(language: str) -> Normalizer:
    """Whisper's own normalizer for a language: spelling and numbers in English, else signs only.

    Args:
        language: Code of the language, as in `languages.LANGUAGES`.

    Raises:
        PlatformError: if the package whisper-normalizer is not installed.

    Source: Radford et al. 2022, appendix C; equal to openai-whisper's `EnglishTextNormalizer` and
    `BasicTextNormalizer`.
    """
    return _english() if language == "en" else _basic()


@cache
def _english() -> Normalizer:
    normalizer = _import("whisper_normalizer.english").EnglishTextNormalizer()
    for pattern in _NOT_WHISPERS:
        normalizer.replacers.pop(pattern, None)
    return normalizer


@cache
def _basic() -> Normalizer:
    return _import("whisper_normalizer.basic").BasicTextNormalizer()


def _import(name: str) -> ModuleType:
    with warnings.catch_warnings():
        # Version 0.1.15 has a "\X" in a docstring, of which Python warns when it compiles the file.
        warnings.filterwarnings("ignore", r"(.*)invalid escape sequence")
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            msg = (
                "Whisper's text normalizers need a package that is not installed: "
                "pip install whisper-normalizer"
            )
            raise PlatformError(msg) from error
