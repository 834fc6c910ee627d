/* How a chart looks, for live charts (stage.js) and still pictures (benchmark/publish/stills.py) alike.
   A trace's `meta`, an annotation's or a shape's `name` names its colour; the stylesheet gives it, so that it follows the scheme. */
"use strict";
window.chartLook = (spec, { width, linear = false }) => {
  const narrow = width < 560, scale = Math.min(1.4, Math.max(.75, width / (narrow ? 360 : 800)));
  const style = getComputedStyle(document.body);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const ink = colour("chart-ink"), grid = colour("chart-grid");
  const scales = {
    sequential: [[0, colour("low")], [.75, colour("mid")], [1, colour("high")]],
    diverging: [[0, colour("negative")], [.5, colour("zero")], [1, colour("positive")]],
  };

  const dress = (trace) => {
    if (scales[trace.meta]) return { ...trace, colorscale: scales[trace.meta], autocolorscale: false };
    const own = colour(trace.meta || "lead");
    const mine = { ...trace, marker: { ...trace.marker, color: own } };
    if (trace.type !== "bar") mine.line = { ...trace.line, color: own };
    if (trace.fill) mine.fillcolor = `${own}33`;
    for (const key of ["error_x", "error_y"]) if (trace[key]) mine[key] = { ...trace[key], color: own };
    if (trace.hovertext && narrow) { // names beside dots and where they stand, as far as a narrow chart has room
      const told = trace.hovertext.map((text) => text.split("|"));
      Object.assign(mine, { textposition: told.map(([place]) => place || "middle right"), text: told.map(([, name]) => name) });
    }
    return mine;
  };

  // Names beside a narrow chart take two lines, so that the chart keeps its width.
  const broken = (text) => {
    const gaps = [...text.matchAll(/ /g)].map((found) => found.index), off = (gap) => Math.abs(gap - text.length / 2);
    if (text.length < 13 || !gaps.length) return text;
    const gap = gaps.reduce((best, other) => off(other) < off(best) ? other : best);
    return `${text.slice(0, gap)}<br>${text.slice(gap + 1)}`;
  };
  const words = [...new Set(spec.data.flatMap((trace) => trace.y || []).filter((name) => typeof name === "string"))], names = words.some(isNaN) ? words : [];

  const axis = (key, own) => ({
    ...(key === "yaxis" && narrow && names.length ? { tickvals: names, ticktext: names.map(broken) } : {}),
    ...(spec.data.some((trace) => trace.type === "heatmap") ? { showgrid: false } : {}),
    ...own, ...(key === "yaxis" && narrow && own.ticktext ? { ticktext: own.ticktext.map(broken) } : {}), gridcolor: grid, linecolor: grid, tickcolor: grid, automargin: true,
    ...(linear && own.type === "log" ? { type: "linear", range: null, autorange: true, dtick: null, rangemode: "tozero" } : {}),
  });

  const among = linear && spec.layout.yaxis?.type === "log"; // names beside lines stand where they end on the other axis
  const layout = {
    ...spec.layout, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", dragmode: false, uirevision: "kept",
    font: { color: ink, family: "system-ui, sans-serif", size: 12 * scale }, margin: { l: 10, r: 16, t: 10, b: 10, ...spec.layout.margin },
    hoverlabel: { bgcolor: colour("md-default-bg-color"), bordercolor: grid, font: { color: ink } },
    ...(among ? { showlegend: true } : {}),
    annotations: (among ? [] : spec.layout.annotations || []).map((own) => ({
      ...own, font: { ...own.font, color: own.name ? colour(own.name) : ink }, bgcolor: own.xref ? "rgba(0,0,0,0)" : `${colour("paper")}cc`, // among points
    })),
    shapes: (spec.layout.shapes || []).map((own) => ({ ...own, line: { ...own.line, color: colour(own.name || "muted") } })),
  };
  for (const key of Object.keys({ xaxis: 0, yaxis: 0, ...spec.layout })) if (/^[xy]axis\d*$/.test(key)) layout[key] = axis(key, spec.layout[key] || {});
  return { data: spec.data.map(dress), layout };
};
