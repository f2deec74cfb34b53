// The removal curve, the margins, and the prompts' logit differences.

function dot(x, y, style, of, radius = 3) {
  return drawn("circle", {cx: x, cy: y, r: radius, class: `dot mark ${style}`, "data-of": of});
}

function below(x, y, style, of) {
  return drawn("path", {d: `M${x - 4},${y - 7}h8l-4,7z`, class: `dot mark ${style}`, "data-of": of});
}

/** Scores from a bit under the threshold to the highest; what is lower is drawn at the lower border. */
function scoreRange(run) {
  const threshold = 100 - run.threshold;
  const circuit = run.result.decisions.map((d) => d[8]);
  const high = Math.max(100, ...circuit), low = Math.min(threshold, ...circuit);
  return {threshold, low: low - Math.max(0.6 * (high - low), 1.5 * run.threshold, 0.5), high: high + 0.08 * (high - low)};
}

function scoreAxis(run, left, right, top, bottom) {
  const {threshold, low, high} = scoreRange(run);
  const y = linear(low, high, bottom, top);
  const all = ticks(low, high, 6), free = all.filter((value) => Math.abs(y(value) - y(threshold)) > 11);
  const axis = axisLeft(y, left, Object.assign(free, {digits: all.digits}), "", right);
  axis.append(label(0, 11, "score of the circuit, %", "start", "strong"), line(left, y(threshold), right, y(threshold), "threshold"),
    label(left - 6, y(threshold) + 4, shown(threshold, Math.max(all.digits, threshold % 1 ? 1 : 0)), "end", "strong"));
  return {y, axis, isBelow: (score) => score < low};
}

/** "layer 5" where the search enters it, as far as there is room. */
function layerMarks(decisions, x, top, bottom) {
  const group = drawn("g", {});
  let free = -Infinity;
  decisions.forEach((d, i) => {
    if (i && d[0] === decisions[i - 1][0]) return;
    group.append(line(x(i + 0.5), top, x(i + 0.5), bottom, "gridline"));
    if (x(i + 0.5) < free) return;
    const text = free < 0 ? `layer ${d[0]}` : `${d[0]}`;
    group.append(label(x(i + 0.5) + 3, top + 9, text, "start"));
    free = x(i + 0.5) + 8 * text.length + 6;
  });
  return group;
}

function removalCurve(run) {
  const {decisions} = run.result, components = Math.max(run.result.components, decisions.length);
  const {low} = scoreRange(run);
  const lowest = Math.min(...decisions.map((d) => d[2]));
  const far = decisions.filter((d) => d[2] < low).length;
  const note = "The line is the circuit, dashed the threshold. A dot is the circuit without one more: open and orange, it was taken; blue, it fell below the threshold and was kept."
    + (far ? ` Triangles: ${far} below the axis, down to ${shown(lowest, 1)} %.` : "");
  return figure("The search, decision by decision", note, (width) => {
    const left = 44, right = width - 8, top = 22, bottom = 268;
    const x = linear(0, components, left, right);
    const {y, axis, isBelow} = scoreAxis(run, left, right, top, bottom);
    const svg = picture(width, bottom + 40, layerMarks(decisions, x, top, bottom), axis,
      axisBelow(x, bottom, ticks(0, components, Math.min(8, width / 70)), "decision", left, right));
    let path = `M${x(0)},${y(100)}`;
    decisions.forEach((d, i) => { path += `H${x(i + 1)}V${y(d[8])}`; });
    svg.append(drawn("path", {d: path, class: "line"}));
    decisions.forEach((d, i) => svg.append(isBelow(d[2]) ? below(x(i + 1), bottom, "kept", i)
      : dot(x(i + 1), y(d[2]), d[4] ? "removed" : "kept", i, components > 200 ? 2.4 : 3.2)));
    svg.setAttribute("tabindex", 0);
    return svg;
  });
}

function sizeCurve(run) {
  const {decisions, components} = run.result, what = componentsName(run.result);
  return figure("Score by size", `The circuit's score against how many ${what} are left in it.`, (width) => {
    const left = 44, right = width - 8, top = 22, bottom = 268;
    const x = linear(components, 0, left, right);
    const {y, axis} = scoreAxis(run, left, right, top, bottom);
    const svg = picture(width, bottom + 40, axis, axisBelow(x, bottom, ticks(0, components, Math.min(6, width / 60)), `${what} left`, left, right));
    let path = `M${x(components)},${y(100)}`;
    decisions.forEach((d) => { if (d[4]) path += `L${x(d[9])},${y(d[8])}`; });
    svg.append(drawn("path", {d: path, class: "line"}));
    decisions.forEach((d, i) => { if (d[4]) svg.append(dot(x(d[9]), y(d[8]), "removed", i, components > 200 ? 1.8 : 2.6)); });
    svg.setAttribute("tabindex", 0);
    return svg;
  });
}

