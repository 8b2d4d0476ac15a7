"""Files equal WhisperX's byte for byte; where they differ on purpose is said here."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from whisperx.errors import OptionError
from whisperx.text.captions import Caption, CaptionOptions, captions
from whisperx.types import Segment, Transcript, Word
from whisperx.writers.json_file import dumps
from whisperx.writers.write import ALL, FORMATS, output_stems, replace_text, write, writer

FIXTURE = Path(__file__).parents[1] / "parity/fixtures/whisperx/writers.json"
CASES: dict[str, dict[str, Any]] = {
    case["name"]: case for case in json.loads(FIXTURE.read_text(encoding="utf-8"))["cases"]
}
SETS = [(name, number) for name, case in CASES.items() for number in range(len(case["files"]))]
PLAIN = CaptionOptions()


def transcript_of(result: dict[str, Any]) -> Transcript:
    """WhisperX's result as our type, nothing rounded; characters have no place in it."""

    def word(entry: dict[str, Any]) -> Word:
        rest = {key: entry.get(key) for key in ("start", "end", "score", "speaker")}
        return Word(entry["word"], **rest)

    segments = tuple(
        Segment(
            entry["text"],
            entry["start"],
            entry["end"],
            entry.get("avg_logprob"),
            tuple(word(each) for each in entry.get("words", ())),
            entry.get("speaker"),
        )
        for entry in result["segments"]
    )
    return Transcript(segments, result["language"])


def differs(name: str, options: CaptionOptions) -> set[str]:
    """Formats that differ from WhisperX's on purpose, each with a test of its own below."""
    if name == "with chars":
        return {"json"}
    if name == "one segment failed":
        return {"srt", "vtt"}
    if options.highlight_words and CASES[name]["result"]["language"] in {"ja", "zh"}:
        return {"srt", "vtt"}
    return set()


@pytest.mark.parametrize(("name", "number"), SETS)
def test_text_is_whisperx(name: str, number: int) -> None:
    files = CASES[name]["files"]
    options = CaptionOptions(**files[number]["options"])
    transcript = transcript_of(CASES[name]["result"])
    expected = files[0]["texts"] | files[number]["texts"]
    assert set(expected) == set(FORMATS)
    for each in FORMATS.keys() - differs(name, options):
        assert writer(each)(transcript, options) == expected[each], each


@pytest.mark.parametrize("name", CASES)
def test_json_of_a_result_is_whisperx(name: str) -> None:
    assert dumps(CASES[name]["result"]) == CASES[name]["files"][0]["texts"]["json"]


def test_json_has_all_but_characters() -> None:
    case = CASES["with chars"]
    expected = json.loads(case["files"][0]["texts"]["json"])
    for segment in expected["segments"]:
        del segment["chars"]
    assert writer("json")(transcript_of(case["result"]), PLAIN) == dumps(expected)


def test_failed_segment_is_shown_where_whisperx_leaves_it_out() -> None:
    case = CASES["one segment failed"]
    ours = writer("vtt")(transcript_of(case["result"]), PLAIN)
    cue = "00:30.000 --> 00:32.500\n12345 67 890\n\n"
    assert cue in ours
    assert ours.replace(cue, "") == case["files"][0]["texts"]["vtt"]


@pytest.mark.parametrize("name", ["Japanese", "Chinese with speakers"])
def test_highlight_gives_chinese_and_japanese_no_spaces(name: str) -> None:
    case = CASES[name]
    files = next(each for each in case["files"] if each["options"]["highlight_words"])
    ours = writer("srt")(transcript_of(case["result"]), CaptionOptions(**files["options"]))
    theirs = files["texts"]["srt"]
    assert ours != theirs

    def packed(text: str) -> str:
        # Spaces out of the text; those in the line of times and after a speaker stay.
        lines = text.replace("]: ", "]:").split("\n")
        return "\n".join(line if " --> " in line else line.replace(" ", "") for line in lines)

    assert packed(ours) == packed(theirs)
    assert "</u> " not in ours


def test_json_names_the_model_last_if_there_is_one() -> None:
    segments = (Segment(" hi", 0.0, 1.0),)
    text = writer("json")(Transcript(segments, "en", "small"), PLAIN)
    assert list(json.loads(text)) == ["segments", "language", "model"]
    assert text == (
        '{"segments": [{"text": " hi", "start": 0.0, "end": 1.0}], '
        '"language": "en", "model": "small"}'
    )


