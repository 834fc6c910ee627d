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

  const lineOf = (place) => place.nextElementSibling;

  const live = async (place) => {
    if (asked.has(place)) return;
    asked.add(place);
    const line = lineOf(place), held = line.contains(document.activeElement), button = line.querySelector("button");
    if (button) button.textContent = "Loading…";
    try {
      const [spec] = await Promise.all([fetch(place.dataset.figure).then((answer) => answer.json()), load()]);
      if (place.isConnected) await window.chartStage.raise(place, line, spec); // another page may have come meanwhile
      if (held) place.querySelector(".stage").focus({ preventScroll: true });
    } catch {
      asked.delete(place);
      line.replaceChildren(location.protocol === "file:" ? "An interactive chart needs a server; its numbers are below." : "The chart could not be loaded; its numbers are below.");
      place.closest("figure").querySelector("details").open = true;
    }
  };

  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) { near.unobserve(entry.target); live(entry.target); }
  }, { rootMargin: "300px" });

  // Where no picture could be made, a chart does not wait for the reader.
  const start = () => {
    window.chartStage?.clear();
    for (const place of document.querySelectorAll(".plot[data-figure]")) {
      if (!place.querySelector("picture")) near.observe(place);
      place.dataset.ready = "yes";
    }
  };

  // The page listens for all charts at once: there is nothing to set up for each while a page loads.
  const placeOf = (target) => target.closest(".plot") || target.closest(".plot-line > button")?.parentElement.previousElementSibling;
  document.addEventListener("click", ({ target }) => { const place = placeOf(target); if (place) live(place); });

  // A chart as PNG is made of its light still picture when somebody asks, twice as wide.
  document.addEventListener("click", async (event) => {
    const link = event.target.closest(".take .png");
    if (!link) return;
    event.preventDefault();
    const picture = element("img", { src: link.href });
    await picture.decode();
    const canvas = element("canvas", { width: 2 * picture.naturalWidth, height: 2 * picture.naturalHeight }), pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => { const made = URL.createObjectURL(blob); element("a", { href: made, download: link.download }).click(); setTimeout(() => URL.revokeObjectURL(made), 60000); });
  });
  let over = null, rest;
  const leave = (place) => { clearTimeout(rest); rest = null; over = place; };
  document.addEventListener("pointermove", (event) => {
    const place = event.target.closest(".plot");
    if (place !== over) leave(place);
    const passing = performance.now() - scrolled < AFTER_SCROLL || !(event.movementX || event.movementY);
    if (place && event.pointerType === "mouse" && !passing) rest ??= setTimeout(() => { rest = null; if (performance.now() - scrolled > REST) live(place); }, REST);
  }, { passive: true });
  document.documentElement.addEventListener("pointerleave", () => leave(null));
  document.addEventListener("scroll", () => { scrolled = performance.now(); }, { passive: true });
  if (window.document$) window.document$.subscribe(start); else start();
})();
