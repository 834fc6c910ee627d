"""The site in a real browser: what a reader sees, does and hears, on a phone and on a desktop, in both schemes."""

from __future__ import annotations

import csv
import io
import re
from importlib.resources import files
from pathlib import Path

import pytest

from benchmark.compare.choice import ONE, Purpose, choose
from benchmark.compare.leaderboard import leaderboard
from benchmark.publish import styles
from benchmark.results import load_results
from tests.conftest import SAMPLE
from tools.browsing import (
    BUDGETS,
    DESKTOP,
    KINDS,
    MOST_SHIFT,
    PHONE,
    addresses,
    enliven,
    kinds,
    shifted,
    transferred,
    until,
    violations,
)
from tools.served import serving

OF_ONE = [kind for kind in KINDS if kind != "datasets"]  # test_parts.py visits the index of several
WIDTHS = (390, 768, 1360, 1920)
MODEL = f"{SAMPLE}/models/rf-pixels/"
POINTS = "#accuracy-against-fit-seconds"  # a chart of points on a logarithmic axis
ASKED = "performance.getEntriesByType('resource').some(entry => entry.name.endsWith('explorer.json'))"
TARGET = 24  # pixels a side, WCAG 2.2's smallest target


def ready(page, selector):
    """Return a chart's place, in view, its picture there and its script at work."""
    place = page.locator(f"{selector} .plot")
    place.scroll_into_view_if_needed()
    until(page, "s => document.querySelector(s).dataset.ready", arg=f"{selector} .plot")
    return place


def heard_after(page, key, selector):
    """Press a key and return what a chart then says, once it says something else than before."""
    before = page.locator(selector).inner_text()
    page.keyboard.press(key)
    until(page, "([s, t]) => document.querySelector(s).innerText !== t", arg=[selector, before])
    return page.locator(selector).inner_text()


def bundle_requests(page):
    return page.evaluate(
        "performance.getEntriesByType('resource').filter(e => e.name.endsWith('plotly-cartesian.min.js')).length"
    )


def waits_for_interest(page, selector):
    """Assert that the page of `selector` is at work and has not asked for its data."""
    until(page, "s => !!document.querySelector(s).show", arg=selector)
    page.wait_for_load_state("networkidle")
    assert not page.evaluate(ASKED)


def settle(page):
    """Scroll to the end and back, so that everything lazy has been asked for."""
    height = page.evaluate("document.documentElement.scrollHeight")
    for y in [*range(0, height, 600), 0]:
        page.evaluate("y => scrollTo({ top: y, behavior: 'instant' })", y)
        page.wait_for_timeout(30)
    page.wait_for_load_state("networkidle")


# ------------------------------------------------------------------------------------------------------------- charts
def test_a_chart_is_a_picture_until_somebody_asks_and_scrolling_past_asks_for_nothing(visit):
    page = visit("")
    ready(page, POINTS)
    page.mouse.move(400, 450)
    for _ in range(30):
        page.mouse.wheel(0, 300)
        page.wait_for_timeout(30)
    page.wait_for_timeout(700)
    assert page.locator(".plot").count() > 3
    assert page.locator(".plot.live").count() == 0
    assert bundle_requests(page) == 0
    shown = "[...document.querySelectorAll('.plot')].map(p => p.querySelector('.still-light img').naturalWidth)"
    assert all(width == 800 for width in page.evaluate(shown))


def test_a_mouse_that_rests_on_a_chart_makes_it_live_and_hover_reads_it(visit):
    page = visit("")
    box = ready(page, POINTS).bounding_box()
    page.wait_for_timeout(500)
    page.mouse.move(box["x"] + 300, box["y"] + 20)
    page.mouse.move(box["x"] + 305, box["y"] + 25)
    page.wait_for_selector(f"{POINTS} .plot.live")
    mark = page.locator(f"{POINTS} .point").first.bounding_box()
    page.mouse.move(mark["x"] + 5, mark["y"] + 5)
    until(page, "s => document.querySelector(s).textContent.includes('], ')", arg=f"{POINTS} .told")


def test_enter_makes_a_chart_live_and_arrow_keys_read_it(visit):
    page = visit(MODEL)
    ready(page, "#rf-pixels-confusion")
    page.locator("#rf-pixels-confusion .plot-line button").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#rf-pixels-confusion .plot.live")
    assert page.evaluate("document.activeElement.className").startswith("stage")
    told = page.locator("#rf-pixels-confusion .told")
    heard = [
        heard_after(page, key, "#rf-pixels-confusion .told")
        for key in ("ArrowRight", "ArrowRight", "ArrowDown", "End", "Home")
    ]
    assert len(set(heard)) >= 4
    assert all("taken for" in text for text in heard)
    assert told.get_attribute("aria-live") == "polite"


def test_arrow_keys_walk_along_a_line_and_to_the_next(visit):
    page = visit(MODEL)
    enliven(page, "#rf-pixels-roc")
    page.locator("#rf-pixels-roc .stage").focus()
    heard = [
        heard_after(page, key, "#rf-pixels-roc .told") for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowUp")
    ]
    assert heard[0] != heard[1] != heard[2]
    assert heard[3] == heard[1]


