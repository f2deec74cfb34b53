// What the runs have in common: the table, all circuits side by side, and their overlaps.

const statuses = {complete: ["good", "\u2713"], contradicted: ["bad", "\u2717"], spoilt: ["bad", "\u2717"], failed: ["bad", "\u2717"], unreadable: ["bad", "\u2717"], missing: ["bad", "\u2717"],
  running: ["unfinished", "\u2026"], stopped: ["unfinished", "\u2026"], pending: ["unfinished", "\u2026"]};

function status(run) {
  const [style, sign] = statuses[run.status] ?? ["unfinished", "?"];
  return element("span", {class: `status ${style}`}, `${sign} ${run.status}`);
}

/** "layer 3, head 1 at S2", of [layer, head, position]. */
function longName([layer, head, position], positions) {
  return (head < 0 ? `MLP of layer ${layer}` : `layer ${layer}, head ${head}`) + (position >= 0 ? ` at ${positions[position]}` : "");
}

/** "3.1 at S2", likewise. */
function componentName([layer, head, position], positions) {
  return (head < 0 ? `mlp ${layer}` : `${layer}.${head}`) + (positions && position >= 0 ? ` at ${positions[position]}` : "");
}

/** What the search was about, and so what its numbers count. */
function componentsName(result) {
  const heads = result.by_position ? "heads at positions" : "heads";
  return result.heads && result.mlps ? `${heads} and MLPs` : result.mlps ? "MLPs" : heads;
}

function valueOf(pairs, name) {
  return (pairs.find(([key]) => key === name) ?? ["", ""])[1];
}

/** `columns`: [title, is a number?]; `rows`: texts or nodes. */
function plainTable(caption, columns, rows) {
  const style = ([, isNumber]) => (isNumber ? {class: "number"} : {});
  return element("div", {class: "wide"}, element("table", {"aria-label": caption},
    element("thead", {}, element("tr", {}, ...columns.map((column) => element("th", {scope: "col", ...style(column)}, column[0])))),
    element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...cells.map((content, i) => element("td", style(columns[i]), content)))))));
}

/** `rows`: [[text or node, value to sort by]]. Headings sort, from low to high and back. */
function sortableTable(caption, columns, rows) {
  const made = plainTable(caption, columns, rows.map((cells) => cells.map(([content]) => content)));
  const body = made.querySelector("tbody"), headings = [...made.querySelectorAll("th")];
  const lines = [...body.children].map((line, i) => ({line, keys: rows[i].map(([, key]) => key)}));
  const isMissing = (key) => key === null || key === undefined;
  headings.forEach((heading, column) => {
    const isNumber = columns[column][1], button = element("button", {type: "button"}, columns[column][0]);
    const compare = (a, b) => (isNumber ? a - b : String(a).localeCompare(String(b), undefined, {numeric: true}));
    heading.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = heading.getAttribute("aria-sort") !== "ascending";
      for (const other of headings) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", up ? "ascending" : "descending");
      lines.sort((a, b) => {
        const [one, other] = [a.keys[column], b.keys[column]];
        if (isMissing(one) || isMissing(other)) return isMissing(one) - isMissing(other);  // these stay below
        return up ? compare(one, other) : compare(other, one);
      });
      body.append(...lines.map(({line}) => line));
    });
  });
  return made;
}

