// What was found out about a run's circuit after its search: knock-outs, faithfulness, completeness, minimality, sizes.

function percentOf(analysis, mean) {
  return (100 * mean) / analysis.full;
}

/** What marks of a component have in common: its last decision; without one, a name of its own. */
function componentKeys(result) {
  const decisions = lastDecisions(result);
  return ([layer, head, position]) => decisions.get(`${layer}.${head}.${position}`) ?? `c${layer}.${head}.${position}`;
}

/** "0.1  9.6", of members of the circuit by their numbers. */
function subsetNames(run, numbers) {
  const most = 24, names = numbers.map((number) => componentName(run.analysis.members[number], run.result.positions));
  return names.slice(0, most).join("  ") + (names.length > most ? `  and ${names.length - most} more` : "");
}

/** What the analysis says of a component: lines behind those of its decision. */
function analysisText(run, [layer, head, position]) {
  const {analysis} = run;
  if (!analysis) return "";
  const isIt = (row) => row[0] === layer && row[1] === head && row[2] === position;
  const knockout = analysis.knockouts.find(isIt), minimality = analysis.minimality.find(isIt);
  let text = "";
  if (knockout) {
    const [, , , without, alone] = knockout;
    text += `\nknocked out of the full model: ${signed(percentOf(analysis, without - analysis.everything), 2)} points`
      + `\nkept alone: ${shown(percentOf(analysis, alone))} % (nothing: ${shown(percentOf(analysis, analysis.empty))} %)`;
  }
  if (minimality) {
    const [, , , withIt, without, numbers] = minimality;
    text += `\nmatters ${shown(Math.abs(percentOf(analysis, without - withIt)))} points to the circuit`
      + (numbers.length ? ` without  ${subsetNames(run, numbers)}` : "");
  }
  return text;
}

function componentText(run, component) {
  return longName(component, run.result.positions) + analysisText(run, component);
}

function subsetText(run, i) {
  const {analysis} = run;
  const [choice, circuit, model, numbers] = i < 0 ? ["nothing", analysis.circuit, analysis.everything, []] : analysis.completeness[i];
  const what = {whole: "the whole circuit", random: `random, ${numbers.length} of the circuit's`, greedy: `greedy, ${numbers.length} of the circuit's`,
    nothing: "nothing"}[choice];
  return `removed: ${what}` + (choice === "whole" || !numbers.length ? "" : `\n${subsetNames(run, numbers)}`)
    + `\nfull model ${shown(model, 3)} (${shown(percentOf(analysis, model), 1)} %)\ncircuit ${shown(circuit, 3)} (${shown(percentOf(analysis, circuit), 1)} %)`
    + `\napart by ${shown(Math.abs(percentOf(analysis, circuit - model)))} points`;
}

function normalised(analysis, value) {
  return (value - analysis.empty) / (analysis.full - analysis.empty);
}

function sizeText(run, i) {
  const [fraction, kept, value] = run.analysis.sizes[i];
  return `the best ${kept} of ${run.result.components} (${brief(100 * fraction)} %)\nfaithfulness ${shown(normalised(run.analysis, value), 3)}`
    + `\n${shown(percentOf(run.analysis, value))} % of the full model`;
}

/** Percentage points from strong orange (below zero) to strong blue (above). */
const divergingBorders = [1, 3, 10, 30];

function divergingStyle(points) {
  return `${points < 0 ? "r" : "k"}${1 + divergingBorders.filter((border) => Math.abs(points) >= border).length}`;
}

function divergingMap(title, note, run, position, points) {
  const rows = new Map(run.analysis.knockouts.map((row) => [`${row[0]}.${row[1]}.${row[2]}`, row]));
  const key = componentKeys(run.result), cells = everyCell(run.result, (layer, head) => {
    const row = rows.get(`${layer}.${head}.${head < 0 ? -1 : position}`);
    return {layer, head, of: row && key(row), style: row ? divergingStyle(points(row)) : "open", ring: false};
  });
  const steps = ["r5", "r4", "r3", "r2", "r1", "k1", "k2", "k3", "k4", "k5"].map((style, i) => ({style,
    text: ["", "\u221230", "\u221210", "\u22123", "\u22121", "0", "1", "3", "10", "30"][i]}));
  return figureWithLegend(title, note, (width) => layerHeadMap(width, run.result, cells), steps, "points");
}

