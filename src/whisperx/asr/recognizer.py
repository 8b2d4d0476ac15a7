"""Stage 2, what is said: windows of sound in, text out, in MLX.

Features, encoder and decoder run batched; a window's mel is made when its row joins the batch,
so a long recording costs no more memory than a short one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from whisperx._mlx import mx
from whisperx.asr.decode import DecodeBatch, Vocabulary, decode
from whisperx.asr.options import DecodedChunk, DecodeRequest, DecodingOptions
from whisperx.asr.prompt import prompt_tokens, require_language
from whisperx.asr.rules import Rule, SuppressAtStart, SuppressTokens, TimestampRules
from whisperx.asr.search import Greedy
from whisperx.audio.mel import log_mel, pad_or_trim
from whisperx.errors import OptionError
from whisperx.text.tokenizer import Tokenizer
from whisperx.weights import catalog, checkpoint, hub, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from whisperx.device import ComputePlan
    from whisperx.models.whisper import Whisper
    from whisperx.types import Audio

_SECONDS_PER_TIMESTAMP = 0.02


@dataclass(frozen=True, slots=True)
class Window:
    """What is recognized in one go.

    Attributes:
        audio: At most 30 s.
        language: Code of the language spoken in it.
    """

    audio: Audio
    language: str


@dataclass(frozen=True)
class Recognizer:
    """A Whisper model that is ready to recognize.

    Attributes:
        network: Encoder and decoder.
        tokenizer: The model's own.
        name: What the user calls it.
        non_speech_tokens: What -1 in a suppress list stands for.
    """

    network: Whisper
    tokenizer: Tokenizer
    name: str
    non_speech_tokens: tuple[int, ...]

    def recognize(
        self, windows: Iterable[Window], options: DecodingOptions, batch_size: int
    ) -> Iterator[DecodedChunk]:
        """Recognize windows of at most 30 s.

        Args:
            windows: In any number; read as room in the batch appears.
            options: How to decode.
            batch_size: The most windows at a time.

        Returns:
            Results in the order in which rows end; `id` is the window's index.

        Raises:
            OptionError: if the model cannot do what the options ask.
        """
        self.check(options)
        batch = DecodeBatch(
            self.network.decoder,
            Greedy(),
            self._rules(options),
            Vocabulary(
                self.tokenizer.eot,
                self.tokenizer.timestamp_begin,
                self.tokenizer.no_speech,
                self.network.config.max_target_positions,
            ),
            options.max_new_tokens,
        )
        requests = (self._request(index, window, options) for index, window in enumerate(windows))
        return decode(batch, requests, self.encode, batch_size)

    def encode(self, requests: Sequence[DecodeRequest]) -> mx.array:
        """Audio features `(len(requests), frames, width)`, each window padded to 30 s."""
        return self.network.encoder(self._mel([request.audio for request in requests]))

    def detect_language(self, audio: Audio) -> tuple[str, float]:
        """The language of the first 30 s and its probability among all languages.

        Source: openai-whisper's `detect_language`: one decoder step from start-of-transcript.
        """
        if not self.tokenizer.is_multilingual:
            return "en", 1.0
        state = self.network.decoder.start(self.network.encoder(self._mel([audio])))
        hidden = self.network.decoder(mx.array([[self.tokenizer.sot]]), state)
        codes = self.tokenizer.language_codes
        ids = mx.array([self.tokenizer.language_token(code) for code in codes])
        probabilities = np.array(mx.softmax(self.network.decoder.logits(hidden[0, -1])[ids]))
        best = int(probabilities.argmax())
        return codes[best], float(probabilities[best])

    def check(self, options: DecodingOptions) -> None:
        """Refuse options that this model cannot honour.

        Raises:
            OptionError: in one sentence.
        """
        require_language(self.tokenizer, options)
        last = self.network.config.vocab_size - 1
        if (highest := max(options.suppress_tokens, default=0)) > last:
            msg = f"Token {highest} cannot be suppressed: this model's tokens end at {last}."
            raise OptionError(msg)

    def _request(self, index: int, window: Window, options: DecodingOptions) -> DecodeRequest:
        prompt = prompt_tokens(self.tokenizer, replace(options, language=window.language))
        return DecodeRequest(index, window.audio, prompt, prompt.index(self.tokenizer.sot))

    def _mel(self, windows: Sequence[Audio]) -> mx.array:
        samples = np.stack([pad_or_trim(window.samples) for window in windows])
        return log_mel(samples, self.network.config.num_mel_bins)

    def _rules(self, options: DecodingOptions) -> list[Rule]:
        tokenizer, vocabulary = self.tokenizer, self.network.config.vocab_size
        rules: list[Rule] = []
        if options.suppress_blank:
            rules.append(SuppressAtStart(tokenizer.blank_tokens, vocabulary))
        rules.append(SuppressTokens(self._suppressed(options), vocabulary))
        if options.timestamps:
            rules.append(
                TimestampRules(
                    tokenizer.timestamp_begin,
                    tokenizer.no_timestamps,
                    tokenizer.eot,
                    vocabulary,
                    round(options.max_initial_timestamp / _SECONDS_PER_TIMESTAMP),
                )
            )
        return rules

    def _suppressed(self, options: DecodingOptions) -> tuple[int, ...]:
        """The ids of the suppress list, with the control tokens that Whisper never writes.

        Source: openai-whisper's `_get_suppress_tokens`; an empty list suppresses nothing there
        and in faster-whisper, control tokens included.
        """
        if not options.suppress_tokens:
            return ()
        ids = {token for token in options.suppress_tokens if token >= 0}
        if -1 in options.suppress_tokens:
            ids.update(self.non_speech_tokens)
        tokenizer = self.tokenizer
        ids |= {tokenizer.transcribe, tokenizer.translate, tokenizer.no_speech}
        ids |= {tokenizer.sot, tokenizer.sot_prev, tokenizer.sot_lm}
        return tuple(sorted(ids))


def load_recognizer(
    name: str, plan: ComputePlan, *, cache: Path | None = None, local_only: bool = False
) -> Recognizer:
    """Load a Whisper model by name, folder or repository.

    Args:
        name: A short name, a folder, or `owner/name` on the hub.
        plan: Device and precision.
        cache: Where downloads are kept.
        local_only: Never touch the network.

    Raises:
        ModelError: if it cannot be had or loaded.
    """
    folder = hub.locate(catalog.resolve(name), cache=cache, local_only=local_only)
    tokenizer = Tokenizer.from_folder(folder)
    # A model may bring its own list: one trained on few merges needs tokens that Whisper's rule
    # bans. An empty one, as large-v3 has it, says nothing: WhisperX goes by the rule then too.
    own = checkpoint.read_generation_config(folder).get("suppress_tokens")
    non_speech = own or tokenizer.non_speech_tokens
    return Recognizer(load.whisper(folder, plan), tokenizer, name, tuple(non_speech))
