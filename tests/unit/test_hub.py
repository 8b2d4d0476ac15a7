"""From a name to a folder that is whole, without a network."""

from __future__ import annotations

import pytest

from whisperx.errors import (
    GatedModelError,
    HubUnreachableError,
    ModelError,
    ModelNotFoundError,
)
from whisperx.weights import catalog, hub


class TestCatalog:
    def test_every_name_is_a_repository_or_the_bundled_folder(self):
        for name in catalog.names():
            source = catalog.resolve(name)
            assert (source.repository is None) == (name == catalog.BUNDLED)
            assert source.repository is None or source.repository.count("/") == 1
        assert catalog.DEFAULT in catalog.names()

    def test_upstreams_names_are_known(self):
        sizes = ["tiny", "base", "small", "medium"]
        upstream = [*sizes, *(f"{size}.en" for size in sizes), "large-v1", "large-v2", "large-v3"]
        upstream += ["large", "turbo", "large-v3-turbo", "distil-large-v2", "distil-large-v3"]
        upstream += ["distil-medium.en", "distil-small.en"]
        assert set(upstream) <= set(catalog.names())

    def test_a_folder_and_a_repository(self, tmp_path):
        assert catalog.resolve(str(tmp_path)).folder == tmp_path
        assert catalog.resolve("someone/whisper-x").repository == "someone/whisper-x"

    @pytest.mark.parametrize(
        ("name", "hint"),
        [
            ("tinny", "did you mean tiny"),
            ("Large-V3", "did you mean"),
            ("large_v3", "large-v3"),
            ("", "known: mini-en, tiny"),
            ("./nowhere", "known"),
            ("/nowhere/at/all", "known"),
            ("a/b/c", "known"),
            ("~/nowhere", "known"),
        ],
    )
    def test_anything_else_is_refused(self, name, hint):
        with pytest.raises(ModelNotFoundError, match=hint) as caught:
            catalog.resolve(name)
        assert repr(name) in str(caught.value)


class TestHub:
    """The hub's client is patched: nothing here opens a connection."""

    SOURCE = catalog.ModelSource("small", repository="openai/whisper-small")

    @pytest.fixture
    def whole(self, tmp_path):
        path = tmp_path / "whole"
        path.mkdir()
        for name in ("config.json", "model.safetensors", "tokenizer.json"):
            (path / name).write_text("{}")  # only that they are there counts here
        return path

    @pytest.fixture
    def client(self, monkeypatch):
        """Let `snapshot_download` answer as scripted: a folder, or an error to raise."""
        import huggingface_hub

        calls = []

        def script(cached, fetched):
            def answer(repository, *, local_files_only=False, **_options):
                calls.append((repository, local_files_only))
                result = cached if local_files_only else fetched
                if isinstance(result, Exception):
                    raise result
                return str(result)

            monkeypatch.setattr(huggingface_hub, "snapshot_download", answer)
            return calls

        return script

    @staticmethod
    def absent():
        from huggingface_hub.errors import LocalEntryNotFoundError

        return LocalEntryNotFoundError("not here")

    @staticmethod
    def http_error(name):
        from huggingface_hub import errors

        kind = getattr(errors, name)
        return kind.__new__(kind)  # their constructors want a response; the type is what counts

    def test_a_folder_must_be_whole(self, whole):
        source = catalog.ModelSource("mine", folder=whole)
        assert hub.locate(source) == whole
        (whole / "tokenizer.json").unlink()
        with pytest.raises(ModelError, match=r"'mine' is not whole: .* lacks tokenizer\.json"):
            hub.locate(source)
        (whole / "vocab.json").write_text("{}")
        assert hub.locate(source) == whole
        (whole / "config.json").unlink()
        (whole / "model.safetensors").unlink()
        with pytest.raises(ModelError, match=r"lacks config\.json, model\.safetensors"):
            hub.locate(source)

    def test_a_cached_model_needs_no_network(self, whole, client):
        calls = client(whole, AssertionError("asked the hub"))
        assert hub.locate(self.SOURCE) == whole
        assert calls == [("openai/whisper-small", True)]

    def test_a_cached_model_counts_though_the_hub_calls_it_incomplete(self, whole, client):
        # The client knows all files of the repository and misses those that we did not ask for.
        error = self.absent()
        setattr(error, "snapshot_path", str(whole))  # noqa: B010 - not in older clients
        client(error, AssertionError("asked the hub"))
        assert hub.locate(self.SOURCE, local_only=True) == whole

    def test_a_half_cached_model_is_fetched(self, whole, client, tmp_path):
        (tmp_path / "half").mkdir()
        calls = client(tmp_path / "half", whole)
        assert hub.locate(self.SOURCE) == whole
        assert [is_local for _, is_local in calls] == [True, False]

    def test_downloading_can_be_turned_off(self, client):
        calls = client(self.absent(), AssertionError("asked the hub"))
        with pytest.raises(HubUnreachableError, match="downloading is turned off"):
            hub.locate(self.SOURCE, local_only=True)
        assert len(calls) == 1

    def test_a_download_must_be_whole(self, client, tmp_path):
        client(self.absent(), tmp_path)
        with pytest.raises(ModelError, match="'small' is not whole"):
            hub.locate(self.SOURCE)

    @pytest.mark.parametrize(
        ("error", "kind", "match"),
        [
            ("GatedRepoError", GatedModelError, "accept its licence"),
            ("RepositoryNotFoundError", ModelNotFoundError, "no model 'openai/whisper-small'"),
            ("LocalEntryNotFoundError", HubUnreachableError, "hub cannot be reached"),
            ("HfHubHTTPError", HubUnreachableError, "hub cannot be reached"),
            ("OfflineModeIsEnabled", HubUnreachableError, "hub cannot be reached"),
            ("RevisionNotFoundError", HubUnreachableError, "hub cannot be reached"),
            ("HTTPError", HubUnreachableError, "hub cannot be reached"),
        ],
    )
    def test_the_clients_errors_become_ours(self, client, error, kind, match):
        client(self.absent(), self.http_error(error))
        with pytest.raises(kind, match=match):
            hub.locate(self.SOURCE)

    @pytest.mark.parametrize("error", [ConnectionResetError(104, "reset"), TimeoutError("slow")])
    def test_a_broken_connection(self, client, error):
        client(self.absent(), error)
        with pytest.raises(HubUnreachableError, match="hub cannot be reached"):
            hub.locate(self.SOURCE)

    def test_a_full_disk_is_not_the_hubs_fault(self, client):
        client(self.absent(), OSError(28, "No space left on device"))
        with pytest.raises(ModelError, match="No space left on device") as caught:
            hub.locate(self.SOURCE)
        assert not isinstance(caught.value, HubUnreachableError)

    @pytest.mark.parametrize("name", ["a/b c", "a/-b", "a/b.git", "a/" + "b" * 200])
    def test_a_name_that_no_repository_can_have(self, name, tmp_path):
        with pytest.raises(ModelNotFoundError, match="There is no model"):
            hub.locate(catalog.resolve(name), cache=tmp_path)
