/* The first page's choice of a model: limits and the score wanted go in, the cheapest model that is as good as the best allowed comes
   out, with the evidence. Costs, intervals and tests were computed when the site was built (benchmark/compare/choice.py). */
(() => {
  "use strict";
  const ROUNDING = 1 + 1e-9; // a limit that is a model's own cost lets that model in
  let loaded = null;

  const load = (place) => loaded ??= fetch(place.dataset.chooser).then((answer) => answer.json()).catch((error) => { loaded = null; throw error; });

  const pairOf = (data, i, j) => { const n = data.models.length; return data.pairs[i * n - (i * (i + 1)) / 2 + j - i - 1]; };

  const choose = (data, wanted) => {
    const { costs, models } = data, limit = (key) => wanted[key] === "" ? Infinity : Number(wanted[key]);
    // How far a model is over the limits; one that none keeps counts as that of the cheapest, or all were infinitely far from 0.
    const least = costs.map((_, k) => Math.min(...models.map((model) => model.costs[k])));
    const over = (model) => Math.max(wanted.kind && !model.probabilities ? Infinity : 0, ...costs.map(({ key }, k) => model.costs[k] > limit(key) ? model.costs[k] / Math.max(limit(key), least[k]) : 0));
    const broken = (model) => [...(wanted.kind && !model.probabilities ? ["no probabilities"] : []),
      ...costs.flatMap(({ key, words }, k) => model.costs[k] > ROUNDING * limit(key) ? [`${words} ${model.shown[k]}`] : [])];
    const all = models.map((_, i) => i), excluded = all.filter((i) => broken(models[i]).length), allowed = all.filter((i) => !broken(models[i]).length);
    const best = allowed[0], good = allowed.filter((i) => i === best || !pairOf(data, best, i).real), by = costs.findIndex(({ key }) => key === wanted.by);
    const taken = good.reduce((one, other) => one === undefined || models[other].costs[by] < models[one].costs[by] ? other : one, undefined);
    return { best, good, by, taken, allowed, excluded: excluded.map((i) => [i, broken(models[i]), over(models[i])]) };
  };

  const element = (name, more, ...parts) => { const made = Object.assign(document.createElement(name), more); made.append(...parts); return made; };

  const answer = (place, data, wanted) => {
    const { models, costs } = data, { best, good, by, taken, allowed, excluded } = choose(data, wanted);
    const link = (i) => element("a", { href: `${place.dataset.models}${models[i].name}/` }, models[i].title);
    const list = (items) => items.flatMap((item, k) => [k ? k === items.length - 1 ? " and " : ", " : "", item]);
    const lines = [];
    if (taken === undefined) lines.push(element("p", { className: "taken" }, "No model keeps all of these limits. Nearest to them:"));
    else {
      lines.push(element("p", { className: "taken" }, "Take ", element("strong", {}, link(taken)), `: accuracy ${models[taken].accuracy}, ${costs[by].words} ${models[taken].shown[by]}.`));
      const others = good.filter((i) => i !== taken && i !== best);
      if (taken === best) lines.push(element("p", {}, allowed.length === 1 ? "It is the only model within these limits." : good.length > 1 ? "It is the most accurate model within these limits, and no dearer than those that are as good." : excluded.length ? "It is the most accurate model within these limits, by more than noise." : "It is the most accurate, by more than noise."));
      else lines.push(element("p", {}, link(best), ` is ${pairOf(data, best, taken).told}: that is within noise, and it costs more, ${models[best].shown[by]}.`));
      if (others.length) lines.push(element("p", {}, "As good as the most accurate, within noise: ", ...list(others.map(link)), "."));
    }
    if (excluded.length) {
      const items = excluded.map(([i, why]) => element("li", {}, link(i), `: ${why.join("; ")}`));
      if (taken === undefined) lines.push(element("ul", {}, ...excluded.map((one, k) => [one[2], k]).sort(([a], [b]) => a === b ? 0 : a - b).slice(0, 3).map(([, k]) => items[k])));
      else lines.push(element("details", {}, element("summary", {}, `Excluded by these limits: ${excluded.length}`), element("ul", {}, ...items)));
    }
    return lines;
  };

  const start = () => document.querySelectorAll("[data-chooser]").forEach((place) => {
    if (place.show) return;
    const form = place.querySelector("form"), out = place.querySelector(".answer"), names = [...form.elements].map((field) => field.name).filter(Boolean);
    const read = () => Object.fromEntries(new FormData(form));
    const usual = form.elements.by.options[0].value;
    const fields = names.map((name) => form.elements[name]);
    const set = () => fields.some((field) => field.value && !(field.name === "by" && field.value === usual));
    const wrong = () => fields.some((field) => !field.validity.valid);
    // What is in the fields is answered and never written back: somebody is typing there.
    place.show = async () => {
      if (wrong()) return out.replaceChildren(element("p", {}, "A limit is a number, 0 or more."));
      if (!set()) return out.replaceChildren();
      let data;
      try { data = await load(place); } catch {
        return out.replaceChildren(element("p", {}, "The figures of the models could not be loaded. ", element("button", { type: "button", className: "md-button", onclick: place.show }, "Try again")));
      }
      out.replaceChildren(...(set() ? answer(place, data, read()) : []));
    };
    form.onsubmit = (event) => event.preventDefault();
    form.oninput = () => {
      const kept = new URLSearchParams(location.search);
      for (const field of fields) field.value && !(field.name === "by" && field.value === usual) ? kept.set(field.name, field.value) : kept.delete(field.name);
      history.replaceState(history.state, "", location.pathname + (`${kept}` && `?${kept}`) + location.hash);
      for (const link of document.links) if (link.hash && link.pathname === location.pathname) link.search = location.search; // as sorting does
      place.show();
    };
    form.onreset = () => setTimeout(form.oninput);
    const asked = new URLSearchParams(location.search), own = names.filter((name) => asked.has(name));
    for (const name of own) { const field = form.elements[name]; field.value = asked.get(name); if (field.tagName === "SELECT" && field.selectedIndex < 0) field.selectedIndex = 0; }
    if (own.length) place.show().then(() => location.hash || place.scrollIntoView()); // the address is of an answer
    else if (set()) form.oninput(); // typed while this script was on its way
  });
  if (window.document$) window.document$.subscribe(start); else start();
})();
