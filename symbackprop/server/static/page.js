// The page: what is typed is asked for at once, one question at a time; the newest text is asked next, those between are not.
// `post(name, question)`, `examples()` and `labels()` come from ask.js: a server answers, or a worker of the browser.
"use strict";

const byId = (id) => document.getElementById(id);
const [text, marks, faults, wrt, report, checked, picture, graph] =
  ["text", "marks", "faults", "wrt", "report", "checked", "picture", "graph"].map(byId);
const SOON = 100; // milliseconds that the report has before the equations are shown without it
const FIRST = `# Two layers
x: data[d]
y: data[c]
W_1: parameter[h, d]
W_2: parameter[c, h]

a = sigmoid(W_1 @ x)
yhat = W_2 @ a
L = sum((yhat - y)**2)
`;

let chosen = []; // names to differentiate by; none: every parameter
let point = null; // numbers of the inputs, where they have been moved
let newest = null; // the question that was asked last, and the one whose report is shown
let reported = null;
let spoken = {}; // language -> what the page says in English -> in that language
let asking = {}; // question -> whether it is under way, and the one that waits

function element(tag, traits = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(traits)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// Ask; while an answer is awaited only the last question is kept. `take` is given what is answered, unless a newer question waits.
async function ask(name, question, take) {
  const turn = (asking[name] ??= { busy: false, next: null });
  turn.next = { question, take };
  if (turn.busy) return;
  turn.busy = true;
  while (turn.next) {
    const now = turn.next;
    turn.next = null;
    const found = await post(name, now.question);
    if (!turn.next) now.take(found, now.question);
  }
  turn.busy = false;
}

// What the page says itself, in the language that is chosen; {} are its parts.
function label(english, ...parts) {
  const said = spoken[byId("lang").value]?.[english] ?? english;
  return parts.reduce((made, part) => made.replace("{}", () => part), said);
}

// All that the page says from the beginning, as functions that say it again.
function texts() {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walk.nextNode()) {
    const [node, english] = [walk.currentNode, walk.currentNode.data];
    if (english.trim()) found.push(() => { node.data = english.replace(english.trim(), () => label(english.trim())); });
  }
  for (const one of document.querySelectorAll("[aria-label]")) {
    const english = one.getAttribute("aria-label");
    found.push(() => one.setAttribute("aria-label", label(english)));
  }
  return found;
}

function speak() {
  document.documentElement.lang = byId("lang").value;
  for (const say of saying) say();
}

function asked() {
  return { text: text.value, wrt: chosen, detail: byId("detail").value, lang: byId("lang").value };
}

function state(word) {
  document.body.dataset.state = word;
}

function derive() {
  state("working");
  for (const part of [report, checked, picture]) part.classList.add("old");
  newest = asked();
  const { detail, ...short } = newest;
  const [question, then] = [newest, performance.now() + SOON];
  ask("equations", short, (found) => known(found, question, then));
  ask("formulas", question, shown);
  byId("verdict").classList.add("old");
  keep();
}

// The address holds what the page shows.
function keep() {
  const kept = JSON.stringify({ ...asked(), edges: byId("edges").value, claims: byId("claims").value });
  history.replaceState(null, "", `#${encoded(kept)}`);
}

// What is known at once: faults are told, and the equations stand where the report is not there soon.
function known(found, question, then) {
  if (reported === question) return;
  told(found.faults);
  if (!found.ok) return state("error");
  names(found);
  setTimeout(() => {
    if (newest === question && reported !== question) fill(found.html, "equations");
  }, then - performance.now());
}

function fill(html, word) {
  report.innerHTML = html;
  report.classList.remove("old");
  document.title = `${report.querySelector("h1")?.textContent ?? "derivation"} – symbackprop`;
  state(word);
}

function shown(found, question) {
  reported = question;
  told(found.faults);
  byId("said-of").textContent = found.note ?? "";
  if (!found.ok) return state("error");
  fill(found.html, "formulas");
  names(found);
  const { detail, ...short } = question;
  ask("checked", short, (what) => {
    if (newest !== question) return; // what is asked since has its own state
    checked.classList.remove("old");
    checked.innerHTML = what.ok ? what.html : "";
    const tone = what.lacks ? "hint" : "bad";
    if (!what.ok) checked.append(element("p", { class: `symbackprop ${tone}`, role: "alert" }, what.faults[0].message));
    state(what.ok ? "checked" : what.lacks ? "formulas" : "error");
  });
  draw(question);
}