def test_arrow_keys_walk_from_panel_to_panel(visit):
    page = visit("")
    enliven(page, "#recall-by-class")
    page.locator("#recall-by-class .stage").focus()
    heard = [heard_after(page, key, "#recall-by-class .told") for key in ("ArrowRight", "ArrowDown", "ArrowDown")]
    assert len(set(heard)) == 3


def test_a_tap_makes_a_chart_live_and_another_reads_it(visit):
    page = visit("", PHONE)
    ready(page, POINTS).tap()
    page.wait_for_selector(f"{POINTS} .plot.live")
    mark = page.locator(f"{POINTS} .point").first.bounding_box()
    page.touchscreen.tap(mark["x"] + 5, mark["y"] + 5)
    until(page, "s => document.querySelector(s).textContent.includes('], ')", arg=f"{POINTS} .told")
    titles = page.locator("table.leaderboard tbody th a").all_inner_texts()
    assert page.locator(f"{POINTS} .told").inner_text().startswith(tuple(f"{title}: " for title in titles))


def test_a_swipe_over_a_live_chart_scrolls_the_page(visit):
    page = visit("", PHONE)
    place = ready(page, POINTS)
    enliven(page, POINTS)
    box, before = place.bounding_box(), page.evaluate("scrollY")
    touch, x, y = page.context.new_cdp_session(page), box["x"] + 150, box["y"] + 100
    for step in range(11):
        kind = "touchMove" if step else "touchStart"
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y - 20 * step}]})
        page.wait_for_timeout(16)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_timeout(100)
    assert page.evaluate("scrollY") > before + 100


def test_a_live_chart_takes_the_place_of_its_picture_and_nothing_jumps(visit):
    watch = """window.shifts = 0; new PerformanceObserver(list => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
    }).observe({ type: "layout-shift", buffered: true })"""
    for like in (PHONE, DESKTOP):
        page = visit(MODEL, like)
        page.evaluate(watch)
        settle(page)
        sizes = "[...document.querySelectorAll('.plot')].map(p => [p.clientWidth, p.clientHeight])"
        before, length = page.evaluate(sizes), page.evaluate("document.documentElement.scrollHeight")
        enliven(page)
        page.wait_for_timeout(300)
        assert page.evaluate(sizes) == before
        assert abs(page.evaluate("document.documentElement.scrollHeight") - length) <= 20
        assert page.evaluate("window.shifts") <= 0.01
        inside = """[...document.querySelectorAll('.plot.live')].map(p => {
          const own = p.getBoundingClientRect(), drawn = p.querySelector('.main-svg').getBoundingClientRect();
          return Math.max(Math.abs(own.width - drawn.width), Math.abs(own.height - drawn.height));
        })"""
        assert max(page.evaluate(inside)) <= 1


def test_a_live_chart_says_what_its_picture_says(visit):
    words = """async (name) => {
      const figure = document.querySelector(name), image = figure.querySelector('.still-light img');
      const texts = (root) => [...root.querySelectorAll('text')].map(text => text.textContent).filter(Boolean).sort();
      const still = new DOMParser().parseFromString(await (await fetch(image.currentSrc)).text(), 'image/svg+xml');
      return [texts(still), [...figure.querySelectorAll('.main-svg')].flatMap(texts).sort()];
    }"""
    for path, charts in (("", [POINTS, "#recall-by-class"]), (MODEL, ["#rf-pixels-confusion", "#rf-pixels-roc"])):
        page = visit(path)
        for chart in charts:
            ready(page, chart)
            enliven(page, chart)
            still, live = page.evaluate(words, chart)
            assert len(still) > 5
            assert still == live


def test_where_no_picture_could_be_made_a_chart_is_live_near_the_viewport(without_pictures, new_context):
    page = new_context(**DESKTOP).new_page()
    with serving(without_pictures[0] / "site") as address:
        page.goto(address)
        page.locator(POINTS).scroll_into_view_if_needed()
        page.wait_for_selector(f"{POINTS} .plot.live")
    assert page.locator(".plot:not(.live)").count() > 0
    assert page.locator("picture").count() == 0


def test_the_legend_hides_a_series_and_keeps_it_hidden_through_a_change_of_scheme(visit):
    page = visit(MODEL)
    enliven(page, "#rf-pixels-classes")
    page.locator("#rf-pixels-classes .legendtoggle").first.click()
    hidden = "document.querySelector('#rf-pixels-classes .stage')._fullData[0].visible"
    until(page, f"{hidden} === 'legendonly'")
    toggle_scheme(page)
    assert page.evaluate(hidden) == "legendonly"


def test_a_logarithmic_axis_can_be_made_linear_and_back(visit):
    page = visit(MODEL)
    enliven(page, "#rf-pixels-roc")
    axis = "document.querySelector('#rf-pixels-roc .stage')._fullLayout.xaxis"
    assert page.evaluate(f"{axis}.type") == "log"
    button = page.locator("#rf-pixels-roc .plot-line button")
    button.click()
    until(page, f"{axis}.type === 'linear'")
    low, high = page.evaluate(f"{axis}.range")
    assert low <= 0
    assert 0.9 < high < 1.2
    button.click()
    until(page, f"{axis}.type === 'log'")
    assert page.locator("#rf-pixels-classes .plot-line button", has_text="scale").count() == 0


