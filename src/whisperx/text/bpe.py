"""Byte-level BPE: text to ids, ids to bytes, read from a model's own files.

Source: GPT-2's byte alphabet. Splitting and merging is the `tokenizers` library's.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import tokenizers
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel

from whisperx.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def _byte_alphabet() -> dict[str, int]:
    """Character -> byte, for the characters that byte-level BPE writes bytes with.

    Printable Latin-1 stands for itself, the other bytes are moved to U+0100 and up.
    """
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    moved = [byte for byte in range(256) if byte not in plain]
    alphabet = {chr(byte): byte for byte in plain}
    return alphabet | {chr(0x100 + place): byte for place, byte in enumerate(moved)}


_BYTE_OF = _byte_alphabet()


class ByteBPE:
    """Ids of text and bytes of ids; special tokens have a name and an id, but no meaning here.

    Attributes:
        special: Special token, as written -> id. None is ever found in text.
    """

    def __init__(self, bpe: tokenizers.Tokenizer, special: Mapping[str, int]) -> None:
        self.special = dict(special)
        self._written = {token: name for name, token in self.special.items()}
        self._bpe = bpe
        self._pieces: dict[int, bytes] = {}

    def encode(self, text: str) -> list[int]:
        """Ids of `text`; what looks like a special token in it is ordinary text."""
        if self._bpe.normalizer is not None:
            text = self._bpe.normalizer.normalize_str(text)
        # Not the library's own `encode`: that makes the token of a written "<|endoftext|>".
        splitter, model = self._bpe.pre_tokenizer, self._bpe.model
        words = [text] if splitter is None else [w for w, _ in splitter.pre_tokenize_str(text)]
        return [token.id for word in words for token in model.tokenize(word)]

    def find(self, name: str) -> int | None:
        """Id of a special token; None if there is no such token."""
        found = self.special.get(name)
        return self._bpe.token_to_id(name) if found is None else found

    def piece(self, token: int) -> bytes:
        """Bytes of one token; empty for an id that the vocabulary lacks (padded output layers)."""
        if token not in self._pieces:
            self._pieces[token] = self._spell(token)
        return self._pieces[token]

    def _spell(self, token: int) -> bytes:
        if token in self._written:
            return self._written[token].encode()
        written = self._bpe.id_to_token(token) if token >= 0 else None
        if written is None:
            return b""
        if all(char in _BYTE_OF for char in written):
            return bytes(_BYTE_OF[char] for char in written)
        return written.encode()


def read_folder(folder: Path) -> ByteBPE:
    """The BPE in a model's folder.

    Reads `tokenizer.json`, or, in old repositories that lack it, `vocab.json`, `merges.txt` and,
    where there is one, `added_tokens.json`.

    Raises:
        ModelError: if neither is there or they cannot be read.
    """
    if (folder / "tokenizer.json").is_file():
        return read_file(folder / "tokenizer.json")
    if not ((folder / "vocab.json").is_file() and (folder / "merges.txt").is_file()):
        msg = (
            f"{folder} holds no tokenizer: it needs tokenizer.json, or vocab.json and merges.txt; "
            "copy them from the repository of the model it was made from"
        )
        raise ModelError(msg)
    try:
        model = BPE.from_file(str(folder / "vocab.json"), str(folder / "merges.txt"))
    except Exception as error:  # the library raises nothing narrower
        msg = f"vocab.json or merges.txt in {folder} cannot be read ({error}); get them again"
        raise ModelError(msg) from error
    bpe = tokenizers.Tokenizer(model)
    bpe.pre_tokenizer = ByteLevel(add_prefix_space=False)
    return ByteBPE(bpe, _read_added_tokens(folder / "added_tokens.json"))


def read_file(path: Path) -> ByteBPE:
    """The BPE in a `tokenizer.json`.

    Raises:
        ModelError: if it is missing or cannot be read.
    """
    if not path.is_file():
        msg = f"there is no tokenizer file {path}; give a folder or a file that exists"
        raise ModelError(msg)
    try:
        bpe = tokenizers.Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing narrower
        msg = f"{path} cannot be read as a tokenizer.json ({error}); get the model's files again"
        raise ModelError(msg) from error
    added = bpe.get_added_tokens_decoder()
    return ByteBPE(bpe, {token.content: place for place, token in added.items()})


def _read_added_tokens(path: Path) -> dict[str, int]:
    if not path.is_file():
        return {}
    try:
        added = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        msg = f"{path} is not JSON ({error}); get the model's files again"
        raise ModelError(msg) from error
    return {str(name): int(token) for name, token in added.items()}
