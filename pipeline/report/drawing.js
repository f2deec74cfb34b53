// Elements, scales, axes, hover and keys: what all pictures share. Texts only ever become text nodes.

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function drawn(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function label(x, y, text, anchor = "middle", style = "") {
  return drawn("text", {x, y, "text-anchor": anchor, class: style}, text);
}

function line(x1, y1, x2, y2, style) {
  return drawn("line", {x1, y1, x2, y2, class: style});
}

/** A number as a person writes it: no more digits than wanted, a proper minus. */
function shown(value, digits = 2) {
  const text = value !== 0 && Math.abs(value) < 10 ** -digits ? value.toExponential(1) : value.toFixed(digits);
  return text.replaceAll("-", "\u2212");
}

/** Two digits of a number that may be tiny. */
function brief(value) {
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(1).replace("-", "\u2212") : String(+value.toPrecision(2));
}

function signed(value, digits = 4) {
  return (value > 0 ? "+" : "") + shown(value, digits);
}

function linear(low, high, from, to) {
  const span = high - low || 1;
  const scale = (value) => from + ((value - low) / span) * (to - from);
  scale.low = low;
  scale.high = high;
  return scale;
}

function logarithmic(low, high, from, to) {
  const scale = linear(Math.log10(low), Math.log10(high), from, to);
  return (value) => scale(Math.log10(Math.max(value, low)));
}

/** Round numbers from low to high, about `wanted` of them. */
function ticks(low, high, wanted) {
  const rough = (high - low || 1) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; ++i) found.push(i * step);
  found.digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return found;
}

/** A picture with its title and a sentence on how to read it. `draw(width)` makes its SVG, again when the width changes. */
function figure(title, note, draw) {
  const place = element("div", {});
  const made = element("figure", {}, element("figcaption", {}, element("strong", {}, title), note), place);
  let width = 0;
  new ResizeObserver(([entry]) => {
    const now = Math.floor(entry.contentRect.width);
    if (now < 1 || now === width) return;
    width = now;
    const picture = draw(width);
    picture.setAttribute("aria-label", title);
    place.replaceChildren(picture);
  }).observe(place);
  return made;
}

function picture(width, height, ...children) {
  return drawn("svg", {width, height, viewBox: `0 0 ${width} ${height}`, role: "img"}, ...children);
}

function axisBelow(scale, y, values, title, from, to) {
  const group = drawn("g", {}, line(from, y, to, y, "axis"));
  for (const value of values) {
    group.append(line(scale(value), y, scale(value), y + 4, "axis"), label(scale(value), y + 16, shown(value, values.digits)));
  }
  group.append(label((from + to) / 2, y + 33, title, "middle", "strong"));
  return group;
}

function axisLeft(scale, x, values, title, gridTo) {
  const group = drawn("g", {});
  for (const value of values) {
    group.append(line(x, scale(value), gridTo, scale(value), "gridline"), label(x - 6, scale(value) + 4, shown(value, values.digits), "end"));
  }
  group.append(label(x - 6, 11, title, "start", "strong"));
  return group;
}

// Marks. One that stands for something has `data-of` (which decision, prompt, ...) and, within its picture, `data-at`: the
// column and row by which arrow keys find it.

const tip = document.getElementById("tip");

function showTip(text, box) {
  tip.textContent = text;
  tip.hidden = false;
  const {width, height} = tip.getBoundingClientRect();
  const below = box.bottom + 8 + height < window.innerHeight;
  tip.style.left = `${Math.max(4, Math.min(box.left + box.width / 2 - width / 2, document.documentElement.clientWidth - width - 4))}px`;
  tip.style.top = `${below ? box.bottom + 8 : Math.max(4, box.top - 8 - height)}px`;
}

function hideTip(within) {
  tip.hidden = true;
  for (const mark of within.querySelectorAll(".lit")) mark.classList.remove("lit");
}

/** Shows `text(mark.dataset.of)` for the mark under the pointer or the keyboard's cursor, and lights up all marks of the same
 * thing. `within` holds pictures, also those that are drawn later. */
function explain(within, text) {
  const at = (mark) => {
    hideTip(within);
    for (const other of within.querySelectorAll(`[data-of="${mark.dataset.of}"]`)) other.classList.add("lit");
    showTip(text(mark.dataset.of), mark.getBoundingClientRect());
  };
  within.addEventListener("pointerover", (event) => {
    const mark = event.target.closest?.("[data-of]");
    if (mark) at(mark);
    else hideTip(within);
  });
  within.addEventListener("pointerleave", () => hideTip(within));
  within.addEventListener("focusout", () => hideTip(within));
  within.addEventListener("keydown", (event) => {
    const svg = event.target.closest?.("svg[tabindex]");
    const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key];
    if (event.key === "Escape") hideTip(within);
    if (!svg || !step) return;
    event.preventDefault();
    const mark = neighbour(svg, step);
    if (!mark) return;
    svg.dataset.cursor = mark.dataset.of;
    at(mark);
  });
}

/** The nearest mark in the direction of the key, from where the last one led; the first one if there was none. */
function neighbour(svg, [right, down]) {
  const marks = [...svg.querySelectorAll("[data-of]")];
  const from = marks.find((mark) => mark.dataset.of === svg.dataset.cursor);
  if (!from) return marks[0];
  const middle = (mark) => {
    const box = mark.getBoundingClientRect();
    return [box.left + box.width / 2, box.top + box.height / 2];
  };
  const [x, y] = middle(from);
  let best = from, shortest = Infinity;
  for (const mark of marks) {
    const [dx, dy] = [middle(mark)[0] - x, middle(mark)[1] - y];
    const ahead = dx * right + dy * down, aside = Math.abs(dx * down) + Math.abs(dy * right);
    if (ahead > 0.5 && ahead + 3 * aside < shortest) [best, shortest] = [mark, ahead + 3 * aside];
  }
  return best;
}
