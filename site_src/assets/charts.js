/* Draws a chart when it comes near the viewport, from its JSON; colours follow the scheme. Sorts tables. No request leaves the site.
   Where a chart cannot be drawn, its table opens in its place. */
(() => {
  "use strict";
  const here = document.currentScript.src;
  const config = { responsive: true, displaylogo: false, displayModeBar: false, showSendToCloud: false, plotlyServerURL: "", scrollZoom: false };
  const drawn = new Map();
  let bundle = null;

  const loadPlotly = () => bundle ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL("plotly/plotly-cartesian.min.js", here);
    script.onload = () => resolve(window.Plotly);
    script.onerror = reject;
    document.head.append(script);
  });

  const colour = (name) => getComputedStyle(document.body).getPropertyValue(`--${name}`).trim();

  const dressed = (spec, narrow) => {
    const ink = colour("chart-ink"), grid = colour("chart-grid");
    const axis = (own) => ({ ...own, gridcolor: grid, linecolor: grid, tickcolor: grid, automargin: true });
    const data = spec.data.map((trace) => {
      if (trace.meta === "sequential") return { ...trace, colorscale: [[0, colour("low")], [.75, colour("mid")], [1, colour("high")]] };
      const own = colour(trace.meta || "lead");
      const mine = { ...trace, marker: { ...trace.marker, color: own }, line: { ...trace.line, color: own } };
      for (const key of ["error_x", "error_y"]) if (trace[key]) mine[key] = { ...trace[key], color: own };
      if (trace.type === "bar") delete mine.line;
      if (trace.ids && narrow) mine.text = trace.ids;
      return mine;
    });
    const layout = {
      ...spec.layout, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", dragmode: false,
      font: { color: ink, family: "system-ui, sans-serif", size: 12 }, margin: { l: 10, r: 16, t: 10, b: 10 },
      hoverlabel: { bgcolor: colour("md-default-bg-color"), font: { color: ink } },
      xaxis: axis(spec.layout.xaxis), yaxis: axis(spec.layout.yaxis),
    };
    return { data, layout };
  };

  const draw = async (place) => {
    if (drawn.has(place)) return;
    drawn.set(place, null);
    const [Plotly, spec] = await Promise.all([loadPlotly(), fetch(place.dataset.figure).then((answer) => answer.json())]);
    if (!place.isConnected) return; // another page came meanwhile
    drawn.set(place, spec);
    const { data, layout } = dressed(spec, place.clientWidth < 560);
    await Plotly.newPlot(place, data, layout, config);
  };

  const tell = (place) => {
    place.hidden = true;
    const numbers = place.closest("figure")?.querySelector("details");
    if (numbers) numbers.open = true;
  };

  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) { near.unobserve(entry.target); draw(entry.target).catch(() => tell(entry.target)); }
  }, { rootMargin: "300px" });

  const recolour = () => {
    for (const [place, spec] of drawn) if (spec && window.Plotly) {
      const { data, layout } = dressed(spec, place.clientWidth < 560);
      window.Plotly.react(place, data, layout, config);
    }
  };

  const sortable = (table) => {
    if (table.dataset.ready) return;
    table.dataset.ready = "yes";
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
      const rising = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", rising ? "ascending" : "descending");
      const key = (row) => row.cells[column].dataset.sort;
      const compare = (a, b) => isNaN(key(a)) || isNaN(key(b)) ? key(a).localeCompare(key(b)) : key(a) - key(b);
      // a reference stays last, and what cannot be compared (AUCs of probabilities and of decision values) stays apart
      const apart = (a, b) => ("last" in a.dataset) - ("last" in b.dataset)
        || (b.cells[column].dataset.group || "").localeCompare(a.cells[column].dataset.group || "");
      const rows = [...table.tBodies[0].rows].sort((a, b) => apart(a, b) || (rising ? compare(a, b) : compare(b, a)));
      table.tBodies[0].append(...rows);
    }));
  };

  const start = () => {
    for (const place of drawn.keys()) if (!place.isConnected) { window.Plotly?.purge(place); drawn.delete(place); }
    document.querySelectorAll(".plot[data-figure]").forEach((place) => near.observe(place));
    document.querySelectorAll("table[data-sortable]").forEach(sortable);
  };

  new MutationObserver(recolour).observe(document.body, { attributes: true, attributeFilter: ["data-md-color-scheme"] });
  if (window.document$) window.document$.subscribe(start); else start();
})();
