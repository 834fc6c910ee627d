/* The leaderboard's filter and its copies: which rows are shown, and these as Markdown, CSV or LaTeX (booktabs).
   The address keeps the filter; numbers are copied as they stand in the table. */
(() => {
  "use strict";
  const LATEX = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "\u00a0": "~", "−": "$-$", "×": "$\\times$", "µ": "\\textmu{}", "≤": "$\\le$", "≥": "$\\ge$" };
  const forms = {
    markdown: (rows) => {
      const cell = (text) => text.replace(/[\\`*_[\]<>|&~]/g, "\\$&"), line = (cells) => `| ${cells.map(cell).join(" | ")} |`;
      return [line(rows[0]), `|${" --- |".repeat(rows[0].length)}`, ...rows.slice(1).map(line)].join("\n");
    },
    // a spreadsheet takes what begins so for a formula; a number is one
    csv: (rows) => rows.map((cells) => cells.map((text) => {
      const safe = /^[=+@\t\r-]/.test(text) && isNaN(text) ? `'${text}` : text;
      return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
    }).join(",")).join("\r\n"),
    latex: (rows) => {
      const cell = (text) => text.replace(/[\\~^\u00a0−×µ≤≥]|[{}$&%#_]/g, (sign) => LATEX[sign] || `\\${sign}`), line = (cells) => `${cells.map(cell).join(" & ")} \\\\`;
      return [`\\begin{tabular}{ll${"r".repeat(rows[0].length - 2)}}`, "\\toprule", line(rows[0]), "\\midrule", ...rows.slice(1).map(line), "\\bottomrule", "\\end{tabular}"].join("\n");
    },
  };
  const NAMES = { markdown: "Markdown", csv: "CSV", latex: "LaTeX (booktabs)" };
  const text = { BUTTON: () => "", SMALL: (node) => node.textContent.trim() && `(${node.textContent.trim()})` };
  const words = (part) => [...part.childNodes].map((node) => (text[node.nodeName] || (() => node.textContent.trim()))(node)).filter(Boolean).join(" ").replace(/\s+/g, " ");

  const start = () => {
    const tools = document.querySelector(".board-tools"), table = document.querySelector("table.leaderboard");
    if (!tools || tools.dataset.ready) return;
    tools.dataset.ready = "yes";
    const form = tools.querySelector("form"), said = form.querySelector("output"), { find, top } = form.elements, body = table.tBodies[0];
    const asked = new URLSearchParams(location.search);
    if (!find.value) find.value = (asked.get("find") || "").slice(0, find.maxLength); // what was typed before this script came stays
    if (!top.value && [...top.options].some((option) => option.value === asked.get("top"))) top.value = asked.get("top");

    const draw = () => {
      const sought = find.value.toLowerCase().split(/\s+/).filter(Boolean), most = Number(top.value) || Infinity;
      let shown = 0;
      for (const row of body.rows) {
        const known = `${row.dataset.words} ${words(row.querySelector("th"))}`.toLowerCase();
        row.hidden = shown >= most || !sought.every((word) => known.includes(word));
        shown += !row.hidden;
      }
      return shown;
    };
    const told = (shown) => { said.textContent = shown === body.rows.length ? "" : `${shown} of ${body.rows.length} models`; };
    const keep = () => {
      const kept = new URLSearchParams(location.search);
      for (const { name, value } of [find, top]) if (value) kept.set(name, value); else kept.delete(name);
      history.replaceState(history.state, "", location.pathname + (`${kept}` && `?${kept}`) + location.hash);
      for (const link of document.links) if (link.hash && link.pathname === location.pathname) link.search = location.search;
      told(draw());
    };
    const copy = async (form) => {
      const rows = [table.tHead.rows[0], ...body.rows].filter((row) => !row.hidden).map((row) => [...row.cells].map((cell) => row.parentNode === body ? words(cell) : cell.textContent.trim()));
      const copied = forms[form](rows), models = `${rows.length - 1} model${rows.length === 2 ? "" : "s"}`;
      try {
        await navigator.clipboard.writeText(copied);
        said.textContent = `Copied: ${models} as ${NAMES[form]}.`;
      } catch { // a browser hands the clipboard to pages of https alone, and may ask
        const place = Object.assign(document.createElement("textarea"), { value: copied, rows: 6, readOnly: true, ariaLabel: `${models} as ${NAMES[form]}` });
        said.replaceChildren("Copy it from here: ", place);
        place.select();
      }
    };

    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", keep);
    for (const button of form.querySelectorAll("button")) button.onclick = () => copy(button.value);
    new MutationObserver(draw).observe(body, { childList: true }); // in another order others are the first
    if (find.value === (asked.get("find") || "") && top.value === (asked.get("top") || "")) told(draw()); else keep();
  };
  if (window.document$) window.document$.subscribe(start); else start();
})();