def toggle_scheme(page):
    """Press the theme's switch until the scheme is another."""
    scheme = "document.body.dataset.mdColorScheme"
    before = page.evaluate(scheme)
    for _ in range(3):
        page.locator("[data-md-component=palette] label:visible").click()
        if page.evaluate(scheme) != before:
            return
    raise AssertionError("the scheme stays what it was")


def test_the_schemes_switch_recolours_live_charts_and_swaps_pictures(visit):
    page = visit("")
    enliven(page, POINTS)
    colour = f"document.querySelector('{POINTS} .stage')._fullLayout.font.color"
    shown = "document.querySelector('#recall-by-class .still-{}').checkVisibility()"
    light = page.evaluate(colour)
    assert page.evaluate(shown.format("light"))
    assert not page.evaluate(shown.format("dark"))
    toggle_scheme(page)
    until(page, f"{colour} !== '{light}'")
    assert page.evaluate(shown.format("dark"))
    assert not page.evaluate(shown.format("light"))


def test_a_visit_loads_the_bundle_once_and_old_charts_go(visit):
    page = visit("")
    enliven(page, POINTS)
    page.evaluate("window.visit = 'the same'")
    page.evaluate("s => { window.old = document.querySelector(`${s} .stage`); }", POINTS)
    page.locator("table.leaderboard a", has_text="Random forest").first.click()
    page.wait_for_selector("#rf-pixels-roc .plot[data-ready]")
    assert page.evaluate("window.visit") == "the same"
    enliven(page)
    assert bundle_requests(page) == 1
    until(page, "!window.old._fullLayout")
    page.go_back()
    page.wait_for_selector(f"{POINTS} .plot[data-ready]")
    enliven(page, POINTS)
    assert page.evaluate("window.visit") == "the same"


def test_what_the_start_puts_off_is_made_up_for_and_a_further_page_keeps_the_stylesheets(visit):
    page = visit("")
    until(page, "!!document.querySelector('head meta[name=color-scheme][content=light]')")
    addresses = "[...document.querySelectorAll('link[rel=stylesheet]')].map(link => link.getAttribute('href'))"
    assert all(address.startswith("http://") for address in page.evaluate(addresses))
    assert page.evaluate("[document.body, document.head].flatMap(Object.keys)") == []
    page.evaluate("window.sheets = [...document.querySelectorAll('link[rel=stylesheet]')]")
    page.locator("table.leaderboard a").first.click()
    page.wait_for_selector("article h2")
    assert page.evaluate("window.sheets.every(link => link.isConnected)")
    toggle_scheme(page)
    assert page.locator("head meta[name=color-scheme]").get_attribute("content") == "dark"


def test_where_the_bundle_does_not_come_the_picture_stays_and_the_numbers_open(site, new_context):
    page = new_context().new_page()
    page.route("**/plotly-cartesian.min.js", lambda route: route.abort())
    page.goto(site[0])
    ready(page, POINTS).click()
    page.wait_for_selector(f"{POINTS} details[open]")
    assert page.locator(f"{POINTS} picture:visible").count() == 1
    assert "could not be loaded" in page.locator(f"{POINTS} .plot-line").inner_text()


# ----------------------------------------------------------------------------------------- without a script, in print
def test_without_a_script_there_are_pictures_tables_and_garments(visit):
    page = visit("", java_script_enabled=False)
    page.locator(POINTS).scroll_into_view_if_needed()
    assert page.locator(f"{POINTS} picture:visible").count() == 1
    assert page.locator(".plot-line:visible").count() == 0
    page.locator(f"{POINTS} summary").click()
    assert page.locator(f"{POINTS} table:visible tr").count() > 2
    page = visit(f"{SAMPLE}/errors/", java_script_enabled=False)
    assert page.locator(".garments img").count() > 0
    assert page.locator("form:visible").count() == page.locator("form[name=search]:visible").count()
    page = visit(MODEL, java_script_enabled=False)
    page.locator("#rf-pixels-confusion summary").click()
    page.locator("#rf-pixels-confusion table a").first.click()
    assert "/errors/#model=rf-pixels&true=" in page.url
    page = visit(f"{SAMPLE}/compare/", java_script_enabled=False)
    assert page.locator("article table tbody tr").count() >= 40
    assert page.locator(".best").count() > 5
    assert page.locator(".verdict").inner_text().endswith("noise.")
    assert page.locator(".side img").count() > 0
    assert page.locator(".md-button.more:visible").count() == 0


def test_print_shows_every_chart_as_a_light_picture_with_something_on_it(visit):
    page = visit(MODEL, DESKTOP, color_scheme="dark")
    page.wait_for_selector(".plot[data-ready]")
    enliven(page, "#rf-pixels-roc")
    first, second = page.pdf(), page.pdf()
    assert len(first) > 0.9 * len(second)  # nobody has scrolled down, and no printer waits for what is loaded late
    assert page.evaluate("document.body.dataset.mdColorScheme") == "slate"
    page.emulate_media(media="print")
    for place in page.locator(".plot").all():
        pictures = place.locator("img:visible")
        assert pictures.count() == 1
        assert pictures.evaluate("image => image.complete && image.naturalWidth > 0")
        assert "dark" not in pictures.evaluate("image => image.currentSrc")
        assert place.locator(".stage:visible").count() == 0