def test_untimed_words_flow_with_the_others() -> None:
    spoken = Segment(" one two", 0.0, 1.0, words=(Word("one", 0.0, 0.4), Word("two", 0.5, 1.0)))
    lost = Segment(" 3 4", 1.0, 2.0)
    found = list(captions(Transcript((spoken, lost), "en"), CaptionOptions(40, 1)))
    assert found == [Caption(0, 1000, "one two 3 4")]
    lost = Segment(" 3 4", 1.0, 2.0, speaker="B")
    found = list(captions(Transcript((lost, spoken), "ja"), PLAIN))
    assert found == [Caption(1000, 2000, "[B]: 34"), Caption(0, 1000, "onetwo")]


def test_negative_times_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be shown at -1"):
        writer("srt")(Transcript((Segment("x", -1.0, 2.0),), "en"), PLAIN)


@pytest.mark.parametrize("options", [{"max_line_width": 0}, {"max_line_count": -1}])
def test_senseless_caption_options(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match="1 or more"):
        CaptionOptions(**options)


def test_unknown_format() -> None:
    with pytest.raises(OptionError, match="no output format 'docx'; choose one of txt, vtt"):
        writer("docx")


HELLO = Transcript((Segment(" hello", 0.0, 1.0),), "en")


def test_write_makes_the_folder_and_all_formats(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    paths = write(HELLO, folder, "talk")
    assert paths == [folder / f"talk.{name}" for name in ALL]
    assert sorted(folder.iterdir()) == sorted(paths)
    assert (folder / "talk.txt").read_bytes() == b"hello\n"
    assert write(HELLO, folder, "talk", "aud") == [folder / "talk.aud"]


def test_files_get_the_rights_that_a_new_file_gets(tmp_path: Path) -> None:
    (path,) = write(HELLO, tmp_path, "talk", "txt")
    (tmp_path / "other").touch()
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_longest_name_can_be_written(tmp_path: Path) -> None:
    (path,) = write(HELLO, tmp_path, "n" * 251, "txt")
    assert path.read_text() == "hello\n"


def test_failure_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        replace_text(path, "new \ud800")
    assert [each.name for each in tmp_path.iterdir()] == ["talk.txt"]
    assert path.read_text() == "old"


def test_interrupted_rename_leaves_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        replace_text(tmp_path / "talk.txt", "new")
    assert list(tmp_path.iterdir()) == []


def test_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OptionError, match=r"output folder .* cannot be made"):
        write(HELLO, tmp_path / "file", "talk")


@pytest.mark.parametrize(
    ("paths", "stems"),
    [
        ([], []),
        (["a/talk.mp3"], ["talk"]),
        (["a/talk.mp3", "other.v2.wav", ".hidden"], ["talk", "other.v2", ".hidden"]),
        (["a/talk.mp3", "b/talk.wav"], ["talk.mp3", "talk.wav"]),
        (["a/talk.mp3", "b/talk.mp3"], ["a-talk.mp3", "b-talk.mp3"]),
        (["talk.mp3", "b/talk.mp3"], ["talk.mp3", "b-talk.mp3"]),
        (["a/talk.mp3", "b/talk.mp3", "talk.wav"], ["a-talk.mp3", "b-talk.mp3", "talk.wav"]),
        (["/x/a/1.mp3", "/y/a/1.mp3"], ["x-a-1.mp3", "y-a-1.mp3"]),
        (["talk.mp3", "talk.mp3.wav", "a/talk.wav"], ["talk.mp3-2", "talk.mp3", "talk.wav"]),
        (["Talk.mp3", "talk.wav"], ["Talk.mp3", "talk.wav"]),
        (["talk.mp3", "../talk.mp3"], ["talk.mp3-2", "talk.mp3"]),
        (["talk.mp3", "talk.mp3"], ["talk.mp3", "talk.mp3-2"]),
        (["cafe\u0301.mp3", "caf\u00e9.wav"], ["cafe\u0301.mp3", "caf\u00e9.wav"]),
        (["/", "-"], ["audio", "-"]),
    ],
)
def test_output_stems(paths: list[str], stems: list[str]) -> None:
    assert output_stems(paths) == stems
    backwards = output_stems(paths[::-1])
    if len(set(paths)) == len(paths):
        assert backwards == stems[::-1]


def test_stems_never_name_a_folder() -> None:
    assert not any(os.sep in stem for stem in output_stems(["/x/a/1.mp3", "/y/a/1.mp3"]))
