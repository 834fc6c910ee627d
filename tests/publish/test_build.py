"""The site: built strictly from tracked files and images, whole, and asking nothing of another host."""

from __future__ import annotations

import hashlib
import html
import html.parser
import json
import re
import shutil
import subprocess
import sys
from itertools import combinations
from urllib.parse import urlparse
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import plotly.offline
import pytest
import yaml
from skimage.color import deltaE_ciede2000, rgb2lab

from benchmark.errors import BenchmarkError
from benchmark.layout import shipped
from benchmark.publish.build import packed_style
from benchmark.publish.outside import read_released
from benchmark.results import CLASS_METRICS, METRICS, load_results
from tests.conftest import ROOT, SAMPLE
from tools.links import Page, dead_links


class Asked(html.parser.HTMLParser):
    """Collects what a page asks for by itself, and what its pictures say."""

    def __init__(self, text):
        super().__init__()
        self.asked, self.pictures = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag in ("script", "img") and found.get("src"):
            self.asked.append(found["src"])
        if tag == "img":
            self.pictures.append(found.get("alt"))
        if tag == "link" and found.get("rel") in ("stylesheet", "icon"):
            self.asked.append(found["href"])
        if "data-figure" in found:
            self.asked.append(found["data-figure"])


@pytest.fixture(scope="session")
def pages(whole_run):
    site = whole_run[0] / "build" / "site"
    return site, {path: path.read_text(encoding="utf-8") for path in site.rglob("*.html")}


def test_every_model_and_class_has_a_page(pages, whole_run):
    site, _ = pages
    stored = load_results(whole_run[0] / "models", SAMPLE)
    for model in stored.models:
        assert (site / SAMPLE / "models" / model.name / "index.html").exists()
    assert len(list((site / SAMPLE / "classes").glob("*/index.html"))) == 10
    assert (site / SAMPLE / "data" / "index.html").exists()
    assert (site / "methods" / "index.html").exists()


def test_every_internal_link_and_anchor_leads_somewhere(pages):
    site, found = pages
    documents = {path: Page(text) for path, text in found.items() if path.name != "404.html"}  # served from any depth
    assert len(documents) > 20
    assert not dead_links(documents, site)


def test_what_a_page_asks_for_is_there_and_on_no_other_host(pages):
    for path, text in pages[1].items():
        for asked in Asked(text).asked:
            assert not urlparse(asked).netloc, f"{path}: {asked}"
            assert path.name == "404.html" or (path.parent / asked).exists(), f"{path}: {asked}"


def test_every_picture_has_a_text(pages):
    assert all(picture for text in pages[1].values() for picture in Asked(text).pictures)


def test_charts_are_small_readable_json(pages):
    charts = list((pages[0] / "figures").glob("*.json"))
    assert len(charts) > 30
    for path in charts:
        text = path.read_text()
        assert "bdata" not in text
        assert "template" not in json.loads(text)["layout"]
        assert len(text) < 120_000


def test_the_bundle_is_the_one_that_plotly_expects():
    folder = ROOT / "site_src" / "assets" / "plotly"
    version = json.loads((folder / "version.json").read_text())
    assert version["version"] == plotly.offline.get_plotlyjs_version()
    assert hashlib.sha256((folder / version["file"]).read_bytes()).hexdigest() == version["sha256"]


def test_the_methods_page_defines_every_metric(pages):
    text = (pages[0] / "methods" / "index.html").read_text()
    assert all(metric.title in text for metric in (*METRICS, *CLASS_METRICS))


def test_the_home_page_states_the_leader_and_what_is_not_measured(pages, whole_run):
    stored = load_results(whole_run[0] / "models", SAMPLE)
    text = (pages[0] / "index.html").read_text()
    assert f"{stored.leaderboard()[0].metrics['title']}</a> leads" in text
    assert all(name in text for name in stored.missing)


def test_a_model_without_probabilities_says_so(pages):
    text = (pages[0] / SAMPLE / "models" / "svm-pixels" / "index.html").read_text()
    assert "gives scores, not probabilities" in text
    assert "reliability" not in json.dumps([str(p) for p in (pages[0] / "figures").glob("svm-pixels*")])


def test_a_model_page_states_its_rank_and_escapes_nothing_twice(pages, whole_run):
    stored = load_results(whole_run[0] / "models", SAMPLE)
    for model in stored.models:
        text = (pages[0] / SAMPLE / "models" / model.name / "index.html").read_text()
        assert "&amp;#" not in text
        assert ("Ranked " in text) == (not model.entry["baseline"])


