"""The flags of `whisperx`: WhisperX's names, defaults and ways of writing values.

Imports argparse and the languages' names only, so that `--help` is quick.
"""

from __future__ import annotations

import argparse
import platform

from whisperx import __version__
from whisperx.languages import LANGUAGES, TO_LANGUAGE_CODE

_BOOLEANS = {"True": True, "False": False}


def build_parser() -> argparse.ArgumentParser:
    """The parser of the `whisperx` command."""
    parser = argparse.ArgumentParser(
        prog="whisperx",
        description="Turn recordings into text, with every network in Apple's MLX.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("audio", nargs="+", help="audio or video files to transcribe")
    _add_model(parser)
    _add_output(parser)
    _add_recognition(parser)
    parser.add_argument(
        "--version",
        "-V",
        action="version",
        version=f"%(prog)s {__version__}",
        help="print the version and stop",
    )
    parser.add_argument(
        "--python-version",
        "-P",
        action="version",
        version=f"Python {platform.python_version()} ({platform.python_implementation()})",
        help="print the version of Python and stop",
    )
    return parser


def boolean(text: str) -> bool:
    """`True` or `False`, written out as WhisperX wants it.

    Raises:
        argparse.ArgumentTypeError: for anything else.
    """
    if text not in _BOOLEANS:
        msg = f"expected True or False, got {text!r}"
        raise argparse.ArgumentTypeError(msg)
    return _BOOLEANS[text]


def positive_integer(text: str) -> int:
    """A whole number of at least 1.

    Raises:
        argparse.ArgumentTypeError: for anything else.
    """
    if not text.isdecimal() or int(text) < 1:
        msg = f"expected a whole number of at least 1, got {text!r}"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def _add_model(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("model")
    group.add_argument(
        "--model",
        help="short name, folder, or owner/name on the hub; without it `small`, or where no hub "
        "can be reached the small English model in this package",
    )
    group.add_argument("--model_dir", help="folder that downloaded models are kept in")
    group.add_argument(
        "--model_cache_only",
        type=boolean,
        default=False,
        metavar="{True,False}",
        help="use only models that are on this machine; never touch the network",
    )
    group.add_argument(
        "--device",
        default="auto",
        help="where to compute: auto, cpu, or gpu (also written cuda, mps, metal, mlx)",
    )
    group.add_argument(
        "--compute_type",
        default="default",
        choices=["default", "float16", "bfloat16", "float32", "int8"],
        help="precision; default is float16 on a GPU and float32 on a CPU",
    )
    group.add_argument(
        "--batch_size",
        type=positive_integer,
        default=8,
        help="the most windows that are decoded at a time",
    )


def _add_output(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("output")
    group.add_argument(
        "--output_dir", "-o", default=".", help="folder for the results; made if missing"
    )
    group.add_argument(
        "--output_format",
        "-f",
        default="all",
        choices=["all", "srt", "vtt", "txt", "tsv", "json", "aud"],
        help="what to write; all is everything but aud",
    )
    group.add_argument(
        "--verbose",
        type=boolean,
        default=True,
        metavar="{True,False}",
        help="print the transcript, and what is being done",
    )
    group.add_argument(
        "--log-level",
        choices=["debug", "info", "warning", "error", "critical"],
        help="how much to tell; overrides --verbose",
    )


def _add_recognition(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("recognition")
    group.add_argument(
        "--task",
        default="transcribe",
        choices=["transcribe", "translate"],
        help="write what was said, or its English translation",
    )
    group.add_argument(
        "--language",
        metavar="LANGUAGE",
        choices=sorted(LANGUAGES) + sorted(name.title() for name in TO_LANGUAGE_CODE),
        help="code or English name of the language spoken; detected if not given",
    )