# ---------------------------------------------------------------------------------------------------------- the pages
@pytest.mark.parametrize("width", [703, 725], ids=["A4", "Letter"])  # in pixels of 1/96 inch, without margins of 12 mm
def test_on_paper_no_column_of_a_table_is_cut(visit, site, width):
    for kind in ("home", "model", "methods", "changes"):
        page = visit(kinds(site[1])[kind], {"viewport": {"width": width, "height": 1000}, "color_scheme": "light"})
        page.emulate_media(media="print")
        wide = "[...document.querySelectorAll('.scroll table')].filter(table => table.offsetParent && table.getBoundingClientRect().right > innerWidth + 1).map(table => table.className)"
        assert page.evaluate(wide) == [], kind
        page.emulate_media(media="screen")


def test_in_forced_colours_bars_and_cells_are_seen_and_axe_finds_nothing(visit, site):
    for kind in ("home", "errors"):
        page = visit(kinds(site[1])[kind], forced_colors="active")
        shown = page.evaluate(
            "[...document.querySelectorAll('.leaderboard .bar, .gap, .cells button')].map(part => {"
            "const { backgroundImage, backgroundColor } = getComputedStyle(part); return backgroundImage + backgroundColor; })"
        )
        assert shown
        assert not [one for one in shown if one == "nonergba(0, 0, 0, 0)"]
        assert not violations(page)


def test_the_leaderboard_sorts_by_mouse_and_by_keyboard(visit):
    page = visit("")
    page.wait_for_selector("table[data-ready]")
    head = page.locator("table.leaderboard th", has_text="Accuracy")
    keys = "[...document.querySelectorAll('table.leaderboard tbody tr:not([data-last])')].map(r => +r.cells[2].dataset.sort)"
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"  # the better end comes first
    assert page.evaluate(keys) == sorted(page.evaluate(keys), reverse=True)
    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert page.evaluate(keys) == sorted(page.evaluate(keys))
    assert page.locator("table.leaderboard tbody tr").last.get_attribute("data-last") is not None
    again = visit(page.url.partition("benchmark/")[2])
    until(again, "document.querySelector('th[aria-sort=ascending]').textContent.startsWith('Accuracy')")
    assert again.evaluate(keys) == sorted(again.evaluate(keys))
    again.locator("table.leaderboard th", has_text="Fit").locator("button").click()
    assert again.url.endswith("?sort=fit")
    again.locator(".md-nav__link", has_text="Cost against accuracy").last.click()
    until(again, "location.hash === '#what-it-costs'")
    # a jump within the page keeps it, though the theme may lay the page anew
    until(again, "document.querySelector('th[aria-sort=ascending]').textContent.startsWith('Fit')")
    assert "?sort=fit" in again.url
    again.locator("table.leaderboard th", has_text="Rank").locator("button").click()
    assert "?" not in again.url  # the usual order


def test_on_a_phone_a_menu_sorts_by_every_column_and_the_rows_show_it(visit):
    page = visit("?sort=nothing&order=<b>", PHONE)
    page.wait_for_selector("table[data-ready]")
    menu, first = page.get_by_label("Sort by"), page.locator("table.leaderboard tbody tr").first
    assert menu.input_value() == "Rank"
    assert menu.locator("option").count() == page.locator("table.leaderboard thead th").count()
    menu.select_option("Pickle")
    assert first.locator("td[data-label=Pickle]").is_visible()
    assert not first.locator("td[data-label=Fit]").is_visible()
    sizes = page.evaluate(
        "[...document.querySelectorAll('tbody tr:not([data-last]) td[data-label=Pickle]')].map(c => +c.dataset.sort)"
    )
    assert sizes == sorted(sizes)
    page.get_by_role("button", name="Reverse").tap()
    assert page.url.endswith("?sort=pickle&turned")
    page.get_by_role("button", name="Reverse").tap()
    assert page.url.endswith("?sort=pickle")
    menu.select_option("Rank")
    assert not first.locator("td[data-label=Pickle]").is_visible()


def test_on_a_phone_a_row_of_the_leaderboard_unfolds_and_folds(visit):
    page = visit("", PHONE)
    page.wait_for_selector("table[data-ready]")
    row = page.locator("table.leaderboard tbody tr").first
    button, title = row.locator(".unfold"), row.locator("th").get_attribute("data-sort")
    for open_, word in ((False, "more"), (True, "less"), (False, "more")):
        assert row.locator("td[data-label=Pickle]").is_visible() is open_
        assert button.get_attribute("aria-expanded") == str(open_).lower()
        assert button.get_attribute("aria-label") == f"{word} about {title}"
        button.tap()
    page = visit("", PHONE, java_script_enabled=False)
    assert page.locator("table.leaderboard tbody td[data-label=Pickle]").first.is_visible()
    assert not page.locator(".unfold").first.is_visible()


