"""Whisper's byte-level BPE: text to token ids and back, and what each special id means.

Source: tokens and prompt layout as in openai/whisper `tokenizer.py`; the vocabulary comes from the
model's own `tokenizer.json`, so fine-tunes keep theirs.
"""

from __future__ import annotations

import string
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from whisperx.errors import ModelError, OptionError
from whisperx.languages import LANGUAGES, SPLIT_BY_CHARACTER
from whisperx.text.bpe import ByteBPE, read_file, read_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TIMESTAMP_STEP = 0.02
"""Seconds between two timestamp tokens."""
LAST_TIMESTAMP = 1500
"""Number of the last timestamp token, 30.00 s; the first, 0.00 s, has number 0."""

_ENGLISH_ONLY_EOT = 50256
"""End-of-text id of GPT-2's vocabulary, which only the English-only models use."""
_NUMERALS = frozenset("0123456789%$£")

# What marks speakers and sounds in captions: `(`, `[`, `♪` and so on. These count only where the
# vocabulary has them as one token.
_MARKS = (
    *'"#()*+/:;<=>@[\\]^_`{|}~「」『』',
    *("<<", ">>", "<<<", ">>>", "--", "---", "-(", "-[", "('", '("', "((", "))", "(((", ")))"),
    *("[[", "]]", "{{", "}}", "♪♪", "♪♪♪"),
)
# The notes lie between U+2640 and U+267F and share their first two bytes in UTF-8, so their first
# token can go too: no spoken word begins with it.
_NOTES = tuple("♩♪♫♬♭♮♯")
# A hyphen or an apostrophe is wanted inside a word, not at its beginning.
_WORD_STARTS = (" -", " '")