function draw({ text, wrt, detail }) {
  const width = Math.max(360, Math.min(byId("answer").clientWidth - 48, 860));
  const question = { text, wrt, edges: byId("edges").value, width, detail };
  if (point) question.at = point;
  const of = newest;
  ask("picture", question, (found) => {
    if (newest !== of) return;
    graph.hidden = Boolean(found.lacks);
    picture.classList.remove("old");
    if (!found.ok && point) {
      point = null; // it was of another network
      draw({ text, wrt, detail });
      return;
    }
    if (!found.ok) {
      picture.replaceChildren(element("p", { class: "hint" }, found.faults[0].message)); // too large, or there is no number
      return sliders({});
    }
    picture.innerHTML = found.svg;
    sliders(found.at);
  });
}

// A slider for each number of the inputs, where there are few; they stay while their names and numbers do.
function sliders(at) {
  const place = byId("sliders");
  const entries = Object.entries(at).flatMap(([name, value]) => places(value).map((path) => ({ name, path })));
  const key = JSON.stringify(entries);
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  place.replaceChildren(...entries.map(({ name, path }) => slider(at, name, path)));
}

function places(value, path = []) {
  return Array.isArray(value) ? value.flatMap((inner, k) => places(inner, [...path, k])) : [path];
}

function slider(at, name, path) {
  const value = path.reduce((inner, k) => inner[k], at[name]);
  const said = element("output", {}, value.toFixed(2));
  const whole = Number.isInteger(value);
  const range = element("input", {
    type: "range", min: whole ? Math.min(0, value) : -3, max: whole ? Math.max(3, value) : 3, step: whole ? 1 : 0.01, value,
    "aria-label": name + path.map((k) => `[${k}]`).join(""),
    oninput: () => {
      point ??= structuredClone(at);
      if (path.length === 0) point[name] = Number(range.value);
      else path.slice(0, -1).reduce((inner, k) => inner[k], point[name])[path.at(-1)] = Number(range.value);
      said.textContent = Number(range.value).toFixed(2);
      draw(asked());
    },
  });
  return element("label", {}, element("span", {}, name + path.map((k) => `[${k}]`).join("")), range, said);
}

// The names that the loss can be differentiated by.
function names(found) {
  const known = found.tensors.filter((one) => !["integers", "constant"].includes(one.kind) && one.name !== found.of);
  const key = JSON.stringify([known, found.wrt, label("data")]);
  if (wrt.dataset.key === key) return;
  wrt.dataset.key = key;
  const focused = document.activeElement?.dataset?.name;
  wrt.replaceChildren(
    ...known.map(({ name, kind, shape }) =>
      element("button", {
        type: "button", "data-name": name, "aria-pressed": found.wrt.includes(name),
        title: [label(kind), shape.join(" × ")].filter(Boolean).join(", "),
        onclick: () => {
          const now = new Set(found.wrt);
          now.has(name) ? now.delete(name) : now.add(name);
          chosen = known.map((one) => one.name).filter((one) => now.has(one));
          derive();
        },
      }, name)
    )
  );
  if (focused) wrt.querySelector(`[data-name="${CSS.escape(focused)}"]`)?.focus();
}

function told(list) {
  const lines = text.value.split("\n");
  const first = list[0];
  marks.replaceChildren();
  if (first?.line) {
    const characters = [...lines[first.line - 1] ?? ""];
    const from = first.column - 1;
    marks.append(
      lines.slice(0, first.line - 1).map((line) => line + "\n").join("") + characters.slice(0, from).join(""),
      element("mark", {}, characters.slice(from, from + first.length).join("") || " "),
      characters.slice(from + first.length).join("") + lines.slice(first.line).map((line) => "\n" + line).join("")
    );
    scrolled();
  }
  faults.replaceChildren(...list.map(said));
}

function said(one) {
  const where = one.line ? `${label("Line {}:", one.line)} ` : "";
  const line = element("div", {}, element("span", { class: "fault" }, where + one.fault), " ", one.mend ?? "");
  if (one.write) line.append(element("button", { type: "button", onclick: () => mend(one) }, label("Write {}", one.write)));
  else if (one.line) line.append(element("button", { type: "button", onclick: () => go(one) }, label("Go there")));
  return line;
}

function span({ line, column, length }) {
  const lines = text.value.split("\n");
  const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  const units = (count) => [...lines[line - 1]].slice(0, count).join("").length;
  return [before + units(column - 1), before + units(column - 1 + length)];
}

function mend(one) {
  const [from, to] = span(one);
  text.setRangeText(one.write, from, to, "end");
  text.focus();
  derive();
}