def test_a_cell_of_the_matrix_shows_its_garments_and_the_address_keeps_it(visit):
    page = visit(f"{SAMPLE}/errors/")
    cell = page.locator(".cells button").first
    label = cell.get_attribute("aria-label")
    truth, rest = label.split(" taken for ")
    taken, n = rest.rsplit(": ", 1)
    cell.focus()
    page.keyboard.press("Enter")
    chosen = page.locator(".chosen")
    until(page, "n => document.querySelector('.chosen').textContent.includes(`: ${n} image`)", arg=n)
    assert chosen.inner_text().startswith(f"{truth} taken for {taken}")
    shown = page.locator(".garments li").count()
    assert 0 < shown <= int(n)
    # the theme shows its buttons, hidden or not
    assert page.locator(".more").is_visible() == (shown < int(n))
    found = page.url
    page.locator("select[name=missed]").select_option("2")
    until(page, "document.querySelector('.chosen').textContent.includes('or more')")
    page.go_back()
    until(page, "!document.querySelector('.chosen').textContent.includes('or more')")
    assert page.url == found
    again = visit(found.partition("benchmark/")[2])
    # the page comes with its usual choice, which stands there until the data have come
    until(again, "l => document.querySelector('.cells button[aria-pressed=true]')?.getAttribute('aria-label') === l", arg=label)  # fmt: skip
    assert again.locator(".chosen").inner_text() == chosen.inner_text()


def test_the_first_selection_comes_with_the_page_and_the_data_with_the_first_interest_in_another(visit):
    page = visit(f"{SAMPLE}/errors/")
    waits_for_interest(page, ".explorer")
    seen = """() => [document.querySelector('.chosen').textContent, [...document.querySelectorAll('.cells td')].map(cell =>
      [cell.textContent, cell.style.getPropertyValue('--share'), cell.querySelector('button')?.getAttribute('aria-pressed')]),
      [...document.querySelectorAll('.garments li')].map(item => item.textContent), new FormData(document.querySelector('.choices')).get('true')]"""
    before = page.evaluate(seen)
    page.locator("select[name=missed]").focus()
    until(page, ASKED)
    page.evaluate("document.querySelector('.explorer').show()")
    after = page.evaluate(seen)
    n = min(len(before[2]), len(after[2]))
    assert n > 0
    assert (before[:2], before[2][:n], before[3]) == (after[:2], after[2][:n], after[3])


@pytest.mark.parametrize(
    ("path", "field", "figures"), [("compare", "second", ".verdict"), ("errors", "model", ".chosen")]
)
def test_without_its_data_a_page_says_so_keeps_the_choice_and_tries_again(site, new_context, path, field, figures):
    page = new_context(**DESKTOP).new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.route("**/explorer.json", lambda route: route.abort())
    page.goto(f"{site[0]}{SAMPLE}/{path}/")
    before = page.locator(figures).inner_text()
    select = page.locator(f"select[name={field}]")
    for index in (3, 2):
        select.select_option(index=index)
        page.wait_for_selector("text=could not be loaded")
        assert select.evaluate("field => field.selectedIndex") == index
        assert not page.locator(figures).is_visible()  # they are of another choice
        assert not page.locator(".garments").first.is_visible()
    page.unroute("**/explorer.json")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(figures)
    assert not page.locator("text=could not be loaded").is_visible()
    assert select.evaluate("field => field.selectedIndex") == 2
    assert page.locator(figures).inner_text() != before
    assert page.locator(".garments li").count() > 0
    assert not errors


def test_data_that_come_with_the_next_choice_are_shown(site, new_context):
    page = new_context(**DESKTOP).new_page()
    page.route("**/explorer.json", lambda route: route.fulfill(status=503, body="<p>Later.</p>"))
    page.goto(f"{site[0]}{SAMPLE}/compare/")
    page.locator(".side .more:visible").first.click()
    page.wait_for_selector("text=could not be loaded")
    page.unroute("**/explorer.json")
    page.locator("select[name=second]").select_option(index=2)
    page.wait_for_selector(".verdict")
    assert page.locator("select[name=second] option").nth(2).inner_text() in page.locator(".verdict").inner_text()


@pytest.mark.parametrize(
    "purpose",
    [
        Purpose(by="size"),
        Purpose({"size": 0.1}),
        Purpose({"one": 3, "memory": 250}, by="fit"),
        Purpose(probabilities=True, by="many"),
        Purpose({"fit": 1e-9}),
    ],
    ids=["size", "a limit", "two limits", "probabilities", "none"],
)
def test_the_page_takes_the_model_that_python_takes_and_its_address_keeps_the_limits(visit, whole_run, purpose):
    stored = load_results(whole_run[0] / "models", SAMPLE)
    expected = choose(stored, leaderboard(stored), purpose)
    page = visit("")
    for key, limit in purpose.limits.items():
        page.locator(f".chooser [name={key}]").press_sequentially(str(limit))
        assert page.locator(f".chooser [name={key}]").input_value() == str(limit)
    if purpose.probabilities:
        page.locator(".chooser [name=kind]").select_option("probabilities")
    page.locator(".chooser [name=by]").select_option(purpose.by)
    page.wait_for_selector(".answer p")
    page.wait_for_timeout(200)
    taken = page.locator(".answer .taken a")
    assert (taken.inner_text() if taken.count() else None) == (expected.taken and expected.taken.metrics["title"])
    assert page.locator(".answer li").count() == (
        len(expected.excluded) if expected.taken else min(3, len(expected.excluded))
    )
    told = page.locator(".answer").inner_text()
    for model in expected.equals:
        assert model.metrics["title"] in told
    page.goto("about:blank")
    page.go_back()
    page.wait_for_selector(".answer p")
    assert page.locator(".answer").inner_text() == told