/** A row of two maps; where heads were tried at each position, one for each. */
function knockoutRows(run) {
  const {analysis, result} = run;
  if (!analysis.knockouts.length) return [];
  const positions = result.by_position ? result.positions.map((name, i) => [i, ` at ${name}`]) : [[-1, ""]];
  return positions.map(([position, where]) => [
    divergingMap(`Lost without it${where}`, "This one alone knocked out of the full model, in percent of it. Blue: it is missed. Orange: better without.",
      run, position, ([, , , without]) => percentOf(analysis, analysis.everything - without)),
    divergingMap(`Gained by it alone${where}`, `This one alone kept, in percent of the full model, above what is left with nothing kept (${shown(percentOf(analysis, analysis.empty))} %).`,
      run, position, ([, , , , alone]) => percentOf(analysis, alone - analysis.empty))]);
}

/** Normalised faithfulness of the best k components against k. */
function sizesCurve(run) {
  const {analysis} = run, {sizes} = analysis;
  const values = sizes.map(([, , value]) => normalised(analysis, value));
  const note = `The best by their scores in the search; 0 is nothing kept, 1 the full model. Areas as in MIB, over a linear axis: CPR ${shown(analysis.cpr, 3)}, CMD ${shown(analysis.cmd, 3)}.`;
  return figure("Faithfulness by size", note, (width) => {
    const left = 40, right = width - 14, top = 22, bottom = 212;
    const x = logarithmic(sizes[0][0], 1, left, right), low = Math.min(0, ...values), high = Math.max(1, ...values), room = 0.06 * (high - low);
    const y = linear(low - room, high + room, bottom, top);
    const svg = picture(width, bottom + 40, axisLeft(y, left, ticks(low, high, 5), "", right), label(0, 11, "normalised faithfulness", "start", "strong"),
      line(left, y(1), right, y(1), "threshold"), line(left, bottom, right, bottom, "axis"));
    for (const fraction of [0.001, 0.01, 0.1, 1].filter((each) => each >= sizes[0][0])) {
      svg.append(line(x(fraction), bottom, x(fraction), bottom + 4, "axis"), label(x(fraction), bottom + 16, `${+(100 * fraction).toPrecision(2)} %`, fraction === 1 ? "end" : "middle"));
    }
    svg.append(label((left + right) / 2, bottom + 33, "of all components", "middle", "strong"),
      drawn("path", {d: `M${sizes.map(([fraction], i) => `${x(fraction)},${y(values[i])}`).join("L")}`, class: "line"}));
    sizes.forEach(([fraction], i) => svg.append(dot(x(fraction), y(values[i]), "circuit", `z${i}`, 3.5)));
    svg.setAttribute("tabindex", 0);
    return svg;
  });
}

/** A mark by how the subset was chosen. */
function subsetMark(choice, x, y, of) {
  const attributes = {class: `dot mark ${choice}`, "data-of": of};
  if (choice === "whole") return drawn("rect", {x: x - 4, y: y - 4, width: 8, height: 8, ...attributes});
  if (choice === "greedy") return drawn("path", {d: `M${x},${y - 5}l5,9h-10z`, ...attributes});
  return drawn("circle", {cx: x, cy: y, r: 3.5, ...attributes});
}

function completenessScatter(run) {
  const {completeness, everything, circuit, worst} = run.analysis;
  const points = [["nothing", circuit, everything], ...completeness];
  const all = points.flatMap(([, own, model]) => [own, model]), lowest = Math.min(...all), highest = Math.max(...all), room = 0.06 * (highest - lowest || 1);
  const note = "Parts K of the circuit taken out of it, and out of the full model: near the diagonal both lose the same. Circles: random parts; triangles: the worst that a greedy search found; square: all of it; dot: nothing.";
  return figure("Completeness", note, (width) => {
    const left = 40, top = 22, size = Math.min(width - left - 12, 340), bottom = top + size, right = left + size;
    const x = linear(lowest - room, highest + room, left, right), y = linear(lowest - room, highest + room, bottom, top), marks = ticks(lowest, highest, 5);
    const svg = picture(right + 12, bottom + 40, axisLeft(y, left, marks, "", right), axisBelow(x, bottom, marks, "full model without K", left, right),
      label(0, 11, "circuit without K, logit difference", "start", "strong"), line(left, bottom, right, top, "threshold"));
    points.forEach(([choice, own, model], i) => svg.append(subsetMark(choice, x(model), y(own), `q${i - 1}`)));
    if (worst !== undefined) {
      const [, own, model] = completeness[worst], isRight = x(model) > (left + right) / 2;
      svg.append(drawn("circle", {cx: x(model), cy: y(own), r: 8, class: "ring", "pointer-events": "none"}),
        label(x(model) + (isRight ? -12 : 12), y(own) + 4, "worst", isRight ? "end" : "start", "strong"));
    }
    svg.setAttribute("tabindex", 0);
    return svg;
  });
}

