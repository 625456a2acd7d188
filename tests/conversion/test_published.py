"""Published heads by name, from a server of our own: whole, checked, and without beginning anew."""

import hashlib
import http.server
import re
import threading
import warnings
from types import SimpleNamespace

import huggingface_hub
import pytest
import torch
from random_heads import random_original_head

from whisper_at_hf import InputError
from whisper_at_hf.conversion import convert, published
from whisper_at_hf.conversion.download import download
from whisper_at_hf.conversion.heads import load_head
from whisper_at_hf.conversion.published import HEADS, published_head


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """An original head of tiny.en's size, as the package stores it."""
    path = tmp_path_factory.mktemp("checkpoint") / "tiny.en_ori.pth"
    weights = random_original_head(384)
    torch.save({name: torch.from_numpy(value) for name, value in weights.items()}, path)
    return path.read_bytes()


class Site:
    """What the server has, and how it behaves.

    Attributes:
        files: content by path.
        breaks: how many more answers break off in the middle.
        ranges: whether it can go on from a place.
        hashes: what the mirror says of a file, by path; None: it says nothing of it.
        asked: what was asked for, with the range.
    """

    def __init__(self):
        self.files, self.hashes, self.asked = {}, {}, []
        self.breaks, self.ranges, self.html = 0, True, False


