/* The first page's choice of a model: limits and the score wanted go in, the cheapest model that is as good as the best allowed comes
   out, with the evidence. Costs, intervals and tests were computed when the site was built (benchmark/compare/choice.py). */
(() => {
  "use strict";
  const ROUNDING = 1 + 1e-9; // a limit that is a model's own cost lets that model in
  let loaded = null;

  const load = (place) => loaded ??= fetch(place.dataset.chooser).then((answer) => answer.json()).catch((error) => { loaded = null; throw error; });

  const pairOf = (data, i, j) => { const n = data.models.length; return data.pairs[i * n - (i * (i + 1)) / 2 + j - i - 1]; };

  const choose = (data, wanted) => {
    const { costs, models } = data, limit = (key) => wanted[key] === "" || isNaN(wanted[key]) ? Infinity : Number(wanted[key]);
    const broken = (model) => [...(wanted.kind && !model.probabilities ? ["no probabilities"] : []),
      ...costs.flatMap(({ key, words }, k) => model.costs[k] > ROUNDING * limit(key) ? [`${words} ${model.shown[k]}`] : [])];
    const all = models.map((_, i) => i), excluded = all.filter((i) => broken(models[i]).length), allowed = all.filter((i) => !broken(models[i]).length);
    const best = allowed[0], good = allowed.filter((i) => i === best || !pairOf(data, best, i).real), by = costs.findIndex(({ key }) => key === wanted.by);
    const taken = good.reduce((one, other) => one === undefined || models[other].costs[by] < models[one].costs[by] ? other : one, undefined);
    return { best, good, by, taken, excluded: excluded.map((i) => [i, broken(models[i])]) };
  };

  const element = (name, more, ...parts) => { const made = Object.assign(document.createElement(name), more); made.append(...parts); return made; };

  const answer = (place, data, wanted) => {
    const { models, costs } = data, { best, good, by, taken, excluded } = choose(data, wanted);
    const link = (i) => element("a", { href: `${place.dataset.models}${models[i].name}/` }, models[i].title);
    const list = (items) => items.flatMap((item, k) => [k ? k === items.length - 1 ? " and " : ", " : "", item]);
    const lines = [];
    if (taken === undefined) lines.push(element("p", { className: "taken" }, "No model keeps all of these limits. The nearest:"));
    else {
      lines.push(element("p", { className: "taken" }, "Take ", element("strong", {}, link(taken)), `: accuracy ${models[taken].accuracy}, ${costs[by].words} ${models[taken].shown[by]}.`));
      const others = good.filter((i) => i !== taken && i !== best);
      if (taken === best) lines.push(element("p", {}, good.length > 1 ? "It is the most accurate model within these limits, and no dearer than those that are as good." : excluded.length ? "It is the most accurate model within these limits, by more than noise." : "It is the most accurate, by more than noise."));
      else lines.push(element("p", {}, link(best), ` is ${pairOf(data, best, taken).told}: that is within noise, and it costs more, ${models[best].shown[by]}.`));
      if (others.length) lines.push(element("p", {}, "As good as the most accurate, within noise: ", ...list(others.map(link)), "."));
    }
    if (excluded.length) {
      const items = excluded.map(([i, why]) => element("li", {}, link(i), `: ${why.join("; ")}`));
      if (taken === undefined) { const least = Math.min(...excluded.map(([, why]) => why.length)); lines.push(element("ul", {}, ...items.filter((_, k) => excluded[k][1].length === least))); }
      else lines.push(element("details", {}, element("summary", {}, `Excluded by these limits: ${excluded.length}`), element("ul", {}, ...items)));
    }
    return lines;
  };

  const start = () => document.querySelectorAll("[data-chooser]").forEach((place) => {
    if (place.show) return;
    const form = place.querySelector("form"), out = place.querySelector(".answer"), names = [...form.elements].map((field) => field.name).filter(Boolean);
    const read = () => Object.fromEntries(new FormData(form));
    const usual = form.elements.by.options[0].value;
    place.show = async () => {
      const asked = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
      if (names.some((name) => name in asked)) for (const name of names) { const field = form.elements[name]; field.value = asked[name] ?? (name === "by" ? usual : ""); if (field.tagName === "SELECT" && field.selectedIndex < 0) field.selectedIndex = 0; }
      let data;
      try { data = await load(place); } catch { out.replaceChildren("What the answer is made of could not be loaded. "); out.append(element("button", { type: "button", className: "md-button", onclick: place.show }, "Try again")); return; }
      out.replaceChildren(...answer(place, data, read()));
    };
    form.onsubmit = (event) => event.preventDefault();
    form.oninput = () => {
      const query = new URLSearchParams(Object.entries(read()).filter(([name, value]) => value && !(name === "by" && value === usual))).toString();
      history.replaceState(history.state, "", location.pathname + location.search + (query ? `#${query}` : ""));
      place.show();
    };
    form.onreset = () => setTimeout(form.oninput);
    if (names.some((name) => new URLSearchParams(location.hash.slice(1)).has(name))) place.show();
    else if (names.some((name) => form.elements[name].value && !(name === "by" && form.elements[name].value === usual))) form.oninput(); // typed while this script was on its way
  });
  window.addEventListener("hashchange", () => document.querySelectorAll("[data-chooser]").forEach((place) => place.show?.()));
  if (window.document$) window.document$.subscribe(start); else start();
})();
