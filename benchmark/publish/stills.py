"""Still pictures of charts: what a reader sees before a chart is live, in print and without a script.

Comes in: charts, the site's own assets. Goes out: SVG by path, wide and narrow, light and dark. The very script that dresses
live charts (`look.js`) draws them, in a Chrome or Chromium that kaleido finds; what has not changed is not drawn again.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmark.cache import Cache, digest
from benchmark.disk import write_atomically
from benchmark.errors import BenchmarkError
from benchmark.publish.chart import Chart

WIDE, NARROW = 800, 360  # pixels; the stylesheet gives charts these proportions
SCHEMES = {"light": "default", "dark": "slate"}  # Material's names
N_TABS = 2
SECONDS = 60  # for one chart; it takes a fifth of one
READER = "choreographer.channels.pipe"  # of what a browser says
# of bytes between two messages that are no message; a picture that lacks one is missed, and said to be
IGNORED = "JSONError decoding message. Ignoring"
# Plotly names its clip paths at random; a fixed sequence makes equal charts equal files.
PAGE = """<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="{assets}/site.css">
<script src="{assets}/plotly/plotly-cartesian.min.js"></script><script src="{assets}/look.js"></script><body></body><script>
window.still = (spec, scheme, width, height) => {{
  let state = 1;
  Math.random = () => (state = state * 48271 % 2147483647) / 2147483647;
  document.body.dataset.mdColorScheme = scheme;
  return Plotly.toImage({{ ...chartLook(spec, {{ width }}), config: {{ typesetMath: false }} }}, {{ format: "svg", width, height, imageDataOnly: true }});
}};
</script>"""


def picture_path(name: str, scheme: str, width: int) -> str:
    """Return where the picture of the chart `name` lies below the docs folder."""
    return f"figures/{name}{'' if width == WIDE else '-narrow'}{'' if scheme == 'light' else '-dark'}.svg"


def draw(
    charts: Sequence[Chart], *, assets: Path, cache: Cache, build_dir: Path, report: Callable[[str], None]
) -> dict[str, bytes]:
    """Return the pictures of `charts` by path; of those alone that are known already where no browser can draw."""
    looks = _looks(assets)
    keys = {chart.name: digest(chart.spec, chart.height, looks) for chart in charts}
    unknown = [chart for chart in charts if _known(cache, keys[chart.name], chart.name) is None]
    if unknown:
        page = build_dir / "picture.html"
        write_atomically(page, PAGE.format(assets=assets.resolve().as_uri()).encode())
        try:
            with ThreadPoolExecutor(1) as beside:  # the caller (a notebook, say) may have an event loop of its own
                drawn, failure = beside.submit(lambda: asyncio.run(_draw(unknown, page.resolve()))).result()
        except Exception as error:  # whatever a browser may lack, the site is whole without pictures
            drawn, failure = {}, error
        for name, pictures in drawn.items():
            cache.write("pictures", keys[name], pictures)
        if drawn:
            report(f"drew {len(drawn)} charts; {len(charts) - len(unknown)} had not changed")
        if failure:
            reason = str(failure).strip().partition("\n")[0].partition(". ")[0] or type(failure).__name__
            left = len(unknown) - len(drawn)
            report(f"no still pictures of {left} charts, which will be live near the viewport: {reason}")
    found = (_known(cache, key, name) or {} for name, key in keys.items())
    return {path: text.encode() for pictures in found for path, text in pictures.items()}


def _known(cache: Cache, key: str, name: str) -> dict[str, str] | None:
    """Return the kept pictures of the chart `name` by path, None where there are none of these very paths."""
    found: dict[str, str] | None = cache.read("pictures", key, dict[str, str])
    paths = {picture_path(name, scheme, width) for scheme in SCHEMES for width in (WIDE, NARROW)}
    return found if found and found.keys() <= paths else None


def _looks(assets: Path) -> str:
    """Return the digest of all that a picture depends on but its data: the bundle, the dressing, the colours."""
    style = (assets / "site.css").read_text(encoding="utf-8")
    files = [(assets / name).read_text(encoding="utf-8") for name in ("look.js", "plotly/version.json")]
    return digest(
        inspect.getsource(_tidied),
        inspect.getsource(_tidied_tag),
        PAGE,
        WIDE,
        NARROW,
        re.findall(r"--(?!md-)[\w-]+: *#[^;]+", style),
        files,
    )


def _is_told(record: logging.LogRecord) -> bool:
    """Return whether a record is shown: all but the one that asks nobody for anything."""
    return record.msg != IGNORED


async def _draw(charts: Sequence[Chart], page: Path) -> tuple[dict[str, dict[str, str]], Exception | None]:
    """Return the pictures of each chart by name and path, drawn side by side in tabs of one browser, and what failed last."""
    from kaleido import Kaleido  # it takes half a second, and most builds draw nothing

    logging.getLogger(READER).addFilter(_is_told)
    waiting, drawn, failures = list(charts), {}, []

    async def work(tab: Any) -> None:
        while waiting:
            chart = waiting.pop()
            try:
                drawn[chart.name] = {
                    picture_path(chart.name, scheme, width): await _still(tab, chart, name, width)
                    for scheme, name in SCHEMES.items()
                    for width in (WIDE, NARROW)
                }
            except (BenchmarkError, TimeoutError) as error:  # one chart's; the others are drawn
                failures.append(error)

    async with Kaleido(n=N_TABS, page_generator=page) as browser:
        await asyncio.gather(*[work(await browser.tabs_ready.get()) for _ in range(N_TABS)])
    return drawn, failures[-1] if failures else None


async def _still(tab: Any, chart: Chart, scheme: str, width: int) -> str:
    call = f"still({json.dumps(chart.spec)}, {json.dumps(scheme)}, {width}, {chart.height})"
    question = {"expression": call, "awaitPromise": True, "returnByValue": True}
    answer = await asyncio.wait_for(tab.tab.send_command("Runtime.evaluate", params=question), SECONDS)
    value = answer.get("result", {}).get("result", {}).get("value")
    if not isinstance(value, str):
        raise BenchmarkError(f"Plotly cannot draw {chart.name}", found=json.dumps(answer)[:300])
    return _tidied(value)


def _tidied(picture: str) -> str:
    """Return an SVG of Plotly's without what only a live one needs or nobody sees, and places to a tenth of a pixel."""
    picture = re.sub(r"<[^>]*>", _tidied_tag, picture)  # names between tags may look like anything
    unseen = r"<rect(?=[^>]*fill-opacity: 0;)(?=[^>]*stroke-opacity: 0;|(?![^>]*stroke:))[^>]*/>"
    picture = re.sub(unseen, "", picture)
    emptied = 1
    while emptied:  # a group that held nothing but empty groups is one
        picture, emptied = re.subn(r"<g(?: [^>]*)?/>|<g(?: [^>]*)?></g>", "", picture)
    return picture


def _tidied_tag(found: re.Match[str]) -> str:
    tag = re.sub(r' (?:class|data-[a-z-]+|pointer-events)="[^"]*"', "", found[0])
    tag = re.sub(r'(?<=[" ])(?:pointer-events|cursor): [a-z-]+; ?', "", tag)
    tag = re.sub(r'(?<=[" ])(?:opacity|fill-opacity|stroke-opacity): 1;(?: |(?="))', "", tag)
    tag = re.sub(r"translate\([^)]*\)", lambda place: re.sub(r"(\.\d)\d+", r"\1", place[0]), tag)
    return re.sub(r' style="\s*"| transform="rotate\(0,[^)]*\)"', "", tag)