class Tokenizer:
    """Whisper's tokens of one model.

    Attributes:
        is_multilingual: Whether prompts name a language and a task.
        eot: `<|endoftext|>`; every id below is text, every id from here on is special.
        sot: `<|startoftranscript|>`.
        translate: `<|translate|>`.
        transcribe: `<|transcribe|>`.
        sot_lm: `<|startoflm|>`.
        sot_prev: `<|startofprev|>`, which opens the prompt.
        no_speech: `<|nospeech|>`, in older files `<|nocaptions|>`.
        no_timestamps: `<|notimestamps|>`.
        timestamp_begin: `<|0.00|>`.
    """

    def __init__(self, bpe: ByteBPE, *, multilingual: bool | None = None) -> None:
        """Make it from a BPE that was read; `from_folder` and `from_file` read one.

        Args:
            bpe: The text tokens and the names of the special ones.
            multilingual: Whether prompts name a language and a task; None: unless this is GPT-2's
                vocabulary, as in the English-only models, or there are no language tokens.

        Raises:
            ModelError: if one of Whisper's special tokens is missing.
        """
        self._bpe = bpe
        self.eot = self._require("<|endoftext|>")
        self.sot = self._require("<|startoftranscript|>")
        self.translate = self._require("<|translate|>")
        self.transcribe = self._require("<|transcribe|>")
        self.sot_lm = self._require("<|startoflm|>")
        self.sot_prev = self._require("<|startofprev|>")
        self.no_speech = self._require("<|nospeech|>", "<|nocaptions|>")
        self.no_timestamps = self._require("<|notimestamps|>")
        first = bpe.find("<|0.00|>")  # older files do not name it
        self.timestamp_begin = self.no_timestamps + 1 if first is None else first
        self._languages = self._find_languages()
        if multilingual is None:
            multilingual = bool(self._languages) and self.eot != _ENGLISH_ONLY_EOT
        self.is_multilingual = multilingual

    @classmethod
    def from_folder(cls, folder: str | Path, *, multilingual: bool | None = None) -> Tokenizer:
        """The tokenizer in a model's folder, from `tokenizer.json` or the older set of files.

        Raises:
            ModelError: if there is none, or it cannot be read, or it is not Whisper's.
        """
        return cls(read_folder(Path(folder)), multilingual=multilingual)

    @classmethod
    def from_file(cls, path: str | Path, *, multilingual: bool | None = None) -> Tokenizer:
        """The tokenizer in a `tokenizer.json`.

        Raises:
            ModelError: if it is missing, cannot be read, or is not Whisper's.
        """
        return cls(read_file(Path(path)), multilingual=multilingual)

    def encode(self, text: str) -> list[int]:
        """Token ids of `text`; what looks like a special token in it is ordinary text."""
        return self._bpe.encode(text)

    def decode(self, tokens: Iterable[int]) -> str:
        """Text of `tokens`, special tokens and timestamps left out; broken UTF-8 becomes U+FFFD."""
        data = b"".join(self._bytes(token) for token in tokens if token < self.eot)
        return data.decode("utf-8", "replace")

    def decode_with_timestamps(self, tokens: Iterable[int]) -> str:
        """Text of `tokens`, special tokens and timestamps written out, such as `<|1.08|>`."""
        return b"".join(self._bytes(token) for token in tokens).decode("utf-8", "replace")

    @property
    def language_codes(self) -> tuple[str, ...]:
        """Codes of the languages that have a token here, in the order of their ids."""
        return tuple(self._languages)

    @property
    def language_tokens(self) -> tuple[int, ...]:
        """Ids of the language tokens, in order; beside `language_codes`."""
        return tuple(self._languages.values())

    def language_token(self, code: str) -> int:
        """Id of the token of a language.

        Raises:
            OptionError: if this model has none for it.
        """
        if code not in self._languages:
            msg = (
                f"this model has no language {code!r}; "
                f"it has {', '.join(self._languages) or 'no language tokens'}"
            )
            raise OptionError(msg)
        return self._languages[code]

    def sot_sequence(
        self,
        language: str | None = None,
        task: Literal["transcribe", "translate"] = "transcribe",
        *,
        timestamps: bool = False,
    ) -> tuple[int, ...]:
        """The tokens that open a transcript.

        `<|startoftranscript|>`, then language and task if the model is multilingual, then
        `<|notimestamps|>` unless `timestamps`.

        Raises:
            OptionError: if the model lacks the language or the task, or needs a language.
        """
        if task not in ("transcribe", "translate"):
            msg = f"there is no task {task!r}; it must be 'transcribe' or 'translate'"
            raise OptionError(msg)
        tail = () if timestamps else (self.no_timestamps,)
        if self.is_multilingual:
            if language is None:
                msg = "a multilingual model must be told the language; detect it first"
                raise OptionError(msg)
            task_token = self.transcribe if task == "transcribe" else self.translate
            return (self.sot, self.language_token(language), task_token, *tail)
        if language not in (None, "en") or task != "transcribe":
            msg = (
                f"this model only transcribes English, not language {language!r} with task "
                f"{task!r}; use a multilingual model"
            )
            raise OptionError(msg)
        return (self.sot, *tail)

    def is_timestamp(self, token: int) -> bool:
        """Whether `token` is a time."""
        return 0 <= token - self.timestamp_begin <= LAST_TIMESTAMP

    def timestamp_id(self, seconds: float) -> int:
        """Id of the timestamp nearest to `seconds` from the start of the window.

        Raises:
            OptionError: if it is not between 0 and 30 s.
        """
        step = round(seconds / TIMESTAMP_STEP)
        if not 0 <= step <= LAST_TIMESTAMP:
            msg = f"there is no timestamp for {seconds} s; it must be between 0 and 30 s"
            raise OptionError(msg)
        return self.timestamp_begin + step

    def seconds(self, token: int) -> float:
        """Time that a timestamp token stands for, from the start of the window.

        Raises:
            OptionError: if `token` is not a timestamp.
        """
        if not self.is_timestamp(token):
            msg = (
                f"token {token} is not a timestamp; those are "
                f"{self.timestamp_begin} to {self.timestamp_begin + LAST_TIMESTAMP}"
            )
            raise OptionError(msg)
        return round((token - self.timestamp_begin) * TIMESTAMP_STEP, 2)

    @cached_property
    def non_speech_tokens(self) -> tuple[int, ...]:
        """Sorted ids that start or are an annotation, not speech: `suppress_tokens=-1` means them.

        Source: openai/whisper `Tokenizer.non_speech_tokens`, the same symbols and the same rule.
        A vocabulary with few merges may name its bare space here, as Whisper's rule does.
        """
        found = {self.encode(start)[0] for start in _WORD_STARTS}
        for symbol in (*_MARKS, *_NOTES):
            for ids in (self.encode(symbol), self.encode(" " + symbol)):
                if len(ids) == 1 or symbol in _NOTES:
                    found.add(ids[0])
        return tuple(sorted(found))

    @cached_property
    def numeral_tokens(self) -> tuple[int, ...]:
        """Sorted ids of the text tokens with a digit, `%`, `$` or `£` in them.

        Source: WhisperX's `suppress_numerals`.
        """
        return tuple(
            token for token in range(self.eot) if not _NUMERALS.isdisjoint(self.decode((token,)))
        )

    @cached_property
    def blank_tokens(self) -> tuple[int, ...]:
        """Ids that may not come first where blank output is suppressed: a bare space, the end."""
        return (*self.encode(" "), self.eot)

    def split_to_word_tokens(
        self, tokens: Sequence[int], language: str | None = None
    ) -> list[tuple[str, tuple[int, ...]]]:
        """Words and the tokens of each, in order; together they are all of `tokens`.

        A word begins at a space; a run of punctuation and a special token are words of their own.
        In languages of `SPLIT_BY_CHARACTER` every character, or group of characters that share a
        token, is a word. No character is ever cut in two.

        Source: openai/whisper `Tokenizer.split_to_word_tokens`; equal on valid UTF-8. It differs
        on broken bytes, where a group here ends only between characters of the whole text.
        """
        groups = self._split_between_characters(tokens)
        if language in SPLIT_BY_CHARACTER:
            return groups
        words: list[tuple[str, tuple[int, ...]]] = []
        for text, ids in groups:
            alone = ids[0] >= self.eot or text.strip() in string.punctuation
            if alone or text.startswith(" ") or not words:
                words.append((text, ids))
            else:
                words[-1] = (words[-1][0] + text, words[-1][1] + ids)
        return words

    def _split_between_characters(self, tokens: Sequence[int]) -> list[tuple[str, tuple[int, ...]]]:
        """The shortest groups of tokens that end where a character of the whole text ends."""
        pieces = [self._bytes(token) for token in tokens]
        ends = _character_ends(b"".join(pieces))
        groups: list[tuple[str, tuple[int, ...]]] = []
        end, held, first = 0, b"", 0
        for place, piece in enumerate(pieces):
            end, held = end + len(piece), held + piece
            if end in ends or place == len(pieces) - 1:
                groups.append((held.decode("utf-8", "replace"), tuple(tokens[first : place + 1])))
                held, first = b"", place + 1
        return groups

    def _bytes(self, token: int) -> bytes:
        """What `token` is written as, in UTF-8."""
        if self.is_timestamp(token):  # older files do not name these
            return f"<|{self.seconds(token):.2f}|>".encode()
        return self._bpe.piece(token)

    def _require(self, *names: str) -> int:
        for name in names:
            if (found := self._bpe.find(name)) is not None:
                return found
        msg = f"this is not a Whisper tokenizer: it lacks the token {' or '.join(names)}"
        raise ModelError(msg)

    def _find_languages(self) -> dict[str, int]:
        found = {code: self._bpe.find(f"<|{code}|>") for code in LANGUAGES}
        known = [(token, code) for code, token in found.items() if token is not None]
        return {code: token for token, code in sorted(known)}


def _character_ends(data: bytes) -> set[int]:
    """Offsets in `data` at which a character ends; each U+FFFD of broken bytes counts as one."""
    ends = {0}
    at = 0
    while at < len(data):
        try:
            valid, broken = data[at:].decode("utf-8"), 0
        except UnicodeDecodeError as error:
            valid, broken = data[at : at + error.start].decode("utf-8"), error.end - error.start
        for char in valid:
            at += len(char.encode("utf-8"))
            ends.add(at)
        at += broken
        ends.add(at)
    return ends
