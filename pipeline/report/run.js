// One run: what it was, what came out, how sure that is. Drawn when it is opened.

function facts(entries) {
  const list = element("dl", {});
  for (const [name, value] of entries) {
    if (value !== "") list.append(element("div", {}, element("dt", {}, name), element("dd", {}, value)));
  }
  return list;
}

function duration(seconds) {
  if (seconds < 60) return `${shown(seconds, 1)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** "40 in bf16 (guard 2.2), 8 in fp32": how many decisions each precision made. */
function precisionText(result) {
  return result.rungs.map((rung, i) => [rung, result.decisions.filter((d) => d[5] === i).length]).filter(([, count]) => count)
    .map(([rung, count]) => `${count} in ${rung.name}${rung.guard ? ` (guard ${brief(rung.guard)})` : ""}`).join(", ");
}

function auditText(result) {
  const wrong = result.audit.filter(([, , agrees]) => !agrees).length;
  if (!result.audit.length) return "";
  return wrong ? `${wrong} of ${result.audit.length} decisions contradicted by fp64` : `${result.audit.length} decisions evaluated again in fp64, all agree`;
}

function whatWasRun(run) {
  const result = run.result;
  const of = (name) => valueOf(result.identity, name), by = (name) => valueOf(result.provenance, name);
  return facts([["model", by("model_path")], ["model's sha256", of("model_sha256").slice(0, 16)],
    ["search", `${of("rule")}, order ${of("order")}, threshold ${run.threshold} %`],
    ["components, ablation, positions", `${of("components")}, ${of("ablation")}, ${of("positions")}`],
    ["prompts", `${run.family}, corruption ${run.corruption}`],
    ["full model", `mean logit difference ${shown(result.full_mean, 4)} over ${result.prompts} prompts`],
    ["warnings", [by("prompt_warnings"), by("full_model_warnings")].filter((each) => each).join("; ")],
    ["decisions", precisionText(result)], ["audit", auditText(result)],
    ["device", by("device")], ["ranks", by("ranks")], ["program", of("program")],
    ["time", result.decisions.length ? `${duration(result.seconds)}, ${result.evaluations} evaluations` : ""],
    ["started", by("started")], ["run file", run.file]]);
}

function headline(run) {
  const {kept, components, score} = run.result;
  const made = element("p", {class: "large"}, element("strong", {}, `${kept.length} of ${components}`),
    ` ${componentsName(run.result)}${isFinished(run) ? "" : " so far"} keep `, element("strong", {}, `${shown(score)} %`),
    " of the full model's logit difference.");
  return made;
}

function problems(run) {
  const result = run.result, decided = result ? `${result.decisions.length} decisions` : "";
  const wrong = (result?.audit ?? []).filter(([, , agrees]) => !agrees).map(([i, score]) =>
    `${componentName([result.decisions[i][0], result.decisions[i][1], result.decisions[i][10]], result.positions)} was ${result.decisions[i][4] ? "removed" : "kept"} at ${shown(result.decisions[i][2], 4)} %, fp64 says ${shown(score, 4)} %`);
  const texts = {contradicted: `An audit found what fp64 does not decide so, and this circuit is not to be trusted: ${wrong.join("; ")}.`,
    spoilt: "The checkpoint changed while it was computed with: these scores are of no one model. Remove the run file and run the job again.",
    stopped: `Stopped after ${decided}. Run the job again and it goes on.`,
    running: `Still running when this report was made, or killed, after ${decided}. Run the job again and it goes on.`,
    failed: `Failed: ${run.reason || "no reason is known"}`, unreadable: `The run file cannot be read: ${run.reason}`,
    missing: `The run file is not there: ${run.file}`, pending: "Not begun yet."};
  return texts[run.status] ? [element("p", {class: "problem"}, texts[run.status])] : [];
}

function decisionText(run, i) {
  const result = run.result, d = result.decisions[i];
  const audited = result.audit.find(([decision]) => decision === i);
  return `${longName([d[0], d[1], d[10]], result.positions)}: ${d[4] ? "removed" : "kept"}\nscore without it ${shown(d[2], 4)} %\nmargin ${signed(d[3])} points`
    + (result.rungs.length ? `, ${result.rungs[d[5]].name}${d[6] ? `, guard ${brief(d[6])}` : ""}` : "") + (d[7] ? ", a tie" : "")
    + `\ndecision ${i + 1}, ${d[9]} of ${result.components} left` + (audited ? `\nfp64: ${shown(audited[1], 4)} %, ${audited[2] ? "agrees" : "CONTRADICTS"}` : "")
    + analysisText(run, [d[0], d[1], d[10]]);
}

function promptText(run, prompts, i) {
  const {full, circuit} = run.result, prompt = prompts.shown[i];
  const text = prompt ? `${prompt.text} \u2192 ${prompt.answer} (not ${prompt.distractor})` : `prompt ${i + 1}`;
  return `${text}\nfull model ${shown(full[i], 3)}\ncircuit ${shown(circuit[i], 3)}`;
}

/** Of a mark in a run's pictures, by what it stands for. */
function markText(run, owner, of) {
  const kind = of[0], rest = of.slice(1);
  if (kind === "p") return promptText(run, owner.clean, Number(rest));
  if (kind === "q") return subsetText(run, Number(rest));
  if (kind === "z") return sizeText(run, Number(rest));
  return kind === "c" ? componentText(run, rest.split(".").map(Number)) : decisionText(run, Number(of));
}

/** The fragile decisions; where there are none, the nearest few. */
function nearestTable(run, fragilePoints) {
  const {decisions, nearest, fragile, rungs} = run.result;
  const count = fragile || Math.min(5, nearest.length);
  const title = fragile ? `${fragile} fragile ${fragile === 1 ? "decision" : "decisions"}` : "The nearest decisions";
  const note = fragile ? `They would fall otherwise at a threshold moved by ${fragilePoints} points.`
    : `None is fragile: no decision would fall otherwise at a threshold moved by ${fragilePoints} points.`;
  const rows = nearest.slice(0, count).map((i) => {
    const d = decisions[i];
    return [componentName([d[0], d[1], d[10]], run.result.positions), d[4] ? "removed" : "kept", shown(d[2], 4), signed(d[3]), rungs.length ? rungs[d[5]].name : ""];
  });
  return element("figure", {}, element("figcaption", {}, element("strong", {}, title), note),
    plainTable(title, [["", false], ["decision", false], ["score %", true], ["margin", true], ["precision", false]], rows));
}

function tokens(prompt, positions) {
  return prompt.tokens.map((token, at) => {
    const names = positions.filter((_, p) => prompt.positions[p] === at);
    return element("span", {class: "token"}, element("b", {}, names.join(" ")), names.length ? ` ${token}` : `${token}`);
  });
}

function promptsTable(title, prompts, positions) {
  const rows = prompts.shown.map((prompt, i) => [`${i + 1}`, element("span", {class: "text"}, prompt.text), prompt.answer, prompt.distractor,
    `${prompt.template}`, element("span", {}, ...tokens(prompt, positions))]);
  const more = prompts.count - prompts.shown.length;
  return element("div", {}, element("h3", {}, `${prompts.count} ${title}`),
    plainTable(title, [["", true], ["text", false], ["answer", false], ["distractor", false], ["template", true], ["tokens", false]], rows),
    ...(more ? [element("p", {class: "note"}, `and ${more} more in the run file`)] : []));
}

/** Opens by itself, lazily: `fill` makes the content when it is opened first. */
function folded(title, fill) {
  const made = element("details", {}, element("summary", {}, title));
  made.addEventListener("toggle", () => { if (made.open && made.children.length === 1) made.append(...fill()); });
  return made;
}

function everything(run) {
  const named = (title, pairs) => [element("h3", {}, title), plainTable(title, [["name", false], ["value", false]], pairs)];
  return [...named("Identity: what the result depends on", run.result.identity),
    ...named("Provenance: how, where and when it came about", run.result.provenance),
    ...(run.analysis ? [...named("The analysis: identity", run.analysis.identity), ...named("The analysis: provenance", run.analysis.provenance)] : []),
    element("h3", {}, "The resolved job"), element("pre", {}, run.result.job)];
}

function runContent(report, run) {
  const result = run.result;
  if (!result) return problems(run);
  const owner = result.same_prompts === undefined ? result : report.runs[result.same_prompts].result;
  const made = [...problems(run), headline(run), whatWasRun(run)];
  const pictures = element("div", {class: "pictures"});
  if (result.decisions.length) {
    pictures.append(...decisionMaps(result),
      element("div", {class: "wide-and-narrow"}, removalCurve(run), sizeCurve(run)),
      element("div", {class: "wide-and-narrow"}, marginStrip(run, report.fragile_points), nearestTable(run, report.fragile_points)));
  }
  if (result.full.length) pictures.append(promptStrips(run));
  pictures.append(...analysisPictures(run));
  explain(pictures, (of) => markText(run, owner, of));
  made.push(pictures);
  made.push(folded("Prompts and tokens", () => [promptsTable("clean prompts", owner.clean, result.positions), promptsTable("corrupted prompts", owner.corrupted, result.positions)]),
    folded("Everything that the run file says of itself", () => everything(run)));
  return made;
}

function runDetails(report, run, i, isOpen) {
  const title = element("summary", {}, element("strong", {}, run.family), `${run.corruption}, threshold ${run.threshold} %${run.variant}`, status(run),
    ...(run.result ? [element("span", {class: "note"}, `${run.result.kept.length} of ${run.result.components} kept, ${shown(run.result.score)} %`)] : []));
  const made = element("details", {class: "run", id: `run-${i}`}, title);
  made.addEventListener("toggle", () => { if (made.open && made.children.length === 1) made.append(...runContent(report, run)); });
  made.open = isOpen;
  return made;
}
