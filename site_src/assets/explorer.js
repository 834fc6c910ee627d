/* The pages Errors and Compare: selects from one JSON file which garments to show; the address keeps the choice.
   Every number was computed when the site was built; nothing is computed here but counts of what is shown. */
(() => {
  "use strict";
  const CODES = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const ROWS = 10, SIDE_ROWS = 4; // of images, before "more"
  let loaded = null, address = "";

  const load = (place) => {
    if (address !== place.dataset.explorer) {
      address = place.dataset.explorer;
      loaded = fetch(address).then((answer) => answer.json()).then(prepare);
      loaded.catch(() => { address = ""; }); // the next one who wants the data asks for them again
    }
    return loaded;
  };

  const prepare = (data) => {
    const codes = (text) => [...text].map((c) => CODES.indexOf(c));
    data.true = codes(data.true);
    for (const model of data.models) model.predicted = codes(model.predicted);
    data.missed = data.true.map((label, i) => data.models.reduce((n, model) => n + (model.predicted[i] !== label), 0));
    return data;
  };

  const element = (name, text, more = {}) => Object.assign(document.createElement(name), text === null ? {} : { textContent: text }, more);

  const garment = (data, base, i, model) => {
    const item = element("li", null), picture = element("img", null, { className: "tile", loading: "lazy", width: data.tile[0], height: data.tile[1] });
    picture.src = base + data.sprites[data.sprite[i]];
    const truth = data.classes[data.true[i]];
    picture.alt = `Test image ${data.index[i]}, ${truth}`;
    picture.style.cssText = `width:${data.tile[0]}px;height:${data.tile[1]}px;object-position:-${data.x[i]}px -${data.y[i]}px`;
    const line = element("span", `${truth} → `);
    line.append(element("strong", data.classes[model.predicted[i]]));
    item.append(picture, line, element("small", `no. ${data.index[i]}, missed by ${data.missed[i]}`));
    return item;
  };

  const fill = (list, button, items, make, rows = ROWS) => {
    let shown = 0;
    const more = () => {
      const n = rows * Math.max(1, getComputedStyle(list).gridTemplateColumns.split(" ").length);
      list.append(...items.slice(shown, shown + n).map(make));
      shown += n;
      button.hidden = shown >= items.length;
    };
    list.replaceChildren();
    button.onclick = more;
    more();
  };

  const choice = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  const choose = (values) => { location.hash = new URLSearchParams(Object.entries(values).filter(([, value]) => value)).toString(); };
  const images = (n) => `${n} image${n === 1 ? "" : "s"}`;
  const read = (form) => Object.fromEntries(new FormData(form));
  const set = (form, values) => { for (const field of form.elements) if (values[field.name] !== undefined && [...field.options].some((o) => o.value === values[field.name])) field.value = values[field.name]; };

  // ------------------------------------------------------------------------------------------------------------ errors
  // The page comes with its first selection; only another one needs the data, which are on their way once somebody is near.
  const errors = (place) => {
    const form = place.querySelector("form"), button = place.querySelector(".more");
    const names = [...place.querySelector(".cells").tHead.rows[0].cells].slice(1).map((cell) => cell.textContent);
    const usual = () => {
      const fresh = location.hash.includes("=") ? {} : { true: place.dataset.true, predicted: place.dataset.predicted };
      return { model: form.elements.model.options[0].value, true: "", predicted: "", missed: "1", ...fresh };
    };
    const draw = (data) => {
      const chosen = read(form), model = data.models.find((m) => m.name === chosen.model);
      const truth = data.classes.indexOf(chosen.true), taken = data.classes.indexOf(chosen.predicted);
      const items = data.index.map((_, i) => i).filter((i) => model.predicted[i] !== data.true[i]
        && (truth < 0 || data.true[i] === truth) && (taken < 0 || model.predicted[i] === taken) && data.missed[i] >= chosen.missed);
      place.querySelector(".whose").textContent = model.title;
      cells(data, model, chosen);
      const what = `${chosen.true || "Anything"} taken for ${chosen.predicted || "another class"} by ${model.title}`;
      const hard = chosen.missed > 1 ? `, missed by ${chosen.missed} models or more` : "";
      place.querySelector(".chosen").textContent = `${what}${hard}: ${images(items.length)}`;
      fill(place.querySelector(".garments"), button, items, (i) => garment(data, place.dataset.base, i, model));
    };
    const cells = (data, model, chosen) => {
      const counts = new Map();
      model.predicted.forEach((label, i) => { const key = `${data.true[i]} ${label}`; if (label !== data.true[i]) counts.set(key, (counts.get(key) || 0) + 1); });
      const most = Math.max(...counts.values());
      [...place.querySelector(".cells tbody").rows].forEach((row, r) => [...row.cells].slice(1).forEach((cell, c) => {
        if (r === c) { cell.textContent = data.support[r] - [...counts].reduce((sum, [key, n]) => sum + (key.startsWith(`${data.classes.indexOf(data.order[r])} `) ? n : 0), 0); return; }
        const [truth, taken] = [data.order[r], data.order[c]];
        const n = counts.get(`${data.classes.indexOf(truth)} ${data.classes.indexOf(taken)}`) || 0;
        if (!n) { cell.replaceChildren(); cell.style.removeProperty("--share"); return; }
        const button = element("button", n, { type: "button" });
        button.setAttribute("aria-label", `${truth} taken for ${taken}: ${n}`);
        button.setAttribute("aria-pressed", chosen.true === truth && chosen.predicted === taken);
        button.dataset.cell = `${r} ${c}`;
        cell.style.setProperty("--share", `${Math.round(30 * Math.log1p(n) / Math.log1p(most))}%`);
        const focused = document.activeElement?.dataset?.cell === button.dataset.cell;
        cell.replaceChildren(button);
        if (focused) button.focus();
      }));
    };
    place.addEventListener("click", ({ target }) => {
      const [truth, taken] = target.closest("[data-cell]")?.dataset.cell.split(" ").map((k) => names[k]) || [];
      if (truth) choose({ ...read(form), true: truth, predicted: taken });
    });
    ready(place, form, [button], usual, draw);
  };

  // ----------------------------------------------------------------------------------------------------------- compare
  // The page comes with the leader against the second; only another pair, or more of this one's images, needs the data.
  const compare = (place) => {
    const form = place.querySelector("form"), facts = place.querySelector(".facts"), sides = [...place.querySelectorAll(".side")];
    const points = (value) => { const far = Math.abs(100 * value).toFixed(2); return `${value >= 0 || !Number(far) ? "+" : "−"}${far}`; };
    const usual = () => ({ first: form.elements.first.options[0].value, second: form.elements.second.options[1].value });
    const draw = (data) => {
      const [a, b] = ["first", "second"].map((name) => data.models.findIndex((model) => model.name === read(form)[name]));
      const [one, other] = [data.models[a], data.models[b]], verdict = place.querySelector(".verdict");
      for (const part of [facts, ...sides]) part.hidden = a === b;
      if (a === b) { verdict.textContent = "A model equals itself: choose two."; return; }
      const pair = data.pairs.find((p) => (p.first === Math.min(a, b)) && (p.second === Math.max(a, b))), turn = a > b ? -1 : 1;
      const ends = turn > 0 ? [pair.low, pair.high] : [-pair.high, -pair.low];
      const alone = turn > 0 ? [pair.only_first, pair.only_second] : [pair.only_second, pair.only_first];
      const far = Math.abs(100 * pair.difference).toFixed(2), far_words = Number(far) ? `${far} points` : "less than 0.01 points";
      const standing = pair.difference ? `${one.title} is ${far_words} ${turn * pair.difference > 0 ? "ahead of" : "behind"} ${other.title}` : `${one.title} and ${other.title} are right equally often`;
      verdict.textContent = `${standing}: ${pair.real ? "a real difference" : "within noise"}.`;
      facts.setAttribute("aria-label", `${one.title} against ${other.title}`);
      [
        ["Difference, 95\u00a0% interval", `${points(turn * pair.difference)} points [${points(ends[0])}, ${points(ends[1])}]`],
        ["McNemar mid-p; adjusted over all pairs", `${pair.p}; ${pair.p_adjusted}`],
        [`Only ${one.title} right`, alone[0]], [`Only ${other.title} right`, alone[1]], ["Both wrong", pair.both_wrong],
        ["Same prediction", `${(100 * pair.agree).toFixed(1)}\u00a0% of ${data.n_test.toLocaleString("en")}`],
      ].forEach((texts, row) => texts.forEach((text, cell) => { facts.querySelector("table").rows[row].cells[cell].textContent = text; }));
      [[one, other], [other, one]].forEach(([right, wrong], k) => {
        const items = data.index.map((_, i) => i).filter((i) => right.predicted[i] === data.true[i] && wrong.predicted[i] !== data.true[i]);
        sides[k].querySelector("h2").textContent = `${right.title} is right, ${wrong.title} wrong: ${images(items.length)}`;
        fill(sides[k].querySelector(".garments"), sides[k].querySelector(".more"), items, (i) => garment(data, place.dataset.base, i, wrong), SIDE_ROWS);
      });
    };
    ready(place, form, place.querySelectorAll(".more"), usual, draw);
  };

  // What both pages share: a choice goes into the address, and comes from it where a field has such a value; data are on their way
  // once somebody is near. Without them what was shown is hidden, for it is of another choice, and the choice stays.
  const ready = (place, form, buttons, usual, draw) => {
    const lost = element("p", null, { className: "lost-data", hidden: true }), again = element("button", "Try again", { type: "button", className: "md-button" });
    lost.setAttribute("role", "status");
    lost.append("What belongs to this choice could not be loaded. The choice is kept. ", again);
    form.after(lost);
    const tell = (missing) => { lost.hidden = !missing; place.classList.toggle("lost", missing); return false; };
    place.show = async () => {
      set(form, { ...usual(), ...choice() });
      let data;
      try { data = await load(place); } catch { return tell(true); }
      tell(false); // first, because how many images there is room for is asked of the page
      draw(data);
      return true;
    };
    again.onclick = () => place.show();
    form.onchange = () => choose(read(form));
    for (const button of buttons) button.onclick = async () => { if (await place.show()) button.click(); };
    for (const sign of ["pointerover", "focusin"]) place.addEventListener(sign, () => load(place).catch(() => {}), { once: true });
    window.addEventListener("online", () => { if (place.isConnected && place.classList.contains("lost")) place.show(); });
    if (location.hash.includes("=")) place.show();
  };

  const start = () => {
    document.querySelectorAll(".explorer").forEach((place) => place.show || errors(place));
    document.querySelectorAll(".comparer").forEach((place) => place.show || compare(place));
  };
  window.addEventListener("hashchange", () => document.querySelectorAll(".explorer, .comparer").forEach((place) => place.show?.()));
  if (window.document$) window.document$.subscribe(start); else start();
})();
