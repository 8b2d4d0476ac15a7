"""How to decode, and what goes into and comes out of the decoding loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from whisperx.errors import OptionError

if TYPE_CHECKING:
    from whisperx.types import Audio

Task = Literal["transcribe", "translate"]


@dataclass(frozen=True, slots=True)
class DecodingOptions:
    """How to decode; requests with equal options share a batch.

    Attributes:
        task: Write what was said, or translate it into English.
        language: Code of the language spoken; None for the model's only one.
        timestamps: Let the model write segment times into the text.
        suppress_blank: The text must not begin with a space alone or end at once.
        suppress_tokens: Token ids never to be written; -1 stands for Whisper's list of symbols
            that are not speech.
        max_initial_timestamp: The first time the model writes is at most this (seconds).
        max_new_tokens: Stop a chunk after this many; None for what fits the decoder.

    Raises:
        OptionError: if a value makes no sense.
    """

    task: Task = "transcribe"
    language: str | None = None
    timestamps: bool = False
    suppress_blank: bool = True
    suppress_tokens: tuple[int, ...] = (-1,)
    max_initial_timestamp: float = 1.0
    max_new_tokens: int | None = None

    def __post_init__(self) -> None:
        if self.task not in ("transcribe", "translate"):
            msg = f"The task is 'transcribe' or 'translate', not {self.task!r}."
            raise OptionError(msg)
        if self.max_new_tokens is not None and self.max_new_tokens < 1:
            msg = f"max_new_tokens must be at least 1, not {self.max_new_tokens}."
            raise OptionError(msg)
        if self.max_initial_timestamp < 0:
            msg = f"max_initial_timestamp must not be negative, not {self.max_initial_timestamp}."
            raise OptionError(msg)


@dataclass(frozen=True, slots=True)
class DecodeRequest:
    """One window for the decoding loop.

    Attributes:
        id: What the caller knows it by; comes back with the result.
        audio: At most 30 s.
        prompt: Tokens that the decoder starts from.
        sot_index: Where in the prompt start-of-transcript stands.
    """

    id: int
    audio: Audio
    prompt: tuple[int, ...]
    sot_index: int = 0


@dataclass(frozen=True, slots=True)
class DecodedChunk:
    """What the decoding loop says of one request.

    Attributes:
        id: As in the request.
        tokens: What was written, without the prompt and without end of text.
        avg_logprob: Mean log-probability of the tokens, end of text counted.
        no_speech_prob: How likely there is no speech, in [0, 1]; None if the model has no token
            for it.
        ended: Whether the model ended by itself, not at the limit.
    """

    id: int
    tokens: tuple[int, ...]
    avg_logprob: float
    no_speech_prob: float | None
    ended: bool
