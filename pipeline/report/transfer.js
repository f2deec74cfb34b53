// Between runs: circuits on each other's families, and how often resamples of the prompts keep a head.

/** The column of the family in which a circuit was found; where a family is ablated in several ways, the one of its own way. */
function ownFamily(report, {circuits, families}, row) {
  const run = report.runs.find(({name, result}) => result && name === circuits[row]);
  if (!run) return families.findIndex((family) => circuits[row].startsWith(`${family}.`));
  const name = `${run.family}.${run.corruption}`, of = (key) => valueOf(run.result.identity, key);
  return families.findIndex((family) => family === name || family === `${name} (${of("ablation")}, ${of("positions")})`);
}

function transferMatrix(report, comparison) {
  const {circuits, families, full, means} = comparison, levels = 7;
  const percent = (row, column) => (means[row][column] === null ? null : (100 * means[row][column]) / full[column]);
  const level = (value) => Math.max(1, Math.min(levels, 1 + Math.floor((value / 100) * levels)));
  const style = (value) => (value < 0 ? "r2" : `l${level(value)}`);
  const own = circuits.map((_, row) => ownFamily(report, comparison, row));
  const steps = [{style: "r2", text: ""}, ...Array.from({length: levels}, (_, i) => ({style: `l${i + 1}`, text: i === 0 ? "0" : ""}))];
  const made = figureWithLegend("Score of each circuit on each family", "In percent of the full model there; orange: it prefers the distractors. Outlined: the family in which the circuit was found. Blank: the circuit means nothing there.", (width) => {
    const most = Math.max(10, Math.min(34, Math.floor((width * 0.42) / 6.4))), top = 18;
    const fitting = (left) => Math.max(4, Math.min(46, (width - left - 4) / families.length));
    const isNamed = circuits.length <= 60, left = isNamed ? most * 6.4 + 6 : 30, size = fitting(left);
    const height = isNamed ? Math.max(12, Math.min(size, 30)) : 8, every = Math.ceil(22 / size), everyRow = isNamed ? 1 : Math.ceil(22 / height);
    const svg = picture(Math.ceil(left + families.length * size + 4), Math.ceil(top + circuits.length * height + 6));
    families.forEach((_, column) => { if (column % every === 0) svg.append(label(left + (column + 0.5) * size, top - 6, column + 1)); });
    circuits.forEach((name, row) => {
      const middle = top + (row + 0.5) * height;
      if (isNamed || row % everyRow === 0) svg.append(label(left - 6, middle + 4, isNamed ? shortName({name}, most) : row + 1, "end"));
      families.forEach((_, column) => {
        const value = percent(row, column), at = {x: left + column * size + 0.5, y: top + row * height + 0.5};
        if (value === null) return;
        svg.append(drawn("rect", {...at, width: size - 1, height: height - 1, class: `cell mark ${style(value)}${own[row] === column ? " outlined" : ""}`, "data-of": `t${row}-${column}`}));
        if (size < 28) return;
        const number = label(at.x + size / 2, middle + 4, String(Math.round(value)).replace("-", "\u2212"), "middle", level(value) > 3 ? "on-strong" : "on-weak");
        number.setAttribute("pointer-events", "none");
        svg.append(number);
      });
    });
    svg.setAttribute("tabindex", 0);
    return svg;
  }, steps, "100 %");
  made.append(element("ol", {class: "columns"}, ...families.map((name) => element("li", {}, name))));
  explain(made, (of) => {
    const [row, column] = of.slice(1).split("-").map(Number);
    return `circuit ${circuits[row]}\non ${column + 1}: ${families[column]}\n${shown(percent(row, column))} % of the full model`
      + `\nlogit difference ${shown(means[row][column], 4)}, full model ${shown(full[column], 4)}, nothing kept ${shown(comparison.empty[column], 4)}`;
  });
  return made;
}

