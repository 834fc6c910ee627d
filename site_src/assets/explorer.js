/* The page Errors, and what it shares with Compare (compare.js): selects from one JSON file which garments to show; the address keeps
   the choice. Every number was computed when the site was built; nothing is computed here but counts of what is shown. */
(() => {
  "use strict";
  const here = document.currentScript.src;
  const CODES = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const ROWS = 10; // of images, before "more"
  const fetched = new Map();

  const get = (path, made) => {
    const address = new URL(path, location).href;
    if (!fetched.has(address)) {
      const coming = fetch(address).then((answer) => answer.json()).then(made);
      coming.catch(() => fetched.delete(address)); // the next one who wants the data asks for them again
      fetched.set(address, coming);
    }
    return fetched.get(address);
  };

  // Return the images, and the models' figures where the page shows some.
  const load = async ({ dataset }) => {
    const [data, figures] = await Promise.all([get(dataset.explorer, prepare), dataset.figures && get(dataset.figures, (found) => found)]);
    return { ...data, figures };
  };

  const prepare = (data) => {
    const codes = (text) => [...text].map((c) => CODES.indexOf(c));
    data.true = codes(data.true);
    for (const model of data.models) model.predicted = codes(model.predicted);
    data.missed = data.true.map((label, i) => data.models.reduce((n, model) => n + (model.predicted[i] !== label), 0));
    return data;
  };

  const element = (name, text, more = {}) => Object.assign(document.createElement(name), text === null ? {} : { textContent: text }, more);

  const pictureOf = (data, base, i) => {
    const picture = element("img", null, { className: "tile", loading: "lazy", width: data.tile[0], height: data.tile[1] });
    picture.src = base + data.sprites[data.sprite[i]];
    picture.alt = `Test image ${data.index[i]}, ${data.classes[data.true[i]]}`;
    picture.style.cssText = `width:${data.tile[0]}px;height:${data.tile[1]}px;object-position:-${data.x[i]}px -${data.y[i]}px`;
    return picture;
  };

  const takenFor = (data, i, taken) => {
    const line = element("span", `${data.classes[data.true[i]]} → `);
    line.append(element("strong", data.classes[taken]));
    return line;
  };

  const about = (data, i) => element("small", `no. ${data.index[i]}, missed by ${data.missed[i]}`);

  const garment = (data, base, i, model) => {
    const item = element("li", null);
    item.append(pictureOf(data, base, i), takenFor(data, i, model.predicted[i]), about(data, i));
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
  const show = () => document.querySelectorAll(".explorer, .comparer").forEach((place) => place.show?.());
  // The theme lays a page anew whose fragment is set, and the field in use would be left: an entry of its own in the history does not tell it.
  const go = (words) => { if (`#${words}` !== location.hash) { history.pushState(null, "", `#${words}`); show(); } };
  const choose = (values) => go(new URLSearchParams(Object.entries(values).filter(([, value]) => value)));
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
    ready(place, { form, buttons: [button], wanted: () => ({ ...usual(), ...choice() }), keep: () => choose(read(form)), draw });
  };

  // What both pages share: a choice goes into the address, and comes from it where a field has such a value; data are on their way
  // once somebody is near. Without them what was shown is hidden, for it is of another choice, and the choice stays.
  // `wanted` returns the values that the fields are to have, `keep` puts those that they have into the address.
  const ready = (place, { form, buttons, wanted, keep, draw }) => {
    const lost = element("p", null, { className: "lost-data", hidden: true }), again = element("button", "Try again", { type: "button", className: "md-button" });
    lost.setAttribute("role", "status");
    lost.append("What belongs to this choice could not be loaded. The choice is kept. ", again);
    form.after(lost);
    const tell = (missing) => { lost.hidden = !missing; place.classList.toggle("lost", missing); return false; };
    place.show = async () => {
      set(form, wanted());
      let data;
      try { data = await load(place); } catch { return tell(true); }
      tell(false); // first, because how many images there is room for is asked of the page
      draw(data);
      return true;
    };
    again.onclick = () => place.show();
    form.onchange = keep;
    for (const button of buttons) button.onclick = async () => { if (await place.show()) button.click(); };
    for (const sign of ["pointerover", "focusin"]) place.addEventListener(sign, () => load(place).catch(() => {}), { once: true });
    window.addEventListener("online", () => { if (place.isConnected && place.classList.contains("lost")) place.show(); });
    if (location.hash.includes("=")) place.show();
  };

  window.explorerParts = { about, element, fill, go, images, pictureOf, ready, takenFor };

  const start = () => {
    document.querySelectorAll(".explorer").forEach((place) => place.show || errors(place));
    const comparers = document.querySelectorAll(".comparer"), asked = document.getElementById("compare-script");
    if (comparers.length && !asked) document.head.append(element("script", null, { id: "compare-script", src: new URL("compare.js", here), onload: start }));
    comparers.forEach((place) => place.show || window.comparer?.(place));
  };
  window.addEventListener("hashchange", show);
  if (window.document$) window.document$.subscribe(start); else start();
})();