def test_a_reference_shows_no_curves(pages):
    text = (pages[0] / SAMPLE / "models" / "dummy" / "index.html").read_text()
    assert "dummy-confusion" in text
    assert "dummy-roc" not in text
    assert "most confident mistakes</h" not in text


# G. M. Machado, M. M. Oliveira, L. A. F. Fernandes (2009), IEEE TVCG 15:1291-1298, table 1, severity 1, on linear RGB
DEFICIENCIES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def colours_of(scheme):
    style = (ROOT / "site_src" / "assets" / "site.css").read_text()
    block = re.search(rf'data-md-color-scheme="{scheme}"\] {{(.*?)\n}}', style, re.DOTALL)[1]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))


def linear_rgb(colour):
    parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def luminance(colour):
    return float(np.dot([0.2126, 0.7152, 0.0722], linear_rgb(colour)))


@pytest.mark.parametrize("scheme", ["default", "slate"])
def test_the_colours_of_charts_stand_out_from_the_page(scheme):
    colours = colours_of(scheme)
    inked = {name: colour for name, colour in colours.items() if re.fullmatch(r"c\d|lead|second|muted|small-ink", name)}
    assert len(inked) == 14
    for name, colour in inked.items():
        low, high = sorted((luminance(colour), luminance(colours["paper"])))
        assert (high + 0.05) / (low + 0.05) >= (4.5 if re.fullmatch(r"c\d|small-ink", name) else 3), (
            name
        )  # text is in these


@pytest.mark.parametrize("scheme", ["default", "slate"])
def test_classes_can_be_told_apart_by_eyes_that_see_fewer_colours(scheme, capsys):
    colours = colours_of(scheme)
    classes = [linear_rgb(colours[f"c{i}"]) for i in range(10)]
    for name, matrix in {"full colour vision": np.eye(3), **DEFICIENCIES}.items():
        seen = np.clip(np.array(classes) @ np.transpose(matrix), 0, 1)
        lab = rgb2lab(np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)[np.newaxis])[0]
        apart = min((float(deltaE_ciede2000(lab[i], lab[j])), i, j) for i, j in combinations(range(10), 2))
        with capsys.disabled():
            print(
                f"\n{scheme}, {name}: the nearest two classes, {apart[1]} and {apart[2]}, are {apart[0]:.1f} apart",
                end="",
            )
        assert apart[0] > 10


def test_the_tidy_table_holds_every_metric(pages, whole_run):
    table = pd.read_csv(pages[0] / "results.csv")
    stored = load_results(whole_run[0] / "models", SAMPLE)
    assert list(table.columns) == [
        "dataset",
        "model",
        "metric",
        "class",
        "value",
        "low",
        "high",
        "unit",
        "direction",
        "commit",
    ]
    for model in stored.models:
        own = table[(table.model == model.name) & (table.metric == "accuracy")]
        assert own.value.item() == model.metrics["test"]["accuracy"]["value"]
    assert len(json.loads((pages[0] / "results.json").read_text())) == len(table)


def test_the_lines_that_score_predictions_give_the_published_accuracy(pages, whole_run, tmp_path):
    stored = load_results(whole_run[0] / "models", SAMPLE)
    model = stored.leaderboard()[0]
    shutil.copy(pages[0] / SAMPLE / "test_labels.txt", tmp_path)
    shutil.copy(pages[0] / SAMPLE / "models" / model.name / "predictions.txt", tmp_path)
    snippets = re.findall(r"```python\n(.*?)```", (shipped("templates") / "cite.md").read_text(), flags=re.DOTALL)
    for snippet in snippets:
        done = subprocess.run([sys.executable, "-c", snippet], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert float(done.stdout.split()[0]) == pytest.approx(model.accuracy, abs=1e-6)
    assert len(snippets) == 2
    classes = pd.read_csv(pages[0] / SAMPLE / "classes.csv", dtype=str)
    assert list(classes["class"]) == stored.dataset["classes"]
    assert list(classes.label) == [str(label) for label in range(len(classes))]


def test_a_citation_names_the_commit_and_a_badge_is_wellformed(pages, whole_run):
    cff = yaml.safe_load((pages[0] / "CITATION.cff").read_text())
    assert cff.keys() >= {"cff-version", "message", "title", "authors", "date-released"}
    page = html.unescape((pages[0] / "cite" / "index.html").read_text())
    assert f"@misc{{{SAMPLE}-benchmark," in page
    for model in load_results(whole_run[0] / "models", SAMPLE).models:
        picture = ElementTree.parse(  # noqa: S314, it is ours
            pages[0] / SAMPLE / "badges" / f"{model.name}.svg"
        ).getroot()
        assert picture[0].text.endswith(f"{100 * model.accuracy:.2f} %")


def test_the_site_is_built_without_anything_that_measures(whole_run, tmp_path):
    folder = whole_run[0]  # others copy it meanwhile, so the site goes elsewhere
    script = f"""
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("sklearn", "joblib", "pickle"):
            raise ImportError(name + " is blocked")
import numpy, pandas, plotly, PIL  # these may use pickle themselves
sys.modules.pop("sklearn", None)
sys.meta_path.insert(0, Block())
from benchmark.__main__ import main
sys.exit(main(["site", "--dataset", "{SAMPLE}", "--models-dir", "{folder}/models", "--build-dir", "{tmp_path}"]))
"""
    settings = {"cwd": ROOT, "capture_output": True, "text": True}
    done = subprocess.run([sys.executable, "-c", script], check=False, **settings)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "index.html").exists()