function transfers(report) {
  return report.comparisons.map((comparison) => (comparison.problem
    ? element("p", {class: "problem"}, `The comparison is not shown: ${comparison.problem}`)
    : element("div", {}, ...(report.comparisons.length > 1 ? [element("h3", {}, comparison.file)] : []), transferMatrix(report, comparison))));
}

function resamplesText(group) {
  return `${group.finished} ${group.finished === 1 ? "resample" : "resamples"}` + (group.unfinished ? `, ${group.unfinished} more not finished` : "");
}

function span(low, high, text) {
  return text(low) === text(high) ? text(low) : `${text(low)} to ${text(high)}`;
}

/** How often each head is kept, with the circuit that the run on all prompts has found. */
function frequencyMap(report, group, number) {
  const levels = 7, {finished} = group;
  const by = new Map(group.kept_by.map(([layer, head, resamples]) => [`${layer}.${head}`, resamples]));
  const whole = group.run === undefined ? null : report.runs[group.run].result;
  const kept = new Set((whole?.kept ?? []).map(([layer, head]) => `${layer}.${head}`));
  const cells = everyCell(group, (layer, head) => {
    const resamples = by.get(`${layer}.${head}`) ?? 0;
    return {layer, head, of: `r${layer}.${head}`, style: (resamples ? `l${Math.max(1, Math.ceil((resamples / finished) * levels))}` : "open")
      + (kept.has(`${layer}.${head}`) ? " outlined" : "")};
  });
  const steps = Array.from({length: levels}, (_, i) => ({style: `l${i + 1}`, text: i === 0 ? "1" : ""}));
  const inAll = group.kept_by.filter(([, , resamples]) => resamples === finished).map((each) => componentName(each));
  const note = `${resamplesText(group)}, ${span(group.fewest, group.most, String)} kept, scores ${span(group.low, group.high, (value) => shown(value, 1))} %. `
    + (inAll.length ? `In all of them: ${inAll.length > 12 ? `${inAll.length} components` : inAll.join("  ")}.` : "Nothing is in all of them.") + (whole ? " Outlined: the circuit of all prompts." : "");
  const made = figureWithLegend(`${group.family}, ${group.corruption}, threshold ${group.threshold} %${report.runs[group.run]?.variant ?? ""}`, note, (width) => layerHeadMap(width, group, cells), steps, `${finished}`);
  made.id = `resamples-${number}`;
  explain(made, (of) => {
    const [layer, head] = of.slice(1).split(".").map(Number), resamples = by.get(`${layer}.${head}`) ?? 0;
    return `${longName([layer, head])}\nkept by ${resamples} of ${finished} (${shown((100 * resamples) / finished, 0)} %)`
      + (whole ? `\n${kept.has(`${layer}.${head}`) ? "in" : "not in"} the circuit of all prompts` : "");
  });
  return made;
}

function resamples(report) {
  const finished = report.resamples.filter((group) => group.finished), waiting = report.resamples.filter((group) => !group.finished);
  return [element("div", {class: "row"}, ...finished.map((group) => frequencyMap(report, group, report.resamples.indexOf(group)))),
    ...waiting.map((group) => element("p", {class: "note", id: `resamples-${report.resamples.indexOf(group)}`}, `${group.name}: none of ${group.unfinished} resamples is finished.`))];
}

/** Its line in the table of runs: [[text or node, value to sort by]]. */
function resamplesRow(report, group, columns) {
  const number = (value, key) => (group.finished ? [value, key] : ["", null]), components = report.runs[group.run]?.result?.components;
  const row = [[element("a", {href: `#resamples-${report.resamples.indexOf(group)}`}, `${group.family}, resampled`), group.family],
    [shown(group.threshold, group.threshold % 1 ? 2 : 0), group.threshold], [resamplesText(group), "resamples"],
    number(span(group.fewest, group.most, String), group.fewest), number(components === undefined ? "" : String(components), components),
    number(span(group.low, group.high, (value) => shown(value)), group.low), ["", null], ["", null], [group.corruption, group.corruption]];
  while (row.length < columns) row.push(["", columns - row.length === 1 ? null : ""]);
  return row;
}
