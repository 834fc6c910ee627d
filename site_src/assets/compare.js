/* The page Compare: two to four models side by side. Figures, intervals, tests and texts were computed when the site was built
   (benchmark/publish/pages/compare.py); here columns are chosen, the best of a row is marked by the rule of benchmark/compare/columns.py,
   and images are counted. Loaded by explorer.js, with which it shares what shows images and keeps a choice. */
window.comparer = (() => {
  "use strict";
  const { about, element, fill, go, images, pictureOf, ready, takenFor } = window.explorerParts;
  const SIDE_ROWS = 4; // of images, before "more"
  const NBSP = "\u00a0";

  // As Python rounds: a half that a binary number can be exactly goes to the even digit.
  const fixed = (value, digits) => {
    const up = value.toFixed(digits), half = Number.isInteger(8 * value) && value.toFixed(digits + 1).endsWith("5");
    return half && up.at(-1) % 2 ? (value - .1 ** (digits + 1)).toFixed(digits) : up;
  };
  const points = (value) => { const far = fixed(Math.abs(100 * value), 2); return `${value >= 0 || !Number(far) ? "+" : "−"}${far}`; };
  const percent = (share) => `${fixed(100 * share, 1)}${NBSP}%`;
  const count = (number) => number.toLocaleString("en");
  const listed = (texts) => texts.length > 1 ? `${texts.slice(0, -1).join(texts.some((text) => text.includes(", ")) ? "; " : ", ")} and ${texts.at(-1)}` : texts.join("");
  const noise = (real) => real ? "a real difference" : "within noise";

  // Return what tells two models apart, the first of them first, whichever leads.
  const pairOf = (data, one, other) => {
    const [a, b] = [one, other].map((model) => data.models.indexOf(model));
    const pair = data.pairs.find((p) => p.first === Math.min(a, b) && p.second === Math.max(a, b));
    const turned = { difference: -pair.difference, low: -pair.high, high: -pair.low, only_first: pair.only_second, only_second: pair.only_first };
    return { ...pair, ...(a > b ? turned : {}), one, other };
  };

  const standing = ({ one, other, difference }) => {
    const far = fixed(Math.abs(100 * difference), 2), words = Number(far) ? `${far} points` : "less than 0.01 points";
    return difference ? `${one.title} is ${words} ${difference > 0 ? "ahead of" : "behind"} ${other.title}` : `${one.title} and ${other.title} are right equally often`;
  };

  const verdict = (data, models, pairs) => {
    if (pairs.length === 1) return `${standing(pairs[0])}: ${noise(pairs[0].real)}.`;
    const best = models.reduce((one, other) => pairOf(data, one, other).difference < 0 ? other : one);
    const others = models.filter((model) => model !== best).map((model) => pairOf(data, best, model));
    const titles = (of) => listed(others.filter(of).map(({ other }) => other.title));
    const equal = titles((pair) => !pair.difference), behind = others.filter((pair) => pair.difference);
    const lead = equal ? `${best.title} and ${equal} are right equally often` : `${best.title} is right most often`;
    const told = [true, false].map((real) => [titles((pair) => pair.difference && pair.real === real), real]).filter(([names]) => names);
    return behind.length ? `${lead}: ${told.map(([names, real]) => real ? `ahead of ${names} by ${noise(real)}` : `ahead of ${names} ${noise(real)}`).join(", ")}.` : `${lead}.`;
  };

  // Return which cells of a row are its best; a cell is its text, its interval and its value.
  const best = (line, columns, cells) => {
    const known = cells.map((cell, k) => [cell, columns[k]]).filter(([cell]) => cell[2] !== null), common = new Set(known.map(([, column]) => column[line.alike]));
    if (!line.better || common.size !== 1 || new Set(known.map(([cell]) => cell[0])).size < 2) return cells.map(() => false);
    const top = known.map(([cell]) => cell).reduce((one, other) => (line.better === "higher" ? other[2] > one[2] : other[2] < one[2]) ? other : one);
    return cells.map((cell) => cell[2] !== null && cell[0] === top[0]);
  };

  const cellOf = ([text, range], isBest) => {
    const cell = element("td", null);
    cell.append(...(isBest ? [element("strong", text), " ", element("span", "best", { className: "best" })] : [text]), ...(range ? [element("small", range)] : []));
    return cell;
  };

  const rowOf = (title, cells) => {
    const row = element("tr", null);
    row.append(element("th", title, { scope: "row" }), ...cells);
    return row;
  };

  const fillTable = (table, rows) => table.tBodies[0].replaceChildren(...rows.map(([title, ...texts]) => rowOf(title, texts.map((text) => element("td", text)))));

  const compare = (place) => {
    const form = place.querySelector("form"), beside = place.querySelector(".beside"), said = place.querySelector(".verdict"), { base, section } = place.dataset;
    const fields = [...form.elements].filter((field) => field.name), known = [...fields[0].options].map((option) => option.value);
    const chosen = () => fields.map((field) => field.value).filter(Boolean);

    // The address names models; those of older sites named two. Where it names fewer than two, the best are added.
    const wanted = () => {
      const asked = new URLSearchParams(location.hash.slice(1)), names = (asked.get("models") ?? `${asked.get("first")},${asked.get("second")}`).split(",").filter((name) => known.includes(name)).slice(0, fields.length);
      while (names.length < 2) names.push(known.find((name) => !names.includes(name)));
      return `${names}` === `${chosen()}` ? {} : Object.fromEntries(fields.map((field, k) => [field.name, names[k] || ""]));
    };

    const tables = (groups, columns) => [...place.querySelectorAll(".columns table")].forEach((table, g) => {
      const heads = columns.map(({ name, title }) => {
        const head = element("th", null, { scope: "col" });
        head.append(element("a", title, { href: `${section}models/${name}/` }));
        return head;
      });
      table.tHead.rows[0].replaceChildren(element("td", null), ...heads);
      table.tBodies[0].replaceChildren(...groups[g].lines.map((line, k) => {
        const cells = columns.map((column) => column.cells[g][k]), marks = best(line, columns, cells);
        return rowOf(line.title, cells.map((cell, c) => cellOf(cell, marks[c])));
      }));
    });

    const pairTable = (data, pairs) => {
      fillTable(place.querySelector(".pairs table"), pairs.map((pair) => [
        `${pair.one.title} against ${pair.other.title}`, `${points(pair.difference)} [${points(pair.low)}, ${points(pair.high)}]`, pair.p, pair.p_adjusted,
        noise(pair.real), count(pair.only_first), count(pair.only_second), percent(pair.agree),
      ]));
      place.querySelector(".pairs .scroll").setAttribute("aria-label", pairs.length > 1 ? `${pairs.length} pairs of models` : `${pairs[0].one.title} against ${pairs[0].other.title}`);
      const line = place.querySelector("[data-command]"), commands = pairs.map(({ one, other }) => element("code", line.dataset.command.replace("@1", one.name).replace("@2", other.name)));
      line.replaceChildren(...commands.flatMap((command, k) => k ? [", ", command] : [command]));
    };

    // An image as one model alone gets it: each class that others take it for leads to its like on Errors, and says whose it is where they differ.
    const garment = (data, i, wrong) => {
      const item = element("li", null), taken = new Map(), truth = data.classes[data.true[i]];
      for (const model of wrong) taken.set(model.predicted[i], [...(taken.get(model.predicted[i]) || []), model]);
      [...taken].forEach(([label, models], k) => {
        const address = new URLSearchParams({ model: models[0].name, true: truth, predicted: data.classes[label] });
        const link = element("a", null, { href: `${section}errors/#${address}` }), line = takenFor(data, i, label);
        if (taken.size > 1) line.append(` (${models.map((model) => model.name).join(", ")})`);
        link.append(...(k ? [line] : [pictureOf(data, base, i), line]));
        item.append(link);
      });
      item.append(about(data, i));
      return item;
    };

    const sides = (data, models) => {
      const right = data.index.map((_, i) => models.filter((model) => model.predicted[i] === data.true[i]));
      const alone = models.map((model) => data.index.map((_, i) => i).filter((i) => right[i].length === 1 && right[i][0] === model));
      const place_of = data.true.map((label) => data.order.indexOf(data.classes[label]));
      const parts = [...place.querySelectorAll(".side")];
      while (parts.length < models.length) { const more = parts.at(-1).cloneNode(true); parts.at(-1).after(more); parts.push(more); }
      parts.forEach((part, k) => {
        part.hidden = k >= models.length;
        if (part.hidden) return;
        const items = alone[k].sort((i, j) => place_of[i] - place_of[j] || data.index[i] - data.index[j]), wrong = models.filter((model) => model !== models[k]);
        part.querySelector("h3").textContent = `Only ${models[k].title} is right: ${images(items.length)}`;
        fill(part.querySelector(".garments"), part.querySelector(".more"), items, (i) => garment(data, i, wrong), SIDE_ROWS);
      });
      const missed = (of) => right.filter((found) => of(found.length)).length, all = models.length, n = data.n_test, some = missed((k) => k > 1 && k < all);
      const rows = [[all > 2 ? `All ${all} right` : "Both right", n - missed((k) => k < all)], ...models.map((model, k) => [`Only ${model.title} right`, alone[k].length]),
        ...(all > 2 ? [[all > 3 ? "2 or 3 of them right" : "2 of them right", some]] : []), [all > 2 ? "None right" : "Neither right", missed((k) => !k)]];
      fillTable(place.querySelector(".counts table"), rows.map(([title, number]) => [title, count(number), percent(number / n)]));
    };

    const draw = (data) => {
      const models = [...new Set(chosen())].map((name) => data.models.find((model) => model.name === name));
      beside.hidden = models.length < 2;
      if (beside.hidden) { said.textContent = "Choose two different models."; return; }
      const pairs = models.flatMap((one, k) => models.slice(k + 1).map((other) => pairOf(data, one, other)));
      said.textContent = verdict(data, models, pairs);
      place.dataset.n = models.length;
      pairTable(data, pairs);
      tables(data.figures.groups, models.map(({ name }) => data.figures.models.find((column) => column.name === name)));
      sides(data, models);
    };

    const keep = () => go(`models=${chosen().map(encodeURIComponent).join(",")}`);
    ready(place, { form, buttons: place.querySelectorAll(".more"), wanted, keep, draw });
  };

  return compare;
})();
