"""Task, language and timestamps -> the tokens that the decoder starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whisperx.errors import OptionError

if TYPE_CHECKING:
    from whisperx.asr.options import DecodingOptions
    from whisperx.text.tokenizer import Tokenizer


def prompt_tokens(tokenizer: Tokenizer, options: DecodingOptions) -> tuple[int, ...]:
    """The decoder's first tokens.

    Raises:
        OptionError: if the model does not know the language, or cannot translate.
    """
    require_language(tokenizer, options)
    return tuple(
        tokenizer.sot_sequence(options.language, options.task, timestamps=options.timestamps)
    )


def require_language(tokenizer: Tokenizer, options: DecodingOptions) -> None:
    """Refuse a language or a task that the model does not have.

    Raises:
        OptionError: in one sentence.
    """
    if not tokenizer.is_multilingual:
        if options.language not in (None, "en"):
            msg = (
                f"This model knows English only, not {options.language!r}; "
                "choose one whose name does not end in .en."
            )
            raise OptionError(msg)
        if options.task != "transcribe":
            msg = "This model knows English only, so there is nothing for it to translate."
            raise OptionError(msg)
    elif options.language is not None and options.language not in tokenizer.language_codes:
        msg = f"This model does not know the language {options.language!r}."
        raise OptionError(msg)
