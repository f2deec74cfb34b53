// The page: its sections in order. One whose data do not exist is left out.

const report = JSON.parse(document.getElementById("data").textContent);
const mostOpen = 4;  // runs that are open from the start

const sections = [
  {id: "runs", title: "Runs", note: "A heading sorts. Margins sort by their size.", exists: () => report.runs.length + report.resamples.length > 1, draw: () => [runsTable(report)]},
  {id: "circuits", title: "All circuits", note: "Layers from the last (top) to the first, heads from left to right; blue: kept.",
    exists: () => report.runs.filter((run) => run.result).length > 1, draw: () => [gallery(report)]},
  {id: "overlaps", title: "What circuits share", note: "", exists: () => report.groups.length > 0, draw: () => [overlaps(report)]},
  {id: "transfer", title: "Circuits on other families", note: "", exists: () => report.comparisons.length > 0, draw: () => transfers(report)},
  {id: "resamples", title: "Resampled prompts", note: "The search again on prompts drawn anew from the family's, with replacement: how often each component is kept.",
    exists: () => report.resamples.length > 0, draw: () => resamples(report)},
  {id: "each", title: report.runs.length > 1 ? "Each run" : "The run", note: "", exists: () => report.runs.length > 0,
    draw: () => report.runs.map((run, i) => runDetails(report, run, i, i < mostOpen))},
];

function openLinkedRun() {
  const linked = /^#run-\d+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
  if (!linked) return;
  linked.open = true;
  linked.scrollIntoView();
}

const existing = sections.filter(({exists}) => exists());
for (const {id, title, note, draw} of existing) {
  if (existing.length > 1) document.getElementById("contents").append(element("a", {href: `#${id}`}, title));
  document.getElementById("page").append(element("section", {id}, element("h2", {}, title), ...(note ? [element("p", {class: "note"}, note)] : []), ...draw()));
}
window.addEventListener("hashchange", openLinkedRun);
window.addEventListener("scroll", () => { tip.hidden = true; }, {passive: true});
openLinkedRun();