function runsTable(report) {
  // What is the same everywhere is said with each run.
  const varying = ["order", "ablation"].filter((key) => new Set(report.runs.map((run) => run[key])).size > 1);
  const columns = [["run", false], ["threshold %", true], ["status", false], ["kept", true], ["of", true], ["score %", true],
    ["nearest margin", true], ["fragile", true], ["corruption", false], ...varying.map((key) => [key, false]), ["full model", true]];
  const rows = report.runs.flatMap((run, i) => {
    const result = run.result;
    const nearest = result?.nearest.length ? result.decisions[result.nearest[0]][3] : null;
    const number = (value, text, key = (same) => same) => (result && value !== null ? [text(value), key(value)] : ["", null]);
    const own = [[element("a", {href: `#run-${i}`}, run.family), run.family], [shown(run.threshold, run.threshold % 1 ? 2 : 0), run.threshold],
      [status(run), run.status], number(result?.kept.length, String), number(result?.components, String), number(result?.score, shown),
      number(nearest, signed, Math.abs), number(result?.fragile, String), [run.corruption, run.corruption], ...varying.map((key) => [run[key], run[key]]),
      number(result?.full_mean, (value) => shown(value, 3))];
    return [own, ...report.resamples.filter((group) => group.run === i).map((group) => resamplesRow(report, group, columns.length))];
  });
  rows.push(...report.resamples.filter((group) => group.run === undefined).map((group) => resamplesRow(report, group, columns.length)));
  return sortableTable("Runs", columns, rows);
}

/** Small pictures: the kept components as one path each, so that a hundred of them are light. */
function gallery(report) {
  const made = element("div", {class: "gallery"});
  report.runs.forEach((run, i) => {
    const result = run.result;
    if (!result) return;
    const columns = result.heads + (result.mlps ? 2 : 0), size = Math.max(4, Math.min(9, Math.floor(110 / columns))), height = result.layers * size;
    const place = ([layer, head]) => `M${(head < 0 ? result.heads + 1 : head) * size},${(result.layers - 1 - layer) * size}h${size - 0.8}v${size - 0.8}h${0.8 - size}z`;
    const small = picture(columns * size, height, drawn("rect", {width: result.heads * size, height, class: "cell open"}),
      drawn("path", {d: result.kept.map(place).join(""), class: "cell kept"}));
    small.setAttribute("aria-label", `circuit of ${run.name}`);
    made.append(element("a", {href: `#run-${i}`}, small, element("strong", {}, run.family), ` ${run.corruption}, T ${run.threshold}${run.variant}: `,
      `${result.kept.length} kept, ${shown(result.score, 1)} %`, isFinished(run) ? "" : `, ${run.status}`));
  });
  return made;
}

function isFinished(run) {
  return run.status === "complete" || run.status === "contradicted";
}

/** Family first and threshold last, which a short name keeps. */
function shortName(run, most) {
  return run.name.length > most ? `${run.name.slice(0, most - 7)}\u2026${run.name.slice(-6)}` : run.name;
}

function overlapMatrix(report, group) {
  const levels = 7, count = group.runs.length;
  const jaccard = (a, b) => (group.united[a][b] ? group.shared[a][b] / group.united[a][b] : 1);
  const level = (value) => Math.min(levels, 1 + Math.floor(value * levels));
  const steps = Array.from({length: levels}, (_, i) => ({style: `l${i + 1}`, text: i === 0 ? "0" : ""}));
  const made = figureWithLegend("Overlap of circuits", "Jaccard index: components in both circuits / components in either. Columns have the rows' numbers.", (width) => {
    const most = Math.max(10, Math.min(34, Math.floor((width * 0.42) / 6.4))), numbers = 30, top = 18;
    const fitting = (left) => Math.max(4, Math.min(46, (width - left - 4) / count));
    const isNamed = fitting(numbers + most * 6.4) >= 9, left = numbers + (isNamed ? most * 6.4 : 0), size = fitting(left);
    const every = Math.ceil(22 / size);
    const svg = picture(Math.ceil(left + count * size + 4), Math.ceil(top + count * size + 6));
    group.runs.forEach((number, row) => {
      if (isNamed) svg.append(label(left - numbers, top + (row + 0.5) * size + 4, shortName(report.runs[number], most), "end"));
      if (isNamed || row % every === 0) svg.append(label(left - 8, top + (row + 0.5) * size + 4, row + 1, "end"));
      if (row % every === 0) svg.append(label(left + (row + 0.5) * size, top - 6, row + 1));
      group.runs.forEach((_, column) => {
        const value = jaccard(row, column), at = {x: left + column * size + 0.5, y: top + row * size + 0.5};
        svg.append(drawn("rect", {...at, width: size - 1, height: size - 1, class: `cell mark l${level(value)}`, "data-of": `o${row}-${column}`}));
        if (size < 28) return;
        const number = label(at.x + size / 2, at.y + size / 2 + 4, value.toFixed(2), "middle", level(value) > 3 ? "on-strong" : "on-weak");
        number.setAttribute("pointer-events", "none");
        svg.append(number);
      });
    });
    svg.setAttribute("tabindex", 0);
    return svg;
  }, steps, "1");
  const keptKeys = group.runs.map((number) => new Set(report.runs[number].result.kept.map((kept) => componentName(kept, report.runs[number].result.positions))));
  explain(made, (of) => {
    const [a, b] = of.slice(1).split("-").map(Number);
    const both = [...keptKeys[a]].filter((key) => keptKeys[b].has(key));
    return `${a + 1}: ${shortName(report.runs[group.runs[a]], 60)}\n${b + 1}: ${shortName(report.runs[group.runs[b]], 60)}\n`
      + `${group.shared[a][b]} shared of ${group.united[a][b]}, Jaccard ${shown(jaccard(a, b))}\n`
      + (a === b ? "" : both.slice(0, 40).join("  ") + (both.length > 40 ? " \u2026" : ""));
  });
  return made;
}