/** A bar for each component of the circuit, the one that matters most first. */
function minimalityBars(run) {
  const {analysis, result} = run, key = componentKeys(result), rows = analysis.weakest.map((i) => analysis.minimality[i]).reverse();
  const points = rows.map(([, , , withIt, without]) => Math.abs(percentOf(analysis, without - withIt)));
  const note = "What each still does in the circuit once others (K, the worst that were found) are gone, in percent of the full model. Dashed: the search's threshold.";
  return figure("Minimality", note, (width) => {
    const left = 40, top = 22, bottom = 268, step = Math.min(34, (width - 8 - left) / rows.length), right = left + step * rows.length, room = step > 12;
    const names = rows.map((row) => componentName(row, result.positions)), below = room ? 14 + 6 * Math.max(...names.map((name) => name.length)) : 24;
    const high = Math.max(run.threshold, ...points) * 1.05, y = linear(0, high, bottom, top);
    const svg = picture(Math.max(right + 8, 200), bottom + below, axisLeft(y, left, ticks(0, high, 5), "", right), label(0, 11, "points", "start", "strong"));
    rows.forEach((row, i) => {
      const at = left + i * step, middle = at + step / 2;
      svg.append(drawn("rect", {x: at + step * 0.1, y: y(points[i]), width: step * 0.8, height: Math.max(1, bottom - y(points[i])), class: "bar mark", "data-of": key(row)}));
      if (room) svg.append(drawn("text", {x: middle + 4, y: bottom + 8, transform: `rotate(-90 ${middle + 4} ${bottom + 8})`, "text-anchor": "end"}, names[i]));
    });
    if (!room) svg.append(label(left, bottom + 16, `${rows.length} components of the circuit`, "start"));
    svg.append(line(left, bottom, right, bottom, "axis"), line(left, y(run.threshold), right, y(run.threshold), "threshold"));
    svg.setAttribute("tabindex", 0);
    return svg;
  });
}

function faithfulnessFacts(run) {
  const {analysis} = run, {full, everything, circuit, empty} = analysis;
  const percent = (mean) => `${shown(mean, 4)} (${shown(percentOf(analysis, mean))} %)`;
  return facts([["full model", shown(full, 4)], ["everything kept", everything === full ? "" : percent(everything)], ["circuit", percent(circuit)],
    ["nothing kept", percent(empty)], ["faithfulness |F(M) \u2212 F(C)|", shown(Math.abs(full - circuit), 4)],
    ["normalised faithfulness", full === empty ? "" : shown(normalised(analysis, circuit), 4)],
    ["CPR, CMD", analysis.sizes.length && full !== empty ? `${shown(analysis.cpr, 4)}, ${shown(analysis.cmd, 4)}` : ""],
    ["precision", valueOf(analysis.identity, "rung")]]);
}

/** Its part of a run's pictures; nothing where there is no analysis. */
function analysisPictures(run) {
  const {analysis, analysis_problem: problem} = run;
  if (!analysis) return problem ? [element("p", {class: "problem"}, `The analysis of this run is not shown: ${problem}`)] : [];
  const rows = knockoutRows(run), checks = [];
  if (analysis.sizes.length && analysis.full !== analysis.empty) (rows[0] ?? (rows[0] = [])).push(sizesCurve(run));
  if (analysis.minimality.length) checks.push(minimalityBars(run));
  if (analysis.completeness.length) checks.push(completenessScatter(run));
  return [element("h3", {}, "How good the circuit is"), faithfulnessFacts(run), ...rows.map((figures) => element("div", {class: "row"}, ...figures)),
    ...(checks.length ? [element("div", {class: "wide-and-narrow"}, ...checks)] : [])];
}
