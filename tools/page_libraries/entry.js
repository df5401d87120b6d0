// What the report page needs of the libraries: one global that draws a Vega-Lite chart, and tables that sort.
import { csvParseRows } from "d3-dsv";
import { parse, View } from "vega";
import { expressionInterpreter } from "vega-interpreter";
import { compile } from "vega-lite";
import { Handler } from "vega-tooltip";
import "sortable-tablesort/dist/sortable.min.js";

const tooltip = new Handler();

// The page's policy forbids code made from text. Vega reads CSV by such code, so the rows are read here; and its
// expressions are interpreted.
const reading = (data) => {
  if (typeof data?.values !== "string") return data;
  const [names, ...lines] = csvParseRows(data.values);
  const cell = (name, text) => (data.format.parse[name] === "number" ? (text === "" ? null : Number(text)) : text);
  return { values: lines.map((texts) => Object.fromEntries(names.map((name, at) => [name, cell(name, texts[at])]))) };
};

const filled = (part) => {
  const whole = { ...part };
  if (part.data) whole.data = reading(part.data);
  for (const below of ["layer", "vconcat"]) {
    if (part[below]) whole[below] = part[below].map(filled);
  }
  return whole;
};

globalThis.drawChart = (element, choices, specification) => {
  const runtime = parse(compile(filled(specification)).spec, null, { ast: true });
  const view = new View(runtime, { renderer: "svg", expr: expressionInterpreter });
  return view.initialize(element, choices).tooltip(tooltip.call).runAsync();
};
