// Layer x head maps: the last layer on top, as it is the first that is searched; the MLPs in a column of their own.

/** `cells`: [{layer, head (-1: the MLP), of, style, text}]; `shape`: {layers, heads, mlps}. */
function layerHeadMap(width, shape, cells) {
  const left = 34, top = 16, gap = shape.mlps ? 6 : 0;
  const columns = shape.heads + (shape.mlps ? 1 : 0);
  const size = Math.max(4, Math.min(22, Math.floor((width - left - gap - 2) / columns)));
  const x = (head) => left + (head < 0 ? shape.heads * size + gap : head * size);
  const y = (layer) => top + (shape.layers - 1 - layer) * size;
  const every = Math.ceil(18 / size);
  const svg = picture(left + columns * size + gap + 2, top + shape.layers * size + 34);
  svg.setAttribute("tabindex", 0);
  for (let layer = 0; layer < shape.layers; layer += every) svg.append(label(left - 5, y(layer) + size / 2 + 4, layer, "end"));
  for (let head = 0; head < shape.heads; head += every) svg.append(label(x(head) + size / 2, top + shape.layers * size + 14, head));
  if (shape.mlps) svg.append(label(x(-1) + size, top + shape.layers * size + 14, "MLP", "end"));
  svg.append(label(0, 10, "layer", "start", "strong"), label(left, top + shape.layers * size + 30, shape.heads ? "head" : "", "start", "strong"));
  for (const cell of cells) {
    svg.append(drawn("rect", {x: x(cell.head) + 0.75, y: y(cell.layer) + 0.75, width: size - 1.5, height: size - 1.5, rx: size > 9 ? 2 : 0,
      class: `cell ${cell.style}${cell.of === undefined ? "" : " mark"}`, ...(cell.of === undefined ? {} : {"data-of": cell.of})}));
    if (cell.ring) svg.append(drawn("circle", {cx: x(cell.head) + size / 2, cy: y(cell.layer) + size / 2, r: Math.max(1.5, size / 5), class: "ring", "pointer-events": "none"}));
  }
  return svg;
}

/** A row of boxes with the numbers at their borders: [{style, text}], and the number behind the last. */
function legend(steps, unit) {
  const size = 30, height = 11;
  const svg = picture(steps.length * size + 60, height + 16);
  steps.forEach(({style, text}, i) => {
    svg.append(drawn("rect", {x: i * size, y: 0, width: size, height, class: style}), label(i * size, height + 12, text, i ? "middle" : "start"));
  });
  svg.append(label(steps.length * size + 5, 10, unit, "start"));
  svg.setAttribute("aria-hidden", "true");
  return svg;
}

function everyCell(shape, cell) {
  const cells = [];
  for (let layer = shape.layers - 1; layer >= 0; --layer) {
    for (let head = 0; head < shape.heads; ++head) cells.push(cell(layer, head));
    if (shape.mlps) cells.push(cell(layer, -1));
  }
  return cells;
}

/** The last decision on each component; one that is tried in several passes has several. */
function lastDecisions(result) {
  return new Map(result.decisions.map((d, i) => [`${d[0]}.${d[1]}.${d[10]}`, i]));
}

/** Cells with `style(decision, i)` for what was tried, pale ones for the rest. `position`: of heads that were tried at each. */
function decisionCells(result, position, style) {
  const numbers = lastDecisions(result);
  return everyCell(result, (layer, head) => {
    const of = numbers.get(`${layer}.${head}.${head < 0 ? -1 : position}`);
    return {layer, head, of, style: of === undefined ? "open" : style(result.decisions[of], of), ring: false};
  });
}

/** The three maps; where heads were tried at each position, three for each. */
function decisionMaps(result) {
  const positions = result.by_position ? result.positions.map((name, i) => [i, ` at ${name}`]) : [[-1, ""]];
  return positions.map(([position, where]) => element("div", {class: "row"}, keptMap(result, position, where),
    scoreMap(result, position, where), marginMap(result, position, where)));
}

function keptMap(result, position, where) {
  return figure(`Kept and removed${where}`, "Blue: kept. Sand: removed." + (lastDecisions(result).size < result.components ? " Grey: not decided." : ""),
    (width) => layerHeadMap(width, result, decisionCells(result, position, (d) => (d[4] ? "removed" : "kept"))));
}

function figureWithLegend(title, note, draw, steps, unit) {
  const made = figure(title, note, draw);
  made.append(legend(steps, unit));
  return made;
}

/** Scores at the time of the decision, in seven equal steps; the lower, the stronger: what costs most stands out. */
function scoreMap(result, position, where) {
  const scores = result.decisions.map((d) => d[2]);
  const low = Math.floor(Math.min(...scores)), high = Math.max(low + 1, Math.ceil(Math.max(...scores)));
  const levels = 7, step = (high - low) / levels;
  const level = (score) => Math.max(1, levels - Math.floor((score - low) / step));
  const steps = Array.from({length: levels}, (_, i) => ({style: `l${levels - i}`, text: i % 2 ? "" : shown(low + i * step, 0)}));
  return figureWithLegend(`Score without it${where}`, "The circuit's score when this one is left out, at its turn. The stronger the colour, the more it costs.",
    (width) => layerHeadMap(width, result, decisionCells(result, position, (d) => `l${level(d[2])}`)), steps, `to ${shown(high, 0)} %`);
}

/** Margins by decades: which side of the threshold, and how far. Rings: fragile. */
function marginMap(result, position, where) {
  const borders = [0.1, 1, 10, 100];
  const strength = (margin) => 1 + borders.filter((border) => Math.abs(margin) >= border).length;
  const fragile = new Set(result.nearest.slice(0, result.fragile));
  const cells = decisionCells(result, position, (d) => `${d[4] ? "r" : "k"}${strength(d[3])}`);
  for (const cell of cells) cell.ring = fragile.has(cell.of);
  const steps = ["r5", "r4", "r3", "r2", "r1", "k1", "k2", "k3", "k4", "k5"].map((style, i) => ({style,
    text: ["", "\u2212100", "\u221210", "\u22121", "\u22120.1", "0", "0.1", "1", "10", "100"][i]}));
  return figureWithLegend(`Margin${where}`, "To the threshold, in decades. Orange: removed. Blue: kept. Faint: close. A ring: fragile.",
    (width) => layerHeadMap(width, result, cells), steps, "points");
}