/** How many of the circuits keep a head: what families share. */
function keptByMap(report, group) {
  const levels = 7, count = group.runs.length, results = group.runs.map((number) => report.runs[number].result);
  const shape = {layers: results[0].layers, heads: Math.max(...results.map((each) => each.heads)), mlps: results.some((each) => each.mlps)};
  const by = new Map(group.kept_by.map(([layer, head, runs]) => [`${layer}.${head}`, runs]));
  const level = (runs) => Math.max(1, Math.ceil((runs / count) * levels));
  const cells = everyCell(shape, (layer, head) => {
    const runs = by.get(`${layer}.${head}`) ?? 0;
    return {layer, head, of: `h${layer}.${head}`, style: runs ? `l${level(runs)}` : "open"};
  });
  const inAll = group.kept_by.filter(([, , runs]) => runs === count).map((kept) => componentName(kept));
  const steps = Array.from({length: levels}, (_, i) => ({style: `l${i + 1}`, text: i === 0 ? "1" : ""}));
  const made = figureWithLegend("Kept by how many", inAll.length ? `In all ${count}: ${inAll.join("  ")}` : `No head is in all ${count}.`,
    (width) => layerHeadMap(width, shape, cells), steps, `${count} circuits`);
  explain(made, (of) => {
    const [layer, head] = of.slice(1).split(".").map(Number);
    const name = componentName([layer, head]);
    const keepers = group.runs.filter((number) => report.runs[number].result.kept.some((kept) => componentName(kept) === name));
    return `${longName([layer, head])}\nkept by ${keepers.length} of ${count}\n`
      + keepers.slice(0, 12).map((number) => shortName(report.runs[number], 60)).join("\n") + (keepers.length > 12 ? "\n\u2026" : "");
  });
  return made;
}

function notCompared(group) {
  return element("p", {class: "note"}, `${group.runs.length} circuits are too many to show each beside each: report fewer runs to see what two of them share.`);
}

function overlaps(report) {
  const made = element("div", {});
  for (const group of report.groups) {
    const model = valueOf(report.runs[group.runs[0]].result.provenance, "model_path");
    made.append(...(report.groups.length > 1 ? [element("h3", {}, model)] : []),
      element("div", {class: "wide-and-narrow"}, group.shared.length ? overlapMatrix(report, group) : notCompared(group), keptByMap(report, group)));
  }
  const out = report.runs.filter((run) => !isFinished(run)).length;
  if (out) made.append(element("p", {class: "note"}, `${out} unfinished ${out === 1 ? "run is" : "runs are"} left out.`));
  return made;
}
