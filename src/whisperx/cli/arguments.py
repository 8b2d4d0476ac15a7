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
    parser.add_argument(
        "audio",
        nargs="+",
        help="audio or video files, folders, patterns such as 'talks/*.mp3', or - for standard "
        "input",
    )
    _add_model(parser)
    _add_input(parser)
    _add_output(parser)
    _add_recognition(parser)
    _add_vad(parser)
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


def index(text: str) -> int:
    """A whole number of at least 0.

    Raises:
        argparse.ArgumentTypeError: for anything else.
    """
    if not text.isdecimal():
        msg = f"expected a whole number of at least 0, got {text!r}"
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
        "--output_name", help="name of the results without ending; for one recording"
    )
    group.add_argument(
        "--print_progress",
        type=boolean,
        default=False,
        metavar="{True,False}",
        help="print how far recognition is as plain lines, instead of a live bar",
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


def _add_input(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("input")
    group.add_argument(
        "--audio_track",
        type=index,
        help="which audio track of a video to hear, from 0; without it the one ffmpeg would take",
    )
    group.add_argument(
        "--audio_channel",
        type=index,
        help="hear one channel alone, from 0, instead of the mix of all",
    )
    group.add_argument(
        "--clip_timestamps",
        metavar="TIMES_OR_FILE",
        help="recognize only these stretches: seconds as start,end,start,end,... or a file of them "
        "(json, csv, tsv, rttm, srt, vtt); takes the place of voice activity detection",
    )
    group.add_argument(
        "--skip_existing",
        action="store_true",
        help="leave out recordings whose results are all there already",
    )


def _add_vad(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("voice activity detection")
    group.add_argument(
        "--vad_method",
        default="silero",
        choices=["silero", "auto", "none"],
        help="what finds speech; auto leaves out only what surely has none, none cuts fixed "
        "windows over everything",
    )
    group.add_argument(
        "--vad_onset",
        type=float,
        default=0.5,
        help="speech begins at this score; lower it if speech is missed",
    )
    group.add_argument(
        "--vad_offset",
        type=float,
        help="speech ends under this score; without it the detector's own, for silero 0.15 under "
        "the onset, for auto 0.2 of it",
    )
    group.add_argument(
        "--chunk_size", type=float, default=30, help="longest chunk in seconds, at most 30"
    )
    group.add_argument(
        "--vad_dump",
        action="store_true",
        help="write the stretches of speech beside the results, as NAME.vad.json; "
        "--clip_timestamps reads it",
    )
