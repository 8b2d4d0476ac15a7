from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st
from tokenizers.models import BPE
from tokenizers.normalizers import Lowercase

from whisperx.errors import ModelError, OptionError
from whisperx.languages import LANGUAGES
from whisperx.text.bpe import ByteBPE
from whisperx.text.tokenizer import Tokenizer

ROOT = Path(__file__).parents[2]
FIXTURE = ROOT / "tests/parity/fixtures/tokenizer/mini_en.json"

TEXT_IDS = 258
MERGES = [("h", "e"), ("l", "l"), ("Ġ", "he")]
BEFORE = ("<|endoftext|>", "<|startoftranscript|>")
AFTER = ("<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>")


def byte_letters() -> list[str]:
    """GPT-2's alphabet in the order of its vocabulary: id -> character."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return [chr(b) for b in plain] + [chr(0x100 + n) for n in range(256 - len(plain))]


def names(languages=("en", "zh", "de"), nothing="<|nospeech|>") -> list[str]:
    coded = [f"<|{code}|>" for code in languages]
    return [*BEFORE, *coded, *AFTER, nothing, "<|notimestamps|>"]


def write_model(folder: Path, special: list[str], *, old: bool = False) -> Path:
    vocabulary = {piece: place for place, piece in enumerate([*byte_letters(), "he", "ll", "Ġhe"])}
    ids = {name: len(vocabulary) + place for place, name in enumerate(special)}
    if old:
        lines = ["#version: 0.2", *(" ".join(pair) for pair in MERGES)]
        end = {BEFORE[0]: ids.pop(BEFORE[0])} if BEFORE[0] in ids else {}
        (folder / "vocab.json").write_text(json.dumps(vocabulary | end))
        (folder / "merges.txt").write_text("\n".join(lines) + "\n")
        (folder / "added_tokens.json").write_text(json.dumps(ids))
        return folder
    splitter = {
        "type": "ByteLevel",
        "add_prefix_space": False,
        "trim_offsets": True,
        "use_regex": True,
    }
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    content = {
        "version": "1.0",
        "added_tokens": [
            {"id": i, "content": name, "special": True, **flags} for name, i in ids.items()
        ],
        "normalizer": None,
        "pre_tokenizer": splitter,
        "post_processor": None,
        "decoder": splitter,
        "model": {"type": "BPE", "vocab": vocabulary, "merges": [list(pair) for pair in MERGES]},
    }
    (folder / "tokenizer.json").write_text(json.dumps(content))
    return folder


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return Tokenizer.from_folder(write_model(tmp_path_factory.mktemp("tiny"), names()))


@pytest.fixture(scope="module")
def mini(shared):
    return Tokenizer.from_folder(shared / "models/mini-en")


@pytest.fixture(scope="module")
def recorded():
    return json.loads(FIXTURE.read_text(encoding="utf-8"))


class TestAgainstTheOriginals:
    def test_special_ids(self, mini, recorded):
        for name, token in recorded["special"].items():
            assert getattr(mini, name) == token
        assert not mini.is_multilingual
        assert mini.language_codes == tuple(LANGUAGES)[:99]

    def test_encode(self, mini, recorded):
        for text, ids in recorded["encoded"]:
            assert mini.encode(text) == ids

    def test_decode(self, mini, recorded):
        assert any("\ufffd" in text for _, text, _ in recorded["decoded"])
        for ids, text, with_timestamps in recorded["decoded"]:
            assert mini.decode(ids) == text
            assert mini.decode_with_timestamps(ids) == with_timestamps

    def test_non_speech_tokens(self, mini, recorded):
        assert list(mini.non_speech_tokens) == recorded["non_speech_tokens"]

    @pytest.mark.parametrize(("part", "language"), [("words", "en"), ("characters", "ja")])
    def test_words(self, mini, recorded, part, language):
        texts = [ids for text, ids in recorded["encoded"] if text]
        for ids, words in zip(texts, recorded[part], strict=True):
            expected = [(word, tuple(group)) for word, group in words]
            assert mini.split_to_word_tokens(ids, language) == expected


class TestText:
    def test_special_tokens_in_text_are_text(self, tiny):
        ids = tiny.encode("a<|endoftext|>b")
        assert max(ids) < tiny.eot
        assert tiny.decode(ids) == "a<|endoftext|>b"

    def test_merges_are_used(self, tiny):
        assert tiny.encode(" hello") == [258, 257, tiny.encode("o")[0]]

    def test_special_tokens_and_times_are_left_out(self, tiny):
        ids = [tiny.sot, tiny.timestamp_begin, *tiny.encode("he"), tiny.timestamp_begin + 54]
        assert tiny.decode([*ids, tiny.eot]) == "he"
        written = "<|startoftranscript|><|0.00|>he<|1.08|><|endoftext|>"
        assert tiny.decode_with_timestamps([*ids, tiny.eot]) == written

    def test_ids_past_the_vocabulary_are_nothing(self, tiny):
        past = tiny.timestamp_begin + 1501
        assert tiny.decode_with_timestamps([*tiny.encode("he"), past, -1]) == "he"

    def test_broken_utf8_becomes_one_sign_a_character(self, tiny):
        ids = tiny.encode("你")
        assert tiny.decode(ids[:2]) == "\ufffd"
        assert tiny.decode([ids[0], *tiny.encode("a")]) == "\ufffda"

    @given(st.text(st.characters(exclude_categories=["Cs"])))
    def test_round_trip(self, tiny, text):
        assert tiny.decode(tiny.encode(text)) == text


class TestPrompt:
    def test_multilingual(self, tiny):
        assert tiny.is_multilingual
        german = tiny.language_token("de")
        assert tiny.sot_sequence("de", timestamps=True) == (tiny.sot, german, tiny.transcribe)
        expected = (tiny.sot, german, tiny.translate, tiny.no_timestamps)
        assert tiny.sot_sequence("de", "translate") == expected

    def test_multilingual_needs_a_language_it_has(self, tiny):
        with pytest.raises(OptionError, match="must be told the language"):
            tiny.sot_sequence()
        with pytest.raises(OptionError, match=r"no language 'fr'; it has en, zh, de"):
            tiny.sot_sequence("fr")

    def test_english_only(self, tmp_path):
        folder = write_model(tmp_path, names(languages=()))
        english = Tokenizer.from_folder(folder)
        assert not english.is_multilingual
        assert english.sot_sequence("en", timestamps=True) == (english.sot,)
        assert english.sot_sequence() == (english.sot, english.no_timestamps)
        with pytest.raises(OptionError, match="only transcribes English, not language 'de'"):
            english.sot_sequence("de")
        with pytest.raises(OptionError, match="use a multilingual model"):
            english.sot_sequence(task="translate")

    def test_the_model_may_know_better(self, tmp_path):
        folder = write_model(tmp_path, names())
        assert not Tokenizer.from_folder(folder, multilingual=False).is_multilingual

    def test_an_unknown_task_is_refused(self, tiny):
        with pytest.raises(OptionError, match="no task 'summarize'"):
            tiny.sot_sequence("en", "summarize")

    def test_languages_stand_in_the_order_of_their_ids(self, tmp_path):
        folder = write_model(tmp_path, names(languages=("de", "en")))
        tokenizer = Tokenizer.from_folder(folder)
        assert tokenizer.language_codes == ("de", "en")
        assert tokenizer.language_tokens == (tokenizer.sot + 1, tokenizer.sot + 2)


class TestTimes:
    @pytest.mark.parametrize(("seconds", "step"), [(0, 0), (0.02, 1), (1.08, 54), (30, 1500)])
    def test_both_ways(self, tiny, seconds, step):
        assert tiny.timestamp_id(seconds) == tiny.timestamp_begin + step
        assert tiny.seconds(tiny.timestamp_begin + step) == seconds

    @pytest.mark.parametrize("seconds", [-0.02, 30.02])
    def test_times_outside_the_window_are_refused(self, tiny, seconds):
        with pytest.raises(OptionError, match="between 0 and 30 s"):
            tiny.timestamp_id(seconds)

    def test_other_tokens_are_no_times(self, tiny):
        for token in (0, tiny.no_timestamps, tiny.timestamp_begin + 1501):
            assert not tiny.is_timestamp(token)
            with pytest.raises(OptionError, match=f"token {token} is not a timestamp"):
                tiny.seconds(token)


class TestSuppressed:
    def test_numerals_are_all_tokens_that_show_one(self, tiny):
        assert [tiny.decode([token]) for token in tiny.numeral_tokens] == list("$%0123456789")

    def test_numerals_of_a_whole_vocabulary(self, mini, recorded):
        ids = mini.numeral_tokens
        assert {mini.decode([token]) for token in ids} >= {"7", " 1984", "%", " $", " 2", "£"}
        digest = hashlib.sha256(json.dumps(list(ids)).encode()).hexdigest()
        assert digest == recorded["numeral_tokens_sha256"]

    def test_blank_is_a_space_and_the_end(self, tiny, mini):
        assert tiny.blank_tokens == (*tiny.encode(" "), tiny.eot)
        assert mini.blank_tokens == (220, 50256)

    def test_marks_that_take_several_tokens_are_left(self, tiny):
        shown = {tiny.decode([token]) for token in tiny.non_speech_tokens}
        assert {"(", "[", "{"} <= shown
        assert not {"a", ".", ",", "?", "!", "'", "he"} & shown


class TestFiles:
    @pytest.mark.parametrize("nothing", ["<|nospeech|>", "<|nocaptions|>"])
    def test_old_files_give_the_same(self, tmp_path, nothing):
        new, old = tmp_path / "new", tmp_path / "old"
        new.mkdir()
        old.mkdir()
        ours = Tokenizer.from_folder(write_model(new, names(nothing=nothing)))
        same = Tokenizer.from_folder(write_model(old, names(nothing=nothing), old=True))
        for name in ("eot", "sot", "no_speech", "no_timestamps", "timestamp_begin"):
            assert getattr(ours, name) == getattr(same, name)
        assert ours.language_codes == same.language_codes
        text = " hello <|en|> 你"
        assert ours.encode(text) == same.encode(text)
        every = [*ours.encode(text), *range(ours.eot, ours.timestamp_begin + 3)]
        assert ours.decode_with_timestamps(every) == same.decode_with_timestamps(every)

    def test_old_files_with_every_token_in_the_vocabulary(self, tmp_path):
        folder = write_model(tmp_path, names(), old=True)
        vocabulary = json.loads((folder / "vocab.json").read_text())
        added = folder / "added_tokens.json"
        (folder / "vocab.json").write_text(json.dumps(vocabulary | json.loads(added.read_text())))
        added.unlink()
        tokenizer = Tokenizer.from_folder(folder)
        assert tokenizer.language_codes == ("en", "zh", "de")
        assert tokenizer.decode_with_timestamps([tokenizer.sot]) == "<|startoftranscript|>"

    def test_a_timestamp_that_the_file_names_is_believed(self, tmp_path):
        folder = write_model(tmp_path, [*names(), "<|extra|>", "<|0.00|>"])
        tokenizer = Tokenizer.from_folder(folder)
        assert tokenizer.timestamp_begin == tokenizer.no_timestamps + 2

    def test_a_folder_without_files(self, tmp_path):
        with pytest.raises(ModelError, match=r"holds no tokenizer: it needs tokenizer\.json"):
            Tokenizer.from_folder(tmp_path)

    def test_a_missing_file(self, tmp_path):
        with pytest.raises(ModelError, match="there is no tokenizer file"):
            Tokenizer.from_file(tmp_path / "tokenizer.json")

    def test_a_broken_file(self, tmp_path):
        (tmp_path / "tokenizer.json").write_text("{")
        with pytest.raises(ModelError, match=r"cannot be read as a tokenizer\.json"):
            Tokenizer.from_folder(tmp_path)

    @pytest.mark.parametrize("broken", ["vocab.json", "added_tokens.json"])
    def test_broken_old_files(self, tmp_path, broken):
        folder = write_model(tmp_path, names(), old=True)
        (folder / broken).write_text("{")
        with pytest.raises(ModelError, match=f"{broken}.*again"):
            Tokenizer.from_folder(folder)

    @pytest.mark.parametrize("missing", [*BEFORE, *AFTER, "<|nospeech|>", "<|notimestamps|>"])
    def test_another_models_tokenizer(self, tmp_path, missing):
        special = [name for name in names() if name != missing]
        with pytest.raises(ModelError, match="not a Whisper tokenizer: it lacks the token"):
            Tokenizer.from_folder(write_model(tmp_path, special))


class TestWords:
    def test_together_they_are_all_tokens(self, tiny):
        ids = [tiny.sot, *tiny.encode(" he said: 你好!"), tiny.eot]
        words = tiny.split_to_word_tokens(ids, "en")
        assert [text for text, _ in words] == [
            "<|startoftranscript|>", " he", " said", ":", " 你好", "!", "<|endoftext|>",
        ]  # fmt: skip
        assert [token for _, group in words for token in group] == ids

    def test_characters_are_never_cut(self, tiny):
        ids = tiny.encode("你好")
        assert tiny.split_to_word_tokens(ids, "zh") == [
            ("你", tuple(ids[:3])),
            ("好", tuple(ids[3:])),
        ]

    def test_broken_bytes_end_where_the_text_shows_them_end(self, tiny):
        broken = tiny.encode("你")[:2]
        ids = [*broken, *tiny.encode("a")]
        assert tiny.split_to_word_tokens(ids, "zh") == [
            ("\ufffd", tuple(broken)),
            ("a", (ids[2],)),
        ]
        assert tiny.split_to_word_tokens(broken, "zh") == [("\ufffd", tuple(broken))]

    def test_no_tokens_no_words(self, tiny):
        assert tiny.split_to_word_tokens([], "en") == []

    @given(st.lists(st.integers(0, 255), max_size=12))
    def test_any_bytes_are_all_given_back(self, tiny, ids):
        words = tiny.split_to_word_tokens(ids, "ja")
        assert [token for _, group in words for token in group] == ids
        assert "".join(text for text, _ in words) == tiny.decode(ids)


def test_a_bpe_without_splitter_takes_the_text_whole():
    raw = tokenizers.Tokenizer(BPE({"a": 0, "b": 1, "ab": 2}, [("a", "b")]))
    raw.normalizer = Lowercase()
    assert ByteBPE(raw, {}).encode("AB") == [2]


def test_a_piece_outside_the_byte_alphabet_stands_for_itself():
    raw = tokenizers.Tokenizer(BPE({"♪": 0}, []))
    assert ByteBPE(raw, {}).piece(0) == "♪".encode()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_after_use_brings_no_warning(tmp_path):
    folder = write_model(tmp_path, names())
    program = (
        "import os, sys\n"
        "from whisperx.text.tokenizer import Tokenizer\n"
        "t = Tokenizer.from_folder(sys.argv[1])\n"
        "t.decode(t.encode(' hello' * 1000))\n"
        "pid = os.fork()\n"
        "t.encode(' hello')\n"
        "sys.exit(os.waitpid(pid, 0)[1] if pid else 0)\n"
    )
    environment = {k: v for k, v in os.environ.items() if k != "TOKENIZERS_PARALLELISM"}
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
