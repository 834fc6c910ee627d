/* The pages Changes and History: any two commits, compared. Each pair was compared when the site was built (benchmark/publish/pairs.py),
   and stands in a file of its own; nothing is computed or formatted here. The address keeps the choice. */
(() => {
  "use strict";
  const element = (name, more, ...parts) => { const made = Object.assign(document.createElement(name), more); made.append(...parts); return made; };

  // An address is data: it selects one of the commits in the field, by seven characters of its name or more, or none.
  const find = (field, asked) => /^[0-9a-f]{7,40}$/.test(asked) && [...field.options].find(({ value }) => value.startsWith(asked) || asked.startsWith(value)) || null;

  const table = (header, rows, label) => {
    const row = (cells) => element("tr", {}, ...cells.map((cell, at) => element(at ? "td" : "th", at ? { className: at === cells.length - 1 ? "wraps" : "" } : { scope: "row" }, cell)));
    const heads = element("tr", {}, ...header.map((cell) => element("th", { scope: "col" }, cell)));
    const place = element("div", { className: "scroll", tabIndex: 0, role: "region", ariaLabel: label });
    place.append(element("table", { className: "numbers" }, element("thead", {}, heads), element("tbody", {}, ...rows.map(row))));
    return place;
  };

  const parts = (data) => {
    const sides = data.sides.map(({ end, sha, link, date, subject }) => element("li", {}, element("strong", {}, `${end}:`), " ", link ? element("a", { href: link }, sha) : element("code", {}, sha), `, ${date}: ${subject}`));
    const models = data.models.flatMap(({ title, reason, lines, classes }) => [
      element("h2", {}, title), element("p", {}, reason),
      ...(lines.length ? [element("ul", {}, ...lines.map((line) => element("li", {}, line)))] : []),
      ...(classes.length ? [element("details", {}, element("summary", {}, "Recall of the classes"), table(data.class_header, classes, `Recall of the classes, ${title}`))] : []),
    ]);
    const rest = data.whole ? " prints all of it." : " prints all of it: classes and flips are too many for this page.";
    return [
      element("ul", {}, ...sides),
      ...(data.rows.length ? [table(data.header, data.rows, "Each model that changed, before and after")] : []),
      ...(data.unchanged ? [element("p", {}, `Unchanged: ${data.unchanged}.`)] : []),
      ...data.notes.map((note) => element("p", {}, note)),
      element("p", {}, element("em", {}, "Lost"), " and ", element("em", {}, "won"), " count images. ", element("code", {}, data.command), rest),
      ...models,
    ];
  };

  // The page comes with the newest change, which gives way to the two commits that are chosen, and comes back without a choice.
  const changes = (form, place) => {
    const hero = place.querySelector(".hero"), rest = place.querySelector(".rest"), outer = place.parentElement, fields = form.elements;
    const usual = document.createElement("div");
    usual.hidden = true;
    const swap = (chosen) => {
      place.hidden = !chosen;
      if (chosen && !usual.isConnected) {
        const after = [];
        for (let next = outer.nextElementSibling; next; next = next.nextElementSibling) after.push(next);
        usual.append(...after);
        outer.after(usual);
      } else if (!chosen && usual.isConnected) usual.replaceWith(...usual.childNodes);
    };
    const say = (text, ...more) => { hero.textContent = text; rest.replaceChildren(...more); swap(true); };
    form.show = async () => {
      const words = [location.hash.slice(1), location.search].find((part) => part.includes("base=") || part.includes("head="));
      if (!words) { form.reset(); return swap(false); }
      const asked = new URLSearchParams(words), found = ["base", "head"].map((name) => asked.has(name) ? find(fields[name], asked.get(name)) : fields[name].selectedOptions[0]);
      if (found.includes(null)) return say("The address names a commit that cannot be chosen here.");
      for (const option of found) option.selected = true;
      const [newer, older] = found.map(({ index }) => index).sort((a, b) => a - b), names = [older, newer].map((at) => fields.base.options[at].value);
      if (older === newer) return say("Choose two different commits.");
      if (found[0].index < found[1].index) { // the older one is compared with the newer one, and the fields say so
        [fields.base.selectedIndex, fields.head.selectedIndex] = [older, newer];
        history.replaceState(history.state, "", `${location.pathname}${location.search}#${new URLSearchParams(new FormData(form))}`);
      }
      form.asked = names.join("-");
      let data;
      try {
        const answer = await fetch(`${form.dataset.pairs}${names.join("-")}.json`);
        if (!answer.ok) throw new Error(answer.status);
        data = await answer.json();
      } catch {
        if (form.asked === names.join("-")) say("What belongs to this choice could not be loaded. The choice is kept.", element("button", { type: "button", className: "md-button", onclick: form.show }, "Try again"));
        return undefined;
      }
      return form.asked === names.join("-") ? say(data.sentence, ...parts(data)) : undefined; // or another was chosen since
    };
    form.onchange = () => { location.hash = new URLSearchParams(new FormData(form)).toString(); };
    form.onsubmit = (event) => event.preventDefault();
    form.show();
  };

  const start = () => document.querySelectorAll(".commits").forEach((form) => {
    if (form.onsubmit) return;
    const place = document.querySelector(".comparison .chosen");
    if (place) changes(form, place);
    else form.onsubmit = (event) => { event.preventDefault(); location.assign(`${form.action}${location.protocol === "file:" ? "index.html" : ""}#${new URLSearchParams(new FormData(form))}`); };
  });
  addEventListener("hashchange", () => document.querySelectorAll(".commits").forEach((form) => form.show?.()));
  if (window.document$) window.document$.subscribe(start); else start();
})();