@pytest.fixture
def site(monkeypatch, tmp_path):
    site = Site()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self):
            path = self.path.partition("?")[0]
            if path not in site.hashes:
                return self.send_error(404)
            self.send_response(200)
            self.send_header("Content-Length", str(len(site.files[path])))
            self.send_header("X-Repo-Commit", "0" * 40)
            self.send_header("X-Linked-Etag", f'"{site.hashes[path]}"')
            self.end_headers()

        def do_GET(self):
            path, wanted = self.path.partition("?")[0], self.headers.get("Range")
            if path.endswith(".pth"):  # not what the hub's client asks its own site now and then
                site.asked.append((path, wanted))
            if path not in site.files:
                return self.send_error(404)
            content = site.files[path]
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted and site.ranges else 0
            if start >= len(content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.end_headers()
                return
            self.send_response(206 if start else 200)
            self.send_header("Content-Type", "text/html" if site.html else "application/octet-stream")
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            if site.breaks:
                site.breaks -= 1
                content = content[: start + (len(content) - start) // 2]
            self.wfile.write(content[start:])

        def log_message(self, *args):
            pass

    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("WHISPER_AT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        httpd.handle_error = lambda *_: None  # a client that hangs up at a web page
        threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True).start()
        site.url = f"http://127.0.0.1:{httpd.server_port}"
        monkeypatch.setattr(published, "ORIGIN", f"{site.url}/origin")
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", f"{site.url}/hub")
        yield site
        httpd.shutdown()


@pytest.fixture
def tiny_en(site, checkpoint):
    """The head of tiny.en on both sites, with its hash on the mirror."""
    paths = SimpleNamespace(
        origin="/origin/atq9so6w0qug5ai/tiny.en_ori.pth",
        mirror="/hub/nodja/whisper-at-mirror/resolve/main/tiny.en_ori.pth",
    )
    site.files = {paths.origin: checkpoint, paths.mirror: checkpoint}
    site.hashes = {paths.mirror: hashlib.sha256(checkpoint).hexdigest()}
    return paths


@pytest.mark.filterwarnings("error")
def test_a_head_by_name_is_the_published_one(site, tiny_en, checkpoint):
    head = load_head("original:tiny.en")
    assert head.config.num_labels == 527 and head.config.d_model == 384 and head.config.projection_dim is None
    assert published_head("original:tiny.en").read_bytes() == checkpoint
    assert site.asked == [(tiny_en.origin, None)]  # once


def test_the_mirror_stands_in_for_the_origin(site, tiny_en, checkpoint):
    del site.files[tiny_en.origin]
    assert published_head("original:tiny.en").read_bytes() == checkpoint
    assert [path for path, _ in site.asked] == [tiny_en.origin, tiny_en.mirror]


def test_a_file_that_is_not_the_published_one_is_not_taken(site, tiny_en, checkpoint):
    site.files[tiny_en.origin] = checkpoint[:-1] + b"x"
    assert published_head("original:tiny.en").read_bytes() == checkpoint  # the mirror's
    published_head("original:tiny.en").unlink()
    site.files[tiny_en.mirror] = b"other"
    with pytest.raises(InputError, match="is not the file that was published .*by hand, and pass its path as --head"):
        published_head("original:tiny.en")
    assert not list(published_head.__globals__["cache_directory"]().rglob("*.*"))


def test_without_the_mirror_it_could_not_be_checked(site, tiny_en, checkpoint):
    site.hashes = {}
    with pytest.warns(UserWarning, match="tiny.en_ori.pth could not be checked: its SHA-256 .[0-9a-f]{64}."):
        assert published_head("original:tiny.en").read_bytes() == checkpoint


def test_a_connection_that_breaks_is_taken_up_again(site, tiny_en, checkpoint):
    site.breaks = 3
    assert published_head("original:tiny.en").read_bytes() == checkpoint
    starts = [int(wanted[6:-1]) for _, wanted in site.asked[1:]]
    assert len(starts) == 3 and starts == sorted(starts) and starts[0] == len(checkpoint) // 2


def test_a_server_that_cannot_go_on_begins_anew(site, tiny_en, checkpoint):
    site.breaks, site.ranges = 1, False
    assert published_head("original:tiny.en").read_bytes() == checkpoint


@pytest.mark.parametrize("left", ["a part", "all", "more"])
def test_what_a_killed_run_left_is_gone_on_with(site, tiny_en, checkpoint, tmp_path, left):
    folder = tmp_path / "cache" / "original-heads"
    folder.mkdir(parents=True)
    content = {"a part": checkpoint[:1000], "all": checkpoint, "more": checkpoint + b"x"}[left]
    (folder / "tiny.en_ori.pth.part").write_bytes(content)
    assert published_head("original:tiny.en").read_bytes() == checkpoint
    assert [path.name for path in folder.iterdir()] == ["tiny.en_ori.pth"]


def test_a_web_page_is_no_head(site, tiny_en):
    site.html = True
    with pytest.raises(InputError, match="is a web page, no file") as caught:
        published_head("original:tiny.en")
    message = str(caught.value)
    assert f"{site.url}{tiny_en.origin}?dl=1" in message and f"{site.url}{tiny_en.mirror}" in message
    assert "\n" not in message


def test_without_a_network_it_says_how_to_get_it_by_hand(site, tiny_en, monkeypatch):
    with pytest.raises(InputError, match="404 .*get base_ori.pth from .* by hand, and pass its path as --head"):
        published_head("original:base")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match="HF_HUB_OFFLINE is set; get tiny.en_ori.pth from"):
        published_head("original:tiny.en")


@pytest.mark.parametrize("name", ["original:", "original:tiny:low", "original:huge", "original:../x"])
def test_other_names_are_refused_with_those_there_are(name):
    with pytest.raises(InputError, match="There is no published head .*original:base.en, .*original:large-v2:low"):
        published_head(name)


def test_every_name_has_a_file_of_its_own():
    assert len({file for _, file in HEADS.values()}) == len({folder for folder, _ in HEADS.values()}) == len(HEADS)
    assert (
        published._known("original:large") == "large-v2" and published._known("original:large:low") == "large-v2:low"
    )


def test_converting_by_name(site, tiny_en, tmp_path):
    made = convert(None, tmp_path / "head", head="original:tiny.en", head_only=True)
    assert (made / "model.safetensors").is_file()


def test_a_server_that_breaks_off_at_once_is_given_up(site, tmp_path):
    site.files["/x"], site.breaks = b"x", 100
    with warnings.catch_warnings(), pytest.raises(InputError, match="broke off after 0 bytes"):
        download(f"{site.url}/x", tmp_path / "x")


def test_a_full_disk_is_not_taken_for_a_broken_connection(site, tmp_path):
    site.files["/x"] = b"x" * 100
    (tmp_path / "x.part").symlink_to("/dev/full")
    with pytest.raises(InputError, match="cannot be written .No space left on device"):
        download(f"{site.url}/x", tmp_path / "x")