def test_a_limit_as_the_page_shows_it_lets_the_model_in_and_what_is_no_number_is_said(visit, whole_run):
    page = visit("")
    field = page.locator(".chooser [name=one]")
    shown = page.locator("[data-label='Predict an image']").first.evaluate("cell => cell.firstChild.textContent")
    number, unit = shown.split()
    field.press_sequentially(f"{float(number) * {'ms': 1, 'µs': 1e-3, 's': 1e3}[unit]:g}")
    page.wait_for_selector(".answer p")
    title = page.locator("table.leaderboard tbody th a").first.inner_text()
    assert title not in [text.partition(":")[0] for text in page.locator(".answer li").all_inner_texts()]
    field.fill("")
    page.wait_for_selector(".answer p", state="detached")
    field.press_sequentially("-3")
    page.wait_for_selector("text=A limit is a number, 0 or more.")
    page.locator(".chooser [type=reset]").click()
    until(page, "!document.querySelector('.answer').textContent && !location.search")


def test_where_no_model_keeps_a_limit_the_nearest_come_first(visit, whole_run):
    stored = load_results(whole_run[0] / "models", SAMPLE)
    cheapest = sorted(stored.leaderboard(), key=ONE.of)[:3]
    page = visit("?one=0")
    page.wait_for_selector(".answer li")
    assert page.locator(".answer li a").all_inner_texts() == [model.metrics["title"] for model in cheapest]


def test_an_address_with_limits_shows_its_answer_and_sorting_keeps_it(visit):
    page = visit("?size=0.1&kind=nonsense")
    page.wait_for_selector(".answer p")
    until(page, "document.querySelector('.chooser').getBoundingClientRect().top < innerHeight")
    told = page.locator(".answer").inner_text()
    page.get_by_role("button", name="Fit", exact=True).click()
    until(page, "location.search.includes('sort=fit') && location.search.includes('size=0.1')")
    page.reload()
    page.wait_for_selector(".answer p")
    assert page.locator(".answer").inner_text() == told
    assert page.locator("th[aria-sort]").inner_text().startswith("Fit")
    page.locator(".chooser [name=size]").press_sequentially("9")
    page.locator(".md-nav__link", has_text="Hardest classes").last.click()
    until(page, "location.hash && location.search.includes('size=0.19')")


# --------------------------------------------------------------------------------------------- the leaderboard's filter
ROWS = "[...document.querySelectorAll('.leaderboard tbody tr')].filter(row => row.offsetParent).map(row => row.dataset.words.split(' ')[0])"