def test_a_model_page_links_to_the_pickle_of_a_release_where_there_is_one(whole_run, tmp_path, command):
    asset = {
        "name": "lr-hog.pkl",
        "browser_download_url": "https://example.org/v1/lr-hog.pkl",
        "digest": f"sha256:{64 * 'a'}",
    }
    portable = {name: value.replace(".pkl", ".skops").replace("a" * 64, "b" * 64) for name, value in asset.items()}
    release = {"tag_name": "v1.0.0", "assets": [asset, portable, {"name": "SHA256SUMS"}]}
    (tmp_path / "released.json").write_text(json.dumps(release))
    done = command("site", "--dataset", SAMPLE, "--models-dir", whole_run[0] / "models", "--build-dir", tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "site" / SAMPLE / "models"
    text = (folder / "lr-hog" / "index.html").read_text()
    assert (
        'Release v1.0.0 carries this model\'s pickle as it was measured then, <a href="https://example.org/v1/lr-hog.pkl">'
        in text
    )
    assert (
        '<a href="https://example.org/v1/lr-hog.skops">lr-hog.skops</a> is the same model in a file that runs no code'
        in text
    )
    assert 'load_model("lr-hog.skops", sha256="' + 64 * "b" + '")' in html.unescape(text)
    assert "make bench MODELS=lr-hog" in text
    assert "example.org" not in (folder / "dummy" / "index.html").read_text()


@pytest.mark.parametrize(
    "asset",
    [
        None,
        {"browser_download_url": "javascript:alert(1)"},
        {"digest": '"onclick="alert(1)'},
    ],
)
def test_what_is_no_release_is_refused(asset, tmp_path):
    good = {"name": "lr-hog.pkl", "browser_download_url": "https://example.org/a.pkl", "digest": f"sha256:{64 * 'a'}"}
    answer = {"tag_name": "v1", "assets": [good | asset]} if asset else {"message": "Not Found"}
    (tmp_path / "released.json").write_text(json.dumps(answer))
    with pytest.raises(BenchmarkError, match="does not describe a release"):
        read_released(tmp_path / "released.json")


def test_a_file_of_a_release_whose_digest_is_not_known_is_left_out(tmp_path):
    old = {"name": "lr-hog.pkl", "browser_download_url": "https://example.org/a.pkl", "digest": None}
    (tmp_path / "released.json").write_text(json.dumps({"tag_name": "v1", "assets": [old]}))
    assert read_released(tmp_path / "released.json") == {}


def test_without_results_the_error_names_the_command(tmp_path, command):
    done = command("site", "--dataset", SAMPLE, "--models-dir", tmp_path, "--build-dir", tmp_path / "build")
    assert done.returncode == 1
    assert f"python -m benchmark bench --dataset {SAMPLE} --models-dir {tmp_path}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_style_sheet_loses_the_spaces_that_mean_nothing_and_no_other():
    written = 'a, b :is(i):hover {\n  color: red;\n  margin: 0 auto;\n}\n@media (width: 40em) { a::after { content: " ; : "; } }\n'
    packed = 'a,b :is(i):hover{color:red;margin:0 auto}@media (width:40em){a::after{content:" ; : "}}'
    assert packed_style(written) == packed
