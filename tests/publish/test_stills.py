"""Still pictures: four of each chart, in the colours of their scheme, drawn once; a site is whole without them."""

from __future__ import annotations

import asyncio
import inspect
import logging
import re
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmark.cache import Cache
from benchmark.publish import stills
from benchmark.publish.chart import axis, chart
from benchmark.publish.stills import NARROW, WIDE, draw, picture_path
from tests.conftest import ROOT, SAMPLE

ASSETS = ROOT / "site_src" / "assets"
INK = {"light": "rgb(34, 52, 58)", "dark": "rgb(217, 226, 229)"}  # --chart-ink of either scheme


@pytest.fixture
def built(whole_run, chromium):
    if not chromium:
        pytest.skip("no Chromium or Chrome is installed, and only root can install one")
    return whole_run[0] / "build"


def test_each_chart_has_four_pictures_in_the_ink_of_their_scheme(built):
    names = [path.stem for path in (built / "site" / "figures").glob("*.json")]
    assert len(names) > 30
    for name in names:
        for scheme, ink in INK.items():
            for width in (WIDE, NARROW):
                text = (built / "site" / picture_path(name, scheme, width)).read_text()
                assert f'width="{width}"' in text
                assert ink in text or name.endswith(
                    "-map"
                )  # whose only words are the names of classes, in their colours
                assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", text)


def test_what_has_not_changed_needs_no_browser(built, whole_run, tmp_path, command):
    shutil.copytree(built / "cache" / "pictures", tmp_path / "cache" / "pictures")
    done = command("site", "--dataset", SAMPLE, "--models-dir", whole_run[0] / "models", "--build-dir", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "picture" not in done.stdout + done.stderr
    for path in (built / "site" / "figures").glob("*.svg"):
        assert (tmp_path / "site" / "figures" / path.name).read_bytes() == path.read_bytes()


def test_without_a_browser_the_site_is_whole_and_says_so_in_a_line(without_pictures):
    folder, done = without_pictures
    assert len(re.findall("no still pictures of .* charts, .*: No browser found", done.stdout + done.stderr)) == 1
    assert "<picture" not in (folder / "site" / "index.html").read_text()


@pytest.fixture
def one():
    return chart("one", "A line", "It rises.", [{"x": [0, 1], "y": [0, 1]}], {"xaxis": axis("x")}, ("x", "y"), [])


def test_a_caller_may_have_an_event_loop_of_its_own(one, tmp_path):
    said = []

    async def notebook():
        return draw([one], assets=ASSETS, cache=Cache(tmp_path / "cache"), build_dir=tmp_path, report=said.append)

    with ThreadPoolExecutor(1) as thread:  # the tests of the browser leave a loop running in this one
        assert thread.submit(lambda: asyncio.run(notebook())).result() == {}
    assert len(said) == 1
    assert "No browser found" in said[0]


@pytest.fixture
def kept(tmp_path, one):
    """Return the pictures of one chart that the cache holds, for assets in `tmp_path`."""

    asked = []

    class Recalled:
        def read(self, kind, key, shape):
            asked.append(key)
            return {"figures/one.svg": "<svg/>"}

    shutil.copytree(ASSETS, tmp_path / "assets", ignore=shutil.ignore_patterns("*.min.js"))

    def key():
        draw([one], assets=tmp_path / "assets", cache=Recalled(), build_dir=tmp_path, report=pytest.fail)
        return asked[-1]

    return key


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("site.css", "--chart-ink: #22343a", "--chart-ink: #22343b"),
        ("look.js", "narrow", "slender"),
        ("plotly/version.json", '"sha256": "', '"sha256": "0'),
    ],
)
def test_a_picture_is_drawn_anew_when_what_it_depends_on_moves(kept, tmp_path, name, old, new):
    before = kept()
    path = tmp_path / "assets" / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    assert kept() != before


def test_a_picture_stays_when_other_styles_move(kept, tmp_path):
    before = kept()
    with (tmp_path / "assets" / "site.css").open("a") as style:
        style.write(".hero { --md-x: #123456; color: #123456; }")
    assert kept() == before


def test_one_record_of_the_reader_is_silent_and_no_other(caplog, monkeypatch):
    from choreographer.channels import pipe

    monkeypatch.setattr(pipe._logger, "filters", [stills._is_told])
    with caplog.at_level(logging.DEBUG):
        for text in ("JSONError decoding message. Ignoring", "Error in trying to decode JSON off our read.", "other"):
            pipe._logger.error(text)
        logging.getLogger("other").error("JSONError decoding message. Ignoring")
    assert [record.message for record in caplog.records] == [
        "Error in trying to decode JSON off our read.",
        "other",
        "JSONError decoding message. Ignoring",
    ]
    assert pipe._logger.name == stills.READER
    assert f'"{stills.IGNORED}"' in inspect.getsource(pipe)