/** A bar, and its value on the side where there is room; at the left end if it lies before it. */
function guardMark(x, guard, isBefore, left, top, height) {
  const text = `guard ${brief(guard)}`;
  if (isBefore) return [label(left + 4, top + height - 4, `\u25c2 ${text}`, "start")];
  const roomBefore = x(guard) - left > 7 * text.length;
  return [line(x(guard), top + 3, x(guard), top + height - 3, "guard"),
    label(x(guard) + (roomBefore ? -5 : 5), top + height - 4, text, roomBefore ? "end" : "start")];
}

/** |margin| on a logarithmic axis, a row for each precision that decided; within a row from first (top) to last decision. */
function marginStrip(run, fragilePoints) {
  const {decisions, rungs} = run.result;
  const used = rungs.map((_, i) => i).filter((i) => decisions.some((d) => d[5] === i));
  const rows = used.length ? used : [0];
  const sizes = decisions.map((d) => Math.max(Math.abs(d[3]), 1e-12));
  const low = 10 ** Math.floor(Math.log10(Math.min(...sizes, fragilePoints))), high = 10 ** Math.ceil(Math.log10(Math.max(...sizes, 1)));
  const note = `Grey: fragile, the decision would fall otherwise at a threshold moved by ${fragilePoints} points.`
    + (used.length ? " A row for each precision that decided, from its first decision down to its last; the bar is its guard: what is closer climbs one row." : "");
  return figure("How close the decisions were", note, (width) => {
    const rowHeight = decisions.length > 150 ? 90 : 54, left = 52, right = width - 10, top = 18, bottom = top + rows.length * rowHeight;
    const x = logarithmic(low, high, left, right);
    const powers = [];
    for (let power = Math.log10(low); power <= Math.log10(high) + 1e-9; ++power) powers.push(Math.round(power));
    const svg = picture(width, bottom + 40, drawn("rect", {x: left, y: top, width: x(fragilePoints) - left, height: bottom - top, class: "band"}),
      label(left + 3, top - 5, "fragile", "start"), line(left, bottom, right, bottom, "axis"));
    for (const power of powers) {
      const at = x(10 ** power), text = Math.abs(power) > 3 ? `1e${power}` : `${+(10 ** power).toPrecision(1)}`;
      svg.append(line(at, top, at, bottom + 4, "gridline"), label(at, bottom + 16, text));
    }
    svg.append(label((left + right) / 2, bottom + 33, "|margin|, percentage points", "middle", "strong"));
    rows.forEach((rung, row) => {
      const rowTop = top + row * rowHeight;
      if (used.length) svg.append(label(left - 8, rowTop + rowHeight / 2 + 4, rungs[rung].name, "end", "strong"));
      if (row) svg.append(line(left, rowTop, right, rowTop, "gridline"));
      const guard = used.length ? rungs[rung].guard : 0, dots = drawn("g", {});
      decisions.forEach((d, i) => {
        if (used.length && d[5] !== rung) return;
        dots.append(dot(x(sizes[i]), rowTop + 7 + (i / decisions.length) * (rowHeight - 25), d[4] ? "removed" : "kept", i));
      });
      svg.append(dots);
      if (guard > 0) svg.append(...guardMark(x, guard, guard < low, left, rowTop, rowHeight));
    });
    svg.setAttribute("tabindex", 0);
    return svg;
  });
}

/** Two strips, a prompt's two dots joined: what the circuit does to each prompt. */
function promptStrips(run) {
  const {full, circuit, full_mean, circuit_mean, prompts} = run.result;
  const some = prompts > full.length ? ` The first ${full.length} of ${prompts} prompts are shown; the bar is the mean of all.` : "";
  const all = [...full, ...circuit, full_mean, circuit_mean, 0];
  return figure("Prompt by prompt", "Each prompt's logit difference, answer minus distractor, in the full model and in the circuit. The thick bar is the mean; left of zero the distractor wins." + some, (width) => {
    const left = 62, right = width - 12, top = 14, gap = Math.min(110, 50 + full.length * 2), bottom = top + gap + 32;
    const reach = Math.max(...all) - Math.min(...all) || 1;
    const x = linear(Math.min(...all) - 0.03 * reach, Math.max(...all) + 0.03 * reach, left, right);
    const [upper, lower] = [top + 12, top + 12 + gap];
    const svg = picture(width, bottom + 40, axisBelow(x, bottom, ticks(x.low, x.high, Math.min(8, width / 60)), "logit difference", left, right),
      line(x(0), top, x(0), bottom, "axis"), label(left - 8, upper + 4, "full", "end", "strong"), label(left - 8, lower + 4, "circuit", "end", "strong"));
    const links = drawn("g", {class: full.length > 60 ? "links-faint" : ""});
    full.forEach((value, i) => links.append(line(x(value), upper, x(circuit[i]), lower, "link")));
    svg.append(links);
    const radius = full.length > 60 ? 2 : 4;
    full.forEach((value, i) => svg.append(dot(x(value), upper, "full", `p${i}`, radius), dot(x(circuit[i]), lower, "circuit", `p${i}`, radius)));
    for (const [value, y] of [[full_mean, upper], [circuit_mean, lower]]) svg.append(line(x(value), y - 11, x(value), y + 11, "mean"));
    svg.setAttribute("tabindex", 0);
    return svg;
  });
}
