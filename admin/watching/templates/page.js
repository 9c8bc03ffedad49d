// Grading as it goes on: asks the server every two seconds, and shows what it says, as text.
"use strict";

const place = document.body.dataset.place, words = JSON.parse(document.body.dataset.words);
const EVERY = 2000; // milliseconds
const by = id => document.getElementById(id);
let newest = null, ran = null, waiting = false;

const clock = seconds => new Date(seconds * 1000).toLocaleTimeString([], {hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23"});
const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const number = value => String(Math.round(value * 100) / 100);

async function ask(path, options = {}) {
  // With each request, also to read: JupyterHub takes no cookie alone from a script.
  const headers = {"X-XSRFToken": document.body.dataset.xsrf, ...options.headers};
  const reply = await fetch(place + path, {credentials: "same-origin", redirect: "error", ...options, headers});
  let said = {};
  try { said = await reply.json(); } catch { /* no reply of ours: its status says enough */ }
  if (!reply.ok) throw new Error(said.message || words.lost);
  return said;
}

function say(text) {
  by("said").textContent = text;
}

function trouble(text) {
  if (by("trouble").textContent !== text) by("trouble").textContent = text;
  by("trouble").hidden = !text;
}

function row(...cells) {
  const line = document.createElement("tr");
  for (const [content, name, header] of cells) {
    const cell = document.createElement(header ? "th" : "td");
    if (header) cell.scope = "row";
    if (name) cell.className = name;
    cell.append(content);
    line.append(cell);
  }
  return line;
}

function fill(table, lines) {
  const body = by(table).querySelector("tbody"), text = lines.map(line => line.textContent).join("\n");
  if (body.dataset.text !== text) { // what has the focus keeps it while nothing changes
    body.replaceChildren(...lines);
    body.dataset.text = text;
  }
  by(table).hidden = !lines.length;
}

function link(student) {
  const made = document.createElement("a");
  made.href = `${place}/submission/${encodeURIComponent(student)}`;
  made.target = "_blank";
  made.textContent = student;
  return made;
}

function pointsOf(one) {
  return one.points === null ? "–" : `${number(one.points)} / ${number(one.out_of)}`;
}

function show(state) {
  trouble(state.watching ? state.trouble : "");
  by("watching").textContent = state.watching ? filled(words.watching, {since: new Date(state.since * 1000).toLocaleString()}) : words.not_watching;
  by("watching").classList.toggle("on", state.watching);
  by("report").hidden = state.report === null;
  by("no-report").hidden = state.report !== null;

  const now = state.watching ? [
    ...state.at_work.map(one => row([one.student, "", true], [clock(one.since), "time"], [words.at_work])),
    ...state.queue.map(one => row([one.student, "", true], [clock(one.since), "time"], [one.why || words.waits])),
  ] : [];
  fill("now", now);
  by("nobody").hidden = now.length > 0;
  fill("last", state.last.map(one => row(
    [clock(one.at), "time"], [link(one.student), "", true], [pointsOf(one), "number"], [number(one.seconds), "number"],
    [[one.said, one.feedback].filter(Boolean).join(" · "), one.said ? "bad" : ""],
  )));
  by("none-yet").hidden = state.last.length > 0;
  showClass(state.class);

  const first = state.last[0] ? `${state.last[0].student}: ${pointsOf(state.last[0])}, ${state.last[0].said || state.last[0].feedback}` : "";
  const stamp = first && `${state.last[0].at} ${first}`;
  if (newest !== null && stamp && stamp !== newest) say(first);
  newest = stamp;
}

function showClass(far) {
  const button = by("class"), bar = by("progress");
  button.setAttribute("aria-disabled", String(far.running || waiting));
  bar.hidden = !far.running;
  const counting = far.running && far.ended === null && far.begun;
  if (counting && far.of) { bar.max = far.of; bar.value = far.done; } else bar.removeAttribute("value");
  let text = words.class_idle;
  if (counting) text = filled(words.class_running, far);
  else if (far.running) text = filled(words.class_running, {done: 0, of: "…"});
  else if (far.said) text = filled(words.class_stopped, {said: far.said});
  else if (far.ended) {
    text = filled(words.class_ended, {...far, when: new Date(far.ended * 1000).toLocaleString()});
    if (far.failures) text += ` ${filled(words.class_failures, far)}`;
  } else if (far.begun) text = filled(words.class_interrupted, far);
  if (by("how-far").textContent !== text) by("how-far").textContent = text;
  if (ran && !far.running) say(text);
  ran = far.running;
}

async function look() {
  try {
    show(await ask("/state"));
  } catch (error) {
    trouble(error instanceof TypeError ? words.lost : error.message);
  }
}

async function go() {
  if (!document.hidden) await look();
  setTimeout(go, EVERY);
}

by("class").addEventListener("click", async () => {
  if (by("class").getAttribute("aria-disabled") === "true") return;
  waiting = true;
  by("class").setAttribute("aria-disabled", "true");
  try {
    await ask("/class", {method: "POST"});
    say(filled(words.class_running, {done: 0, of: "…"}));
  } catch (error) {
    trouble(error instanceof TypeError ? words.lost : error.message);
  }
  waiting = false;
  await look();
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
go();
