/* What every page needs: tables that sort, a name for the theme's search dialog, and the explorer's script where there is one. */
(() => {
  "use strict";
  const here = document.currentScript.src;
  const sortable = (table) => {
    if (table.dataset.ready) return;
    table.dataset.ready = "yes";
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
      const rising = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", rising ? "ascending" : "descending");
      const key = (row) => row.cells[column].dataset.sort;
      const compare = (a, b) => isNaN(key(a)) || isNaN(key(b)) ? key(a).localeCompare(key(b)) : key(a) - key(b);
      // a reference stays last, and what cannot be compared (AUCs of probabilities and of decision values) stays apart
      const apart = (a, b) => ("last" in a.dataset) - ("last" in b.dataset)
        || (b.cells[column].dataset.group || "").localeCompare(a.cells[column].dataset.group || "");
      const rows = [...table.tBodies[0].rows].sort((a, b) => apart(a, b) || (rising ? compare(a, b) : compare(b, a)));
      table.tBodies[0].append(...rows);
    }));
  };

  const start = () => {
    document.querySelectorAll("table[data-sortable]").forEach(sortable);
    document.querySelector(".md-search[role=dialog]")?.setAttribute("aria-label", "Search");
    if (document.querySelector(".explorer, .comparer") && !document.getElementById("explorer-script"))
      document.head.append(Object.assign(document.createElement("script"), { id: "explorer-script", src: new URL("explorer.js", here) }));
  };

  if (window.document$) window.document$.subscribe(start); else start();
})();
