"""Whisper's languages: codes, names and aliases, which are written without spaces, Punkt names."""

from __future__ import annotations

import difflib
from typing import Final

from whisperx.errors import OptionError

LANGUAGES: Final[dict[str, str]] = {
    "en": "english",
    "zh": "chinese",
    "de": "german",
    "es": "spanish",
    "ru": "russian",
    "ko": "korean",
    "fr": "french",
    "ja": "japanese",
    "pt": "portuguese",
    "tr": "turkish",
    "pl": "polish",
    "ca": "catalan",
    "nl": "dutch",
    "ar": "arabic",
    "sv": "swedish",
    "it": "italian",
    "id": "indonesian",
    "hi": "hindi",
    "fi": "finnish",
    "vi": "vietnamese",
    "he": "hebrew",
    "uk": "ukrainian",
    "el": "greek",
    "ms": "malay",
    "cs": "czech",
    "ro": "romanian",
    "da": "danish",
    "hu": "hungarian",
    "ta": "tamil",
    "no": "norwegian",
    "th": "thai",
    "ur": "urdu",
    "hr": "croatian",
    "bg": "bulgarian",
    "lt": "lithuanian",
    "la": "latin",
    "mi": "maori",
    "ml": "malayalam",
    "cy": "welsh",
    "sk": "slovak",
    "te": "telugu",
    "fa": "persian",
    "lv": "latvian",
    "bn": "bengali",
    "sr": "serbian",
    "az": "azerbaijani",
    "sl": "slovenian",
    "kn": "kannada",
    "et": "estonian",
    "mk": "macedonian",
    "br": "breton",
    "eu": "basque",
    "is": "icelandic",
    "hy": "armenian",
    "ne": "nepali",
    "mn": "mongolian",
    "bs": "bosnian",
    "kk": "kazakh",
    "sq": "albanian",
    "sw": "swahili",
    "gl": "galician",
    "mr": "marathi",
    "pa": "punjabi",
    "si": "sinhala",
    "km": "khmer",
    "sn": "shona",
    "yo": "yoruba",
    "so": "somali",
    "af": "afrikaans",
    "oc": "occitan",
    "ka": "georgian",
    "be": "belarusian",
    "tg": "tajik",
    "sd": "sindhi",
    "gu": "gujarati",
    "am": "amharic",
    "yi": "yiddish",
    "lo": "lao",
    "uz": "uzbek",
    "fo": "faroese",
    "ht": "haitian creole",
    "ps": "pashto",
    "tk": "turkmen",
    "nn": "nynorsk",
    "mt": "maltese",
    "sa": "sanskrit",
    "lb": "luxembourgish",
    "my": "myanmar",
    "bo": "tibetan",
    "tl": "tagalog",
    "mg": "malagasy",
    "as": "assamese",
    "tt": "tatar",
    "haw": "hawaiian",
    "ln": "lingala",
    "ha": "hausa",
    "ba": "bashkir",
    "jw": "javanese",
    "su": "sundanese",
    "yue": "cantonese",
}
"""Code -> English name, in the order of Whisper's language tokens.

Models before large-v3 have the first 99; Cantonese (`yue`) came with large-v3 and is the last.
"""

TO_LANGUAGE_CODE: Final[dict[str, str]] = {
    **{name: code for code, name in LANGUAGES.items()},
    "burmese": "my",
    "valencian": "ca",
    "flemish": "nl",
    "haitian": "ht",
    "letzeburgesch": "lb",
    "pushto": "ps",
    "panjabi": "pa",
    "moldavian": "ro",
    "moldovan": "ro",
    "sinhalese": "si",
    "castilian": "es",
}
"""English or other name, lower case -> code. Exactly WhisperX's, as its `--help` lists them."""

_MORE_NAMES: Final[dict[str, str]] = {"mandarin": "zh"}
"""Names that OpenAI's Whisper takes and WhisperX does not list."""

LANGUAGES_WITHOUT_SPACES: Final[tuple[str, ...]] = ("ja", "zh")
"""Languages in which WhisperX aligns characters, not words, and joins words without spaces."""

SPLIT_BY_CHARACTER: Final[frozenset[str]] = frozenset({"ja", "lo", "my", "th", "yue", "zh"})
"""Languages whose tokens Whisper groups by character, as there are no spaces to find words by.

Khmer and Tibetan are also written without spaces between words, but Whisper treats them like the
languages that have them.
"""

PUNKT_LANGUAGES: Final[dict[str, str]] = {
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "et": "estonian",
    "fi": "finnish",
    "fr": "french",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "sl": "slovene",
    "sv": "swedish",
    "tr": "turkish",
    "ml": "malayalam",
    "ru": "russian",
}
"""Code -> name of the Punkt model that finds this language's sentences; English for the others."""


def parse_language(text: str) -> str:
    """The code that a user means by `text`: a code, an English name or another name, in any case.

    Raises:
        OptionError: if Whisper knows no such language; the message names the closest ones.
    """
    wanted = " ".join(text.lower().split())
    if wanted in LANGUAGES:
        return wanted
    names = TO_LANGUAGE_CODE | _MORE_NAMES
    if wanted in names:
        return names[wanted]
    close = difflib.get_close_matches(wanted, [*names, *LANGUAGES], n=3, cutoff=0.6)
    if close:
        hint = "did you mean " + " or ".join(repr(name) for name in close) + "?"
    else:
        hint = "give a code such as 'en' or a name such as 'english'."
    msg = f"Whisper knows no language {text!r}; {hint}"
    raise OptionError(msg)