@pytest.mark.parametrize("like", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_leaderboard_is_filtered_by_name_family_and_features_and_the_address_keeps_it(visit, like):
    page = visit("", like)
    every = page.evaluate(ROWS)
    page.locator(".board-tools summary").click()
    page.locator(".board-tools [name=find]").press_sequentially("Pixels SVM")
    until(page, f"({ROWS}).join() === 'svm-pixels'")
    assert page.locator(".board-tools output").inner_text() == f"1 of {len(every)} models"
    assert page.url.endswith("?find=Pixels+SVM")
    page.locator(".board-tools [name=find]").fill("pixels")
    page.reload()
    until(page, f"({ROWS}).length && ({ROWS}).every(name => name.endsWith('-pixels') || name === 'dummy')")
    assert page.evaluate(ROWS) == [name for name in every if not name.endswith("-hog")]
    page.locator(".board-tools [name=find]").fill("")
    assert page.evaluate(ROWS) == every
    assert "find" not in page.url
    for address in ("?find=<img src=x>&top=__proto__", f"?find={'x' * 5000}&top=-1"):
        page = visit(address, like)
        until(page, f"({ROWS}).length === 0")
        assert len(page.locator(".board-tools [name=find]").input_value()) <= 100


def test_what_is_typed_before_the_script_of_the_filter_is_there_is_kept(visit):
    page, held = visit("", DESKTOP), []
    page.route("**/board.js", lambda route: held.append(route))  # noqa: PLW0108  # Playwright wants a function of its own
    page.locator(".board-tools summary").click()
    page.locator(".board-tools [name=find]").press_sequentially("svm")
    while not held:
        page.wait_for_timeout(50)
    held[0].continue_()
    page.unroute("**/board.js")
    until(page, f"({ROWS}).join() === 'svm-pixels'")
    assert page.locator(".board-tools [name=find]").input_value() == "svm"
    assert page.url.endswith("?find=svm")


def test_the_first_ones_are_those_of_the_order_that_is_shown(visit):
    page = visit("?top=5", DESKTOP)
    until(page, "document.querySelector('.board-tools [name=top]').value === '5'")
    page.evaluate(
        "document.querySelector('.board-tools option[value=\"5\"]').value = '2'"
    )  # of the sample's few models
    page.locator(".board-tools [name=top]").select_option("2")
    page.locator(".leaderboard th", has_text="Fit").locator("button").click()
    until(page, "location.search.includes('top=2') && location.search.includes('sort=fit')")
    until(page, f"({ROWS}).length === 2")
    fits = page.evaluate(
        "[...document.querySelectorAll('.leaderboard tbody tr:not(.baseline)')].map(row => [row.hidden, Number(row.cells[6].dataset.sort)])"
    )
    assert [hidden for hidden, _ in fits] == [False, False] + [True] * (len(fits) - 2)
    assert fits == sorted(fits, key=lambda fit: fit[1])


def test_the_leaderboard_is_copied_as_it_is_shown(visit, windows):
    page = visit("", DESKTOP)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(".board-tools summary").click()
    page.locator(".board-tools [name=find]").fill("pixels")
    names = page.evaluate(ROWS)
    copied = {}
    for form in ("csv", "markdown", "latex"):
        page.locator(f".board-tools button[value={form}]").click()
        until(page, "document.querySelector('.board-tools output').textContent.startsWith('Copied')")
        copied[form] = page.evaluate("navigator.clipboard.readText()")
        page.evaluate("document.querySelector('.board-tools output').textContent = ''")
    rows = list(csv.reader(io.StringIO(copied["csv"])))
    assert rows[0][:3] == ["Rank", "Model", "Accuracy"]
    assert len(rows) == 1 + len(names)
    shown = page.locator(".leaderboard tbody tr:visible")
    for row, texts in zip(shown.all(), rows[1:], strict=True):
        assert texts[1] == row.locator("th a").inner_text()
        assert texts[2].startswith(row.locator(".bar").inner_text().replace("\u00a0", " "))
        assert re.fullmatch(r"[\d.]+ % \([\d.]+–[\d.]+\)", texts[2])
    lines = copied["markdown"].splitlines()
    assert [re.split(r"(?<!\\) ?\| ?", line)[2] for line in lines[2:]] == [row[1] for row in rows[1:]]
    latex = copied["latex"].splitlines()
    assert latex[:2] == [r"\begin{tabular}{ll" + "r" * 7 + "}", r"\toprule"]
    assert latex[-2:] == [r"\bottomrule", r"\end{tabular}"]
    assert all(len(re.findall(r"(?<!\\)&", line)) == 8 for line in latex if "&" in line)
    assert not re.search(r"(?<!\\)%", copied["latex"])
    page.evaluate("void (navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed')))")
    page.locator(".board-tools button[value=latex]").click()
    until(page, "document.querySelector('.board-tools textarea')")
    assert page.locator(".board-tools textarea").input_value() == copied["latex"]


@pytest.mark.parametrize("how", ["a click", "the key s", "an address"])
def test_the_index_of_the_search_is_fetched_by_those_who_search(visit, how):
    page, fetched = visit(""), []
    page.on("request", lambda asked: fetched.append(asked.url) if "search_index" in asked.url else None)
    if how == "an address":
        page.goto(f"{page.url}?q=trouser")
    else:
        page.reload()
        page.wait_for_load_state("networkidle")
        assert fetched == []
        page.keyboard.press("s") if how == "the key s" else page.locator(".md-search__input").click()
        page.locator(".md-search__input").press_sequentially("trouser")
    page.wait_for_selector(".md-search-result__link[href*='classes/trouser']")
    assert len(fetched) == 1


def test_search_finds_models_and_classes_and_no_numbers_of_charts(visit):
    page = visit("methods/")
    for words, address in (("random forest", "models/rf-"), ("sandal", "classes/sandal/")):
        page.locator("input[name=query]").fill("")
        page.locator("input[name=query]").press_sequentially(words)
        page.wait_for_selector(f".md-search-result__link[href*='{address}']")
    index = page.evaluate("fetch(new URL('../search/search_index.json', location)).then(answer => answer.json())")
    assert not any("This chart as JSON" in item["text"] or "<table" in item["text"] for item in index["docs"])
    assert len(index["docs"]) > 20


def test_a_page_that_is_not_there_leads_back_from_any_depth(visit, site):
    for depth in ("nothing", "a/b/c/nothing/"):
        page = visit(depth)
        page.locator("article a").first.click()
        page.wait_for_url(site[0])
        page.wait_for_selector("table.leaderboard")


def test_a_site_that_does_not_know_its_address_finds_its_styles_and_its_way_home_from_a_page_that_is_not_there(
    whole_run, new_context
):
    with serving(whole_run[0] / "build" / "site") as address:
        page = new_context().new_page()
        page.goto(f"{address}no/such/page/")
        until(page, "getComputedStyle(document.querySelector('.md-header')).position === 'sticky'")
        page.locator("article a").first.click()
        page.wait_for_url(address)


def test_opened_from_the_disk_links_lead_to_pages_tables_sort_and_one_sentence_says_what_needs_a_server(
    whole_run, new_context
):
    page = new_context(**DESKTOP).new_page()
    page.goto((whole_run[0] / "build" / "site" / "index.html").as_uri())
    until(page, "!!document.querySelector('.plot').dataset.ready")
    page.get_by_role("button", name="Pickle", exact=True).click()
    assert page.locator("th[aria-sort]").inner_text().startswith("Pickle")
    assert "make serve" in page.locator(".from-disk").inner_text()
    assert not page.get_by_role("textbox").count(), "a search without its index"
    page.locator(".plot").first.click()
    until(page, "document.querySelector('.plot-line').innerText.includes('needs a server')")
    for link, place in (("Methods", "methods"), ("Leaderboard", "site"), ("Errors", "errors")):
        page.get_by_role("link", name=link, exact=True).first.click()
        page.wait_for_url(f"**/{place}/index.html")
    page.locator("select").first.select_option(index=1)
    page.wait_for_selector(".lost-data:not([hidden])")


# -------------------------------------------------------------------------------------------- every page, every reader
def test_no_page_is_wider_than_its_window_and_all_targets_are_large_enough(visit, site):
    wide, small = [], []
    page = visit("", reduced_motion="reduce")
    look = """least => [document.documentElement.scrollWidth - document.documentElement.clientWidth,
      [...document.querySelectorAll('button, summary, select, article input')]
      .filter(e => !e.closest('.md-search, .md-header, .md-clipboard')).map(e => [e, e.getBoundingClientRect()])
      .filter(([e, box]) => box.width && (box.width < least || box.height < least) && e.checkVisibility())
      .map(([e]) => e.textContent.slice(0, 40))]"""
    for address in addresses(site[1]):
        page.goto(site[0] + address)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 300})  # what is not in sight need not be painted
            excess, found = page.evaluate(look, TARGET)
            wide += [f"/{address} at {width}: by {excess}"] * (excess > 0)
            small += [f"/{address} at {width}: {text}" for text in found]
    assert not wide
    assert not small


