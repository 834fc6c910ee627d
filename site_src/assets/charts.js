/* Charts: a still picture until the reader shows interest (a click, a tap, Enter, a mouse that rests); only then is Plotly
   loaded, once a visit, with what a live chart can do (stage.js) and how it looks (look.js). No request leaves the site. */
(() => {
  "use strict";
  const here = document.currentScript.src;
  const REST = 150; // milliseconds that a mouse rests on a chart before it goes live
  const AFTER_SCROLL = 400; // milliseconds after a scroll in which a chart under the mouse is only passing by
  const asked = new WeakSet();
  let loaded = null, scrolled = 0;

  const element = (name, more) => Object.assign(document.createElement(name), more);

  const script = (path) => new Promise((resolve, reject) => document.head.append(element("script", { src: new URL(path, here), onload: resolve, onerror: reject })));

  const load = () => loaded ??= Promise.all(["plotly/plotly-cartesian.min.js", "look.js", "stage.js"].map(script)).catch((error) => { loaded = null; throw error; });

  const lineOf = (place) => place.closest("figure").querySelector(".plot-line");

  const live = async (place) => {
    if (asked.has(place)) return;
    asked.add(place);
    const line = lineOf(place), held = line.contains(document.activeElement);
    try {
      const [spec] = await Promise.all([fetch(place.dataset.figure).then((answer) => answer.json()), load()]);
      if (place.isConnected) await window.chartStage.raise(place, line, spec); // another page may have come meanwhile
      if (held) place.querySelector(".stage").focus({ preventScroll: true });
    } catch {
      asked.delete(place);
      line.replaceChildren("The chart could not be loaded; its numbers are below.");
      place.closest("figure").querySelector("details").open = true;
    }
  };

  // A chart waits for the reader. Where no picture could be made it does not wait: it goes live near the viewport.
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
    window.chartStage?.clear();
    document.querySelectorAll(".plot[data-figure]").forEach(wait);
  };

  document.addEventListener("scroll", () => { scrolled = performance.now(); }, { passive: true });
  if (window.document$) window.document$.subscribe(start); else start();
})();
