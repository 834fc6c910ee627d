/* What every page needs: tables that sort, rows that unfold on a phone, a name for the theme's search dialog, and the
   script of an explorer or a choice (of a model, of two commits) where there is one. */
(() => {
  "use strict";
  const here = document.currentScript.src;
  // A first click puts the better end first; the address keeps another order than the usual one.
  const sortable = (table) => {
    if (table.dataset.ready) return;
    table.dataset.ready = "yes";
    const heads = [...table.tHead.rows[0].cells], menu = table.parentElement.querySelector(".sort-menu select");
    const named = (head) => head.textContent.trim().toLowerCase().replace(/\W+/g, "-");
    const best = (head) => !("high" in head.dataset); // whether it rises
    const sort = (head, rising) => {
      const column = heads.indexOf(head);
      for (const other of heads) other.ariaSort = other === head ? rising ? "ascending" : "descending" : null;
      if (menu) menu.selectedIndex = column;
      const key = (row) => row.cells[column].dataset.sort;
      const compare = (a, b) => isNaN(key(a)) || isNaN(key(b)) ? key(a).localeCompare(key(b)) : key(a) - key(b);
      // a reference stays last, and what cannot be compared (AUCs of probabilities and of decision values) stays apart
      const apart = (a, b) => ("last" in a.dataset) - ("last" in b.dataset)
        || (b.cells[column].dataset.group || "").localeCompare(a.cells[column].dataset.group || "");
      const rows = [...table.tBodies[0].rows].sort((a, b) => apart(a, b) || (rising ? compare(a, b) : compare(b, a)));
      for (const row of rows) [...row.cells].forEach((cell, at) => cell.classList.toggle("sorted", at === column));
      table.tBodies[0].append(...rows);
    };
    const keep = (head, rising) => {
      const turned = rising === best(head) ? "" : "&turned", fields = document.querySelector("[data-chooser] form")?.elements || {};
      const rest = new URLSearchParams([...new URLSearchParams(location.search)].filter(([name]) => fields[name] || ["find", "top"].includes(name)));
      const parts = [head === heads[0] && !turned ? "" : `sort=${named(head)}${turned}`, `${rest}`].filter(Boolean).join("&"), query = parts && `?${parts}`;
      history.replaceState(history.state, "", location.pathname + query + location.hash);
      for (const link of document.links) if (link.hash && link.pathname === location.pathname) link.search = query;
      sort(head, rising);
    };
    const turn = (head) => keep(head, head.ariaSort !== "ascending");
    for (const head of heads) head.firstChild.onclick = () => head.ariaSort ? turn(head) : keep(head, best(head));
    if (menu) {
      menu.onchange = () => keep(heads[menu.selectedIndex], best(heads[menu.selectedIndex]));
      menu.parentElement.nextElementSibling.onclick = () => turn(heads[menu.selectedIndex]);
    }
    const asked = new URLSearchParams(location.search), first = heads.find((head) => named(head) === asked.get("sort"));
    if (first) sort(first, best(first) !== asked.has("turned"));
  };

  // On a phone a row shows what matters most (site.css), and its button the rest; without a script it shows all.
  const folds = (table) => {
    for (const button of table.querySelectorAll(".unfold")) button.onclick = () => {
      const open = button.closest("tr").classList.toggle("open");
      button.textContent = open ? "less" : "more";
      button.setAttribute("aria-expanded", open);
      button.setAttribute("aria-label", button.getAttribute("aria-label").replace(/^\w+/, button.textContent));
    };
  };

  const script = (name) => document.getElementById(name) || document.head.append(Object.assign(document.createElement("script"), { id: name, src: new URL(`${name}.js`, here) }));

  const start = () => {
    document.querySelectorAll("table[data-sortable]").forEach(sortable);
    document.querySelectorAll("table[data-unfolds]").forEach(folds);
    document.querySelector(".md-search[role=dialog]")?.setAttribute("aria-label", "Search");
    document.querySelectorAll("pre > code").forEach((code) => { code.tabIndex = 0; }); // it scrolls where it is narrow
    document.querySelectorAll(".md-code__nav").forEach((part, k) => { part.ariaLabel = `Code ${k + 1}`; }); // each is a landmark, and the theme gives it no name
    if (document.querySelector(".explorer, .comparer")) script("explorer");
    if (document.querySelector(".commits")) script("pairs");
    const chooser = document.querySelector("[data-chooser]"), wake = () => script("choose");
    for (const sign of ["pointerover", "focusin", "input"]) chooser?.addEventListener(sign, wake, { once: true });
    if (chooser && location.search) wake(); // its address has an answer
    const tools = document.querySelector(".board-tools"), asked = new URLSearchParams(location.search);
    tools?.addEventListener("toggle", () => script("board"), { once: true });
    if (tools && (asked.has("find") || asked.has("top"))) tools.open = true;
  };

  // Once somebody scrolls, the rest of the page is laid out in idle moments, piece by piece.
  const idle = window.requestIdleCallback || setTimeout;
  let meeting = false;
  const meet = () => {
    const next = document.querySelector(":is(.chart, article > .garments, .md-footer):not(.met)");
    next?.classList.add("met");
    if (next) idle(meet); else meeting = false;
  };
  addEventListener("scroll", () => { if (!meeting) { meeting = true; idle(meet); } }, { passive: true });

  // A printer does not wait for pictures that nobody has scrolled to: they are fetched before it begins, and on white paper.
  const fetched = (from) => {
    const ask = new XMLHttpRequest();
    ask.open("GET", from, false);
    ask.overrideMimeType("text/plain; charset=x-user-defined");
    ask.send();
    const bytes = [...ask.responseText].map((one) => String.fromCharCode(one.charCodeAt(0) & 255)).join("");
    return `data:image/${from.endsWith(".svg") ? "svg+xml" : "webp"};base64,${btoa(bytes)}`;
  };
  addEventListener("beforeprint", () => {
    const known = new Map(), body = document.body;
    if (body.dataset.mdColorScheme === "slate") {
      body.dataset.mdColorScheme = "default";
      addEventListener("afterprint", () => { body.dataset.mdColorScheme = "slate"; }, { once: true });
    }
    for (const picture of document.querySelectorAll("article img[loading=lazy]")) {
      if ((picture.complete && picture.naturalWidth) || picture.closest(".still-dark")) continue;
      const from = picture.getAttribute("src");
      if (!known.has(from)) known.set(from, fetched(from));
      picture.parentElement.querySelector("source")?.remove();
      Object.assign(picture, { loading: "eager", decoding: "sync", src: known.get(from) });
    }
  });

  if (window.document$) window.document$.subscribe(start); else start();
})();