@pytest.mark.parametrize("kind", ["home", "methods", "errors"])
def test_neither_the_leaderboard_nor_prose_nor_the_matrix_lies_sideways_out_of_sight(visit, site, kind):
    page = visit(kinds(site[1])[kind])
    hidden = """[...document.querySelectorAll('.board, .scroll:has(td.prose, .cells)')].filter(e => e.scrollWidth > e.clientWidth + 1)
      .map(e => e.getAttribute('aria-label'))"""
    assert page.locator(".board, td.prose, .cells").count() > 0
    for width in (*WIDTHS, 1024, 1220, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(hidden) == [], width


@pytest.mark.parametrize("kind", [*OF_ONE, "none"])
def test_axe_finds_nothing_with_charts_live_and_everything_unfolded(visit, site, kind):
    page = visit(kinds(site[1])[kind])
    assert not violations(page)
    page.set_viewport_size(PHONE["viewport"])  # make audit asks on a phone's own terms, on every page
    page.emulate_media(color_scheme="dark")
    until(page, "document.body.dataset.mdColorScheme === 'slate'")
    assert not violations(page)


@pytest.mark.parametrize("kind", OF_ONE)
def test_a_page_is_light_before_anybody_touches_it_and_nothing_jumps(visit, site, kind):
    for page in [visit(kinds(site[1])[kind], like, first=True) for like in (PHONE, DESKTOP)]:
        assert transferred(page) <= 1024 * BUDGETS[kind]
        assert shifted(page) <= MOST_SHIFT


REMOVED = re.compile(r"::?(?:after|before|hover|focus[a-z-]*|active|checked|target|marker|placeholder|-[a-z-]+)")


def selectors(style):
    """Return each selector of a style sheet, without what depends on the moment."""
    found = (own for rule in styles.RULE.finditer(style) for own in styles.OF_SELECTORS.split(rule["selectors"]))
    return {REMOVED.sub("", own).strip() for own in found if not own.lstrip().startswith("@")}


@pytest.mark.parametrize("kind", [*OF_ONE, "none"])
def test_no_rule_that_was_left_out_of_the_themes_styles_matches_anything(visit, site, kind):
    own = {path.name: path for path in (site[1] / "assets" / "stylesheets").glob("*.css")}
    theme = Path(str(files("material"))) / "templates" / "assets" / "stylesheets"
    left_out = set().union(
        *(selectors((theme / name).read_text()) - selectors(path.read_text()) for name, path in own.items())
    )
    assert len(left_out) > 100
    matching = """selectors => selectors.filter(one => {
      try { return document.querySelector(one) } catch { return false } })  // as of '0%'"""
    page = visit(kinds(site[1])[kind])
    assert page.evaluate(matching, sorted(left_out)) == []


@pytest.mark.parametrize("kind", ["model", "class"])
def test_a_gallery_begins_where_the_text_does(visit, site, kind):
    page = visit(kinds(site[1])[kind])
    left = "selector => document.querySelector(selector).getBoundingClientRect().left"
    assert page.evaluate(left, ".garments li") == pytest.approx(page.evaluate(left, "article h1"), abs=1)
