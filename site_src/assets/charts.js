/* Charts: a still picture until the reader shows interest (a click, a tap, Enter, a mouse that rests), then live, from its JSON.
   What hover shows, a tap and the arrow keys show too, in the line below. Colours follow the scheme; no request leaves the site. */
(() => {
  "use strict";
  const here = document.currentScript.src;
  const REST = 150; // milliseconds that a mouse rests on a chart before it goes live
  const AFTER_SCROLL = 400; // milliseconds after a scroll in which a chart under the mouse is only passing by
  const HINT = "Point at the chart, tap it, or use the arrow keys: its values stand here.";
  const config = { responsive: true, displaylogo: false, displayModeBar: false, showSendToCloud: false, plotlyServerURL: "", scrollZoom: false, doubleClick: false, showTips: false };
  const charts = new Map(); // by place: null while it loads, then { spec, stage, linear }
  let bundle = null, scrolled = 0;

  const element = (name, more) => Object.assign(document.createElement(name), more);

  const script = (path) => new Promise((resolve, reject) => document.head.append(element("script", { src: new URL(path, here), onload: resolve, onerror: reject })));

  const load = () => bundle ??= Promise.all(["plotly/plotly-cartesian.min.js", "look.js"].map(script)).catch((error) => { bundle = null; throw error; });

  const dressed = (place, { spec, linear }) => window.chartLook(spec, { width: place.clientWidth, linear });

  const draw = (place) => {
    const chart = charts.get(place), { data, layout } = dressed(place, chart);
    return window.Plotly.react(chart.stage, data, layout, config);
  };

  const redraw = () => charts.forEach((chart, place) => chart && draw(place));

  const lineOf = (place) => place.closest("figure").querySelector(".plot-line");

  const live = async (place) => {
    if (charts.has(place)) return;
    charts.set(place, null);
    const held = lineOf(place).contains(document.activeElement);
    try {
      const [spec] = await Promise.all([fetch(place.dataset.figure).then((answer) => answer.json()), load()]);
      if (!place.isConnected) { charts.delete(place); return; } // another page came meanwhile
      const stage = element("div", { className: "stage", tabIndex: 0 });
      stage.setAttribute("role", "group");
      stage.setAttribute("aria-label", `Interactive chart, arrow keys read its values. ${place.dataset.label}`);
      // A swipe belongs to the page: Plotly would keep it. A tap still arrives, as the mouse that browsers make of it.
      stage.addEventListener("touchstart", (event) => event.stopPropagation(), { capture: true, passive: true });
      place.append(stage);
      charts.set(place, { spec, stage, linear: false });
      await draw(place);
      place.classList.add("live");
      outfit(place);
      if (held) stage.focus({ preventScroll: true });
    } catch {
      charts.delete(place);
      place.querySelector(".stage")?.remove();
      lineOf(place).replaceChildren("The chart could not be loaded; its numbers are below.");
      place.closest("figure").querySelector("details").open = true;
    }
  };

  // What a live chart carries: the line that reads it, keys, and another scale where it has a logarithmic one.
  const outfit = (place) => {
    const chart = charts.get(place), { spec, stage } = chart;
    const told = element("span", { className: "told", textContent: HINT });
    told.setAttribute("aria-live", "polite");
    const line = lineOf(place);
    line.replaceChildren(told);
    const sprite = spec.layout.meta?.tiles, tile = element("img", { className: "tile", alt: "" });
    if (sprite) { Object.assign(tile, { width: sprite.width, height: sprite.height }); line.prepend(tile); }
    const read = ([point]) => {
      const labels = [...stage.querySelectorAll(".hoverlayer .hovertext .nums")];
      told.textContent = labels.map((label) => [...label.querySelectorAll("tspan.line")].map((part) => part.textContent).join(", ") || label.textContent).join("; ");
      if (!sprite) return;
      const [file, x, y] = point.data.customdata[point.pointNumber];
      tile.src = new URL(`../${sprite.files[file]}`, new URL(place.dataset.figure, location));
      tile.style.cssText = `width:${sprite.width}px;height:${sprite.height}px;object-position:-${x}px -${y}px`;
    };
    stage.on("plotly_hover", ({ points }) => read(points));
    // Plotly says nothing of a hover that a script asked for, and shows it within its own 50 ms.
    const pointAt = (curveNumber, pointNumber) => {
      window.Plotly.Fx.hover(stage, [{ curveNumber, pointNumber }]);
      setTimeout(() => stage._hoverdata?.length && read(stage._hoverdata), 60);
    };
    stage.addEventListener("keydown", keys(stage, pointAt));
    if (!Object.values(spec.layout).some((part) => part?.type === "log")) return;
    const button = element("button", { type: "button", textContent: "Linear scale" });
    button.onclick = () => {
      chart.linear = !chart.linear;
      button.textContent = chart.linear ? "Logarithmic scale" : "Linear scale";
      draw(place);
    };
    line.append(button);
  };

  const clamp = (value, size) => Math.max(0, Math.min(size - 1, value));

  // Left and right walk along a series, up and down to the next one; in a heatmap all four walk over its cells.
  const keys = (stage, pointAt) => {
    let series = 0, at = 0, cell = [0, 0], begun = false;
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const shown = () => stage._fullData.map((trace, i) => ({ trace, i })).filter(({ trace }) => trace.visible === true && trace.hoverinfo !== "skip");
    return (event) => {
      if (event.target !== stage) return;
      if (event.key === "Escape") { window.Plotly.Fx.unhover(stage); return; }
      const traces = shown();
      if (!(steps[event.key] || event.key === "Home" || event.key === "End") || !traces.length) return;
      event.preventDefault();
      const [down, right] = begun ? steps[event.key] || [0, event.key === "Home" ? -Infinity : Infinity] : [0, 0];
      begun = true;
      const grid = traces[0].trace.type === "heatmap" && traces[0].trace;
      if (grid) {
        const upward = stage._fullLayout.yaxis.range[0] < stage._fullLayout.yaxis.range[1] ? -1 : 1;
        cell = [clamp(cell[0] + upward * down, grid.z.length), clamp(cell[1] + right, grid.z[0].length)];
        pointAt(traces[0].i, cell);
        return;
      }
      series = clamp(series + down, traces.length);
      const { trace, i } = traces[series];
      at = clamp(at + right, trace._length);
      pointAt(i, at);
    };
  };

  // A chart that waits for the reader. Where no picture could be made it does not wait: it goes live near the viewport.
  const wait = (place) => {
    if (place.dataset.ready) return;
    place.dataset.ready = "yes";
    if (!place.querySelector("picture")) { near.observe(place); return; }
    const button = element("button", { type: "button", textContent: "Interactive chart", onclick: () => live(place) });
    button.setAttribute("aria-label", `Interactive chart: ${place.closest("figure").getAttribute("aria-label")}`);
    lineOf(place).replaceChildren(button);
    place.addEventListener("click", () => live(place));
    let rest;
    place.addEventListener("pointermove", (event) => {
      const passing = performance.now() - scrolled < AFTER_SCROLL || !(event.movementX || event.movementY);
      if (event.pointerType === "mouse" && !passing) rest ??= setTimeout(() => { rest = null; if (performance.now() - scrolled > REST) live(place); }, REST);
    });
    place.addEventListener("pointerleave", () => { clearTimeout(rest); rest = null; });
  };

  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) { near.unobserve(entry.target); live(entry.target); }
  }, { rootMargin: "300px" });

  const start = () => {
    for (const [place, chart] of charts) if (!place.isConnected) { if (chart) window.Plotly.purge(chart.stage); charts.delete(place); }
    document.querySelectorAll(".plot[data-figure]").forEach(wait);
  };

  document.addEventListener("scroll", () => { scrolled = performance.now(); }, { passive: true });
  matchMedia("(max-width: 40em)").addEventListener("change", redraw);
  new MutationObserver(redraw).observe(document.body, { attributes: true, attributeFilter: ["data-md-color-scheme"] });
  if (window.document$) window.document$.subscribe(start); else start();
})();
