/* What a live chart can do. What hover shows, a tap and the arrow keys show too, in the line below; a cell of a confusion matrix leads
   to its images; a logarithmic axis can be made linear; colours follow the scheme. Loaded with Plotly (charts.js). */
"use strict";
window.chartStage = (() => {
  const HINT = "Point at the chart, tap it, or use the arrow keys: its values stand here.";
  const OF_CELLS = " A click or Enter shows the images in a cell.";
  const config = { responsive: true, displaylogo: false, displayModeBar: false, showSendToCloud: false, plotlyServerURL: "", scrollZoom: false, doubleClick: false, showTips: false, typesetMath: false };
  const charts = new Map(); // by place: { spec, stage, linear }

  const element = (name, more) => Object.assign(document.createElement(name), more);

  const draw = (place) => {
    const { spec, stage, linear } = charts.get(place);
    const { data, layout } = window.chartLook(spec, { width: place.clientWidth, linear });
    return window.Plotly.react(stage, data, layout, config);
  };

  const redraw = () => { for (const place of charts.keys()) draw(place); };

  const raise = async (place, line, spec) => {
    const stage = element("div", { className: "stage", tabIndex: 0 });
    stage.setAttribute("role", "group");
    stage.setAttribute("aria-label", `Interactive chart, arrow keys read its values. ${place.dataset.label}`);
    // A swipe belongs to the page: Plotly would keep it. A tap still arrives, as the mouse that browsers make of it.
    stage.addEventListener("touchstart", (event) => event.stopPropagation(), { capture: true, passive: true });
    place.append(stage);
    charts.set(place, { spec, stage, linear: false });
    try { await draw(place); } catch (error) { charts.delete(place); stage.remove(); throw error; }
    place.classList.add("live");
    const read = reader(place, line, spec);
    stage.on("plotly_hover", ({ points }) => read(points));
    stage.addEventListener("keydown", keys(stage, read));
    // A mouse that hovers has read a cell and its click leads on; a finger reads with its tap, and follows the link in the line.
    let pointer = "";
    stage.addEventListener("pointerdown", (event) => { pointer = event.pointerType; }, { capture: true, passive: true });
    stage.on("plotly_click", () => { if (pointer === "mouse") line.querySelector("a")?.click(); });
    stage.addEventListener("keydown", (event) => { if (event.key === "Enter") line.querySelector("a")?.click(); });
    if (Object.values(spec.layout).some((part) => part?.type === "log")) line.append(scale(place));
  };

  // Return the address of the images in a cell of a confusion matrix, nothing for one on the diagonal or without an image.
  const imagesOf = (place, cells, { x, y, z }) => {
    if (x === y || z === null) return "";
    return `${new URL(`../${cells.errors}`, new URL(place.dataset.figure, location))}#model=${cells.model}&true=${cells.classes[y]}&predicted=${cells.classes[x]}`;
  };

  // Return what writes a hovered point into the line, with its garment where the chart has some.
  const reader = (place, line, { layout }) => {
    const { stage } = charts.get(place), sprite = layout.meta?.tiles, cells = layout.meta?.cells;
    const told = element("span", { className: "told", textContent: HINT + (cells ? OF_CELLS : "") });
    told.setAttribute("aria-live", "polite");
    line.replaceChildren(told);
    const tile = element("img", { className: "tile", alt: "" });
    if (sprite) { Object.assign(tile, { width: sprite.width, height: sprite.height }); line.prepend(tile); }
    return ([point]) => {
      const labels = [...stage.querySelectorAll(".hoverlayer .hovertext .nums")];
      told.textContent = labels.map((label) => [...label.querySelectorAll("tspan.line")].map((part) => part.textContent).join(", ") || label.textContent).join("; ");
      const address = cells && imagesOf(place, cells, point);
      if (address) told.append(" ", element("a", { href: address, textContent: "Show on Errors" }));
      if (!sprite) return;
      const [file, x, y] = point.data.customdata[point.pointNumber];
      tile.src = new URL(`../${sprite.files[file]}`, new URL(place.dataset.figure, location));
      tile.style.cssText = `width:${sprite.width}px;height:${sprite.height}px;object-position:-${x}px -${y}px`;
    };
  };

  const scale = (place) => {
    const chart = charts.get(place), button = element("button", { type: "button", textContent: "Linear scale" });
    button.onclick = () => {
      chart.linear = !chart.linear;
      button.textContent = chart.linear ? "Logarithmic scale" : "Linear scale";
      draw(place);
    };
    return button;
  };

  const clamp = (value, size) => Math.max(0, Math.min(size - 1, value));
  const middle = (edges, k) => (edges[k] + edges[k + 1]) / 2;

  // Left and right walk along a series, up and down to the next one; in a heatmap all four walk over its cells.
  const keys = (stage, read) => {
    let series = 0, at = 0, cell = [0, 0], begun = false;
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -Infinity], End: [0, Infinity] };
    const shown = () => stage._fullData.map((trace, i) => ({ trace, i })).filter(({ trace }) => trace.visible === true && trace.hoverinfo !== "skip");
    // Plotly says nothing of a hover that a script asked for, and shows it within its own 50 ms.
    const hover = ({ trace, i }, where) => {
      window.Plotly.Fx.hover(stage, [{ curveNumber: i, ...where }], trace.xaxis + trace.yaxis);
      setTimeout(() => stage._hoverdata?.length && read(stage._hoverdata), 60);
    };
    return (event) => {
      const traces = shown();
      if (event.key === "Escape") window.Plotly.Fx.unhover(stage);
      if (event.target !== stage || !steps[event.key] || !traces.length) return;
      event.preventDefault();
      const [down, right] = begun ? steps[event.key] : [0, 0];
      begun = true;
      if (traces[0].trace.type === "heatmap") {
        const [low, high] = stage._fullLayout.yaxis.range, { x, y, z } = stage.calcdata[traces[0].i][0];
        cell = [clamp(cell[0] + (low < high ? -down : down), z.length), clamp(cell[1] + right, z[0].length)];
        hover(traces[0], { xval: middle(x, cell[1]), yval: middle(y, cell[0]) });
      } else {
        series = clamp(series + down, traces.length);
        at = clamp(at + right, traces[series].trace._length);
        hover(traces[series], { pointNumber: at });
      }
    };
  };

  const clear = () => {
    for (const [place, { stage }] of charts) if (!place.isConnected) { window.Plotly.purge(stage); charts.delete(place); }
  };

  matchMedia("(max-width: 40em)").addEventListener("change", redraw);
  new MutationObserver(redraw).observe(document.body, { attributes: true, attributeFilter: ["data-md-color-scheme"] });
  return { raise, clear };
})();