function go(one) {
  text.focus();
  text.setSelectionRange(...span(one));
}

function scrolled() {
  marks.scrollTop = text.scrollTop;
  marks.scrollLeft = text.scrollLeft;
}

function encoded(kept) {
  return btoa(Array.from(new TextEncoder().encode(kept), (one) => String.fromCharCode(one)).join("")).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function decoded(fragment) {
  try {
    const bytes = atob(fragment.replaceAll("-", "+").replaceAll("_", "/"));
    const kept = JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes, (one) => one.charCodeAt(0))));
    return typeof kept?.text === "string" ? kept : null;
  } catch {
    return null;
  }
}

function begin() {
  const kept = decoded(location.hash.slice(1));
  text.value = kept?.text ?? FIRST;
  chosen = Array.isArray(kept?.wrt) ? kept.wrt.filter((one) => typeof one === "string") : [];
  point = null;
  for (const id of ["detail", "lang", "edges"]) {
    const options = [...byId(id).options].map((one) => one.value);
    if (options.includes(kept?.[id])) byId(id).value = kept[id];
  }
  byId("claims").value = typeof kept?.claims === "string" ? kept.claims : "";
  speak();
  byId("examples").value = "";
  byId("verdict").replaceChildren();
  derive();
}

async function judge() {
  const place = byId("verdict");
  byId("judge").disabled = true;
  const of = newest;
  const found = await post("judged", { text: text.value, claims: byId("claims").value, lang: byId("lang").value });
  byId("judge").disabled = false;
  place.replaceChildren();
  place.classList.toggle("old", newest !== of);
  if (found.ok) place.innerHTML = found.html;
  else place.append(element("p", { class: "symbackprop bad", role: "alert" }, found.faults[0].message));
  place.scrollIntoView({ block: "start" });
}

async function save(button) {
  button.disabled = true;
  const found = await post("file", { text: text.value, wrt: chosen, detail: byId("detail").value, lang: byId("lang").value, format: button.dataset.format });
  button.disabled = false;
  byId("said").textContent = found.ok ? found.note : found.faults[0].message;
  if (!found.ok) return;
  const bytes = Uint8Array.from(atob(found.content), (one) => one.charCodeAt(0));
  const address = URL.createObjectURL(new Blob([bytes], { type: found.kind }));
  element("a", { href: address, download: found.name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

async function share() {
  try {
    await navigator.clipboard.writeText(location.href);
    byId("said").textContent = label("Copied.");
  } catch {
    byId("said").textContent = label("The address of this page is the link.");
  }
}

async function gallery() {
  const same = (one) => (other) => other.text === one.text;
  const found = (await examples()).filter((one, place, all) => all.findIndex(same(one)) === place); // some come with other files
  const list = byId("examples");
  list.append(...found.map((one) => element("option", { value: one.name }, one.title)));
  list.addEventListener("change", () => {
    const one = found.find((example) => example.name === list.value);
    if (!one) return;
    history.pushState(null, "", location.href); // the way back leads to what was typed
    text.value = one.text;
    [chosen, point] = [[], null];
    byId("verdict").replaceChildren();
    derive();
  });
}

text.addEventListener("input", () => {
  [point, marks.textContent, byId("examples").value] = [null, "", ""];
  derive();
});
text.addEventListener("scroll", scrolled);
new ResizeObserver(scrolled).observe(text);
let wide = byId("answer").clientWidth; // the picture is folded for the room that it has
new ResizeObserver(() => {
  if (Math.abs(byId("answer").clientWidth - wide) < 40 || graph.hidden) return;
  wide = byId("answer").clientWidth;
  draw(asked());
}).observe(byId("answer"));
byId("lang").addEventListener("change", speak);
for (const id of ["detail", "lang"]) byId(id).addEventListener("change", derive);
byId("edges").addEventListener("change", () => {
  keep();
  draw(asked());
});
byId("claims").addEventListener("input", keep);
byId("claims").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || byId("judge").disabled) return;
  event.preventDefault();
  judge();
});
byId("judge").addEventListener("click", judge);
byId("share").addEventListener("click", share);
for (const button of byId("files").children) button.addEventListener("click", () => save(button));
window.addEventListener("hashchange", begin);
window.addEventListener("able", derive); // what answers can do more than before
const saying = texts();
if (matchMedia("(max-width: 56rem)").matches) for (const part of document.querySelectorAll(".part")) part.open = false;
gallery();
begin();
labels().then((found) => {
  spoken = found;
  speak();
});
