// The page's own part: charts in the room there is, tables and charts saved as CSV, and what a reader is told.
"use strict";
(() => {
  const MARGIN = 70; // beside panels that stand above one another, for labels of their axis
  const status = document.getElementById("status");

  const draw = async (place) => {
    const figure = place.closest("figure");
    const spec = JSON.parse(figure.querySelector("script").textContent);
    place.textContent = "";
    if (spec.vconcat) {
      spec.config.view.continuousWidth = Math.max(place.clientWidth - MARGIN, 200);
    } else {
      spec.width = "container";
    }
    const choices = figure.querySelector(".choices");
    choices.textContent = "";
    await drawChart(place, choices, spec);
  };

  const save = (name, text) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
    link.download = `${name.replace(/[^\p{L}\p{N}._-]+/gu, "-")}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    status.textContent = `${link.download} saved`;
  };

  // A spreadsheet takes a text that begins so for a formula; an apostrophe makes it text.
  const harmless = (text) => (/^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text);
  const quoted = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const line = (texts) => texts.map((text) => quoted(harmless(text))).join(",");

  const tableAsCsv = (table) => {
    const head = [...table.tHead.rows[0].cells].flatMap((cell) => JSON.parse(cell.dataset.export));
    const cells = (cell) => (cell.dataset.export === undefined ? [cell.textContent] : cell.dataset.export.split("|"));
    const body = [...table.tBodies[0].rows].map((row) => line([...row.cells].flatMap(cells)));
    return `${[line(head), ...body].join("\n")}\n`;
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.classList.contains("save-table")) {
      const table = button.closest(".table").querySelector("table");
      save(table.dataset.name, tableAsCsv(table));
    } else if (button?.classList.contains("save-chart")) {
      const figure = button.closest("figure");
      const spec = JSON.parse(figure.querySelector("script").textContent);
      save(figure.querySelector(".chart").dataset.name, spec.data.values);
    }
  });

  document.addEventListener("sort-end", (event) => {
    const head = event.target.querySelector("th[aria-sort]");
    status.textContent = `sorted by ${head.textContent}, ${head.getAttribute("aria-sort")}`;
  });

  const charts = [...document.querySelectorAll(".chart")];
  const drawAll = async () => {
    for (const place of charts) await draw(place);
    document.documentElement.dataset.drawn = String(charts.length);
  };

  let width = window.innerWidth;
  let waiting = 0;
  window.addEventListener("resize", () => {
    if (window.innerWidth === width) return;
    width = window.innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(drawAll, 300);
  });

  // Paper cannot be opened: what is worth printing is opened before, and closed again after.
  const opened = new Set();
  window.addEventListener("beforeprint", () => {
    for (const part of document.querySelectorAll("details.printed:not([open])")) {
      part.open = true;
      opened.add(part);
    }
  });
  window.addEventListener("afterprint", () => {
    for (const part of opened) part.open = false;
    opened.clear();
  });

  drawAll();
})();
