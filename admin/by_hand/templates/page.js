// Grading by hand. An answer has `saved`, what the server has said last, and `wanted`, what is still to be written.
// Every write names the version it started from; where that is no longer the newest one, the server refuses it.
"use strict";

const place = document.body.dataset.place, most = Number(document.body.dataset.most);
const PAUSE = 700; // milliseconds after the last letter of a comment
const by = id => document.getElementById(id);
const answers = [...document.querySelectorAll("article")].map((element, index) => ({
  element, index, id: element.dataset.id, group: element.dataset.group,
  saved: null, wanted: {}, sent: {}, busy: false, failed: "", attempt: null,
}));
const items = [...document.querySelectorAll("#rubric input")];
const lines = items.map(item => item.dataset.line);
let current = null, timer = null;

// ---------------------------------------------------------------------------------------------- what is where

const shown = answer => ({...answer.saved, ...answer.sent, ...answer.wanted});
const number = value => String(Math.round(value * 100) / 100);

function parts(comment) {
  const all = comment.split("\n");
  const ticked = lines.filter(line => all.includes(line));
  return {ticked, free: all.filter(line => !lines.includes(line)).join("\n").trim()};
}

function joined(ticked, free) {
  return [lines.filter(line => ticked.includes(line)).join("\n"), free.trim()].filter(Boolean).join("\n\n");
}

function isOpen(answer) {
  const {points, waiting} = shown(answer);
  return "points" in {...answer.sent, ...answer.wanted} ? points === null : waiting;
}

function state(answer) {
  const {points, automatic, extra, waiting} = shown(answer);
  if (answer.attempt) return ["changed elsewhere", "bad"];
  if (answer.failed) return ["not saved", "bad"];
  if (answer.busy || Object.keys(answer.wanted).length) return ["saving …", "open"];
  const value = points ?? automatic;
  const bonus = extra ? ` + ${number(extra)}` : "";
  if (waiting) return [points === null ? "not graded" : `look again: ${number(points)}${bonus}`, "open"];
  return value === null ? ["not graded", "open"] : [`✓ ${number(value)}${bonus} of ${number(most)}`, "done"];
}

function identical(answer) {
  return "empty" in answer.element.dataset ? []
    : answers.filter(other => other !== answer && other.group === answer.group);
}

// ------------------------------------------------------------------------------------------------ the server

async function ask(path, options = {}) {
  // With each request, also to read: JupyterHub takes no cookie alone from a script.
  const headers = {"X-XSRFToken": document.body.dataset.xsrf, ...options.headers};
  const reply = await fetch(place + path, {credentials: "same-origin", redirect: "error", ...options, headers});
  let said = {};
  try { said = await reply.json(); } catch { /* no reply of ours: its status says enough */ }
  return {status: reply.status, said};
}

async function put(group, change) {
  const versions = Object.fromEntries(group.map(answer => [answer.id, answer.saved.version]));
  try {
    return await ask("/answers", {
      method: "PUT",
      headers: {"Content-Type": "application/json"},
      body: JSON.stringify({versions, ...change}),
    });
  } catch {
    return {status: 0, said: {message: "Not saved: the server does not answer"}};
  }
}

const replaced = answer => answer.saved.text !== answer.element.dataset.text;

function want(answer, change) {
  if (!answer.saved) return;
  if (answer.attempt || replaced(answer)) {
    tell("Nothing is saved here before you have chosen");
    by("trouble").querySelector("button:not([hidden])").focus();
    return;
  }
  Object.assign(answer.wanted, change);
  send(answer);
}

async function send(answer) {
  if (answer.busy || answer.attempt || !Object.keys(answer.wanted).length) return render(answer);
  Object.assign(answer, {busy: true, sent: answer.wanted, wanted: {}, failed: ""});
  render(answer);
  const {status, said} = await put([answer], answer.sent);
  if (status === 409 && answer === current) flush(); // what is being typed is part of what was wanted
  const tried = answer.sent;
  Object.assign(answer, {busy: false, sent: {}});
  if (status === 200) {
    answer.saved = said.answers[0];
    if (Object.keys(answer.wanted).length) return send(answer);
    tell(`Saved. Answer ${answer.index + 1}: ${state(answer)[0]}`);
  } else if (status === 409) {
    answer.attempt = {...tried, ...answer.wanted};
    Object.assign(answer, {saved: said.answers[0], wanted: {}, failed: said.message});
  } else {
    answer.wanted = {...tried, ...answer.wanted};
    answer.failed = said.message || refused(status);
  }
  render(answer);
  offer();
}

const refused = status => status === 401 || status === 403
  ? "Not saved: you are no longer signed in. Sign in in another tab, then load this page again"
  : `Not saved: the server has refused it (${status})`;

async function giveTheSame(answer) {
  if (answer.busy) return setTimeout(giveTheSame, 100, answer);
  const others = identical(answer).filter(other => !other.busy && !other.attempt);
  if (!others.length || !answer.saved || isOpen(answer) || answer.failed) return;
  const {points, automatic, comment} = answer.saved;
  others.forEach(other => Object.assign(other, {busy: true, wanted: {}, failed: ""}));
  [answer, ...others].forEach(render);
  const {status, said} = await put(others, {points: points ?? automatic, comment});
  const now = new Map((said.answers || []).map(each => [each.id, each]));
  for (const other of others) Object.assign(other, {busy: false, saved: now.get(other.id) || other.saved});
  if (status === 200) tell(`Saved for ${others.length} identical answers`);
  else answer.failed = status === 409
    ? `${said.message}. It was one of the identical answers, and none of them was written; see it below, and press again`
    : said.message || refused(status);
  [answer, ...others].forEach(render);
  offer();
}

async function load() {
  let reply;
  try { reply = await ask("/answers"); } catch { return; }
  if (reply.status !== 200) return;
  const now = new Map(reply.said.answers.map(each => [each.id, each]));
  let changed = 0;
  for (const answer of answers) {
    const newer = now.get(answer.id);
    if (!newer || answer.busy || answer.attempt || Object.keys(answer.wanted).length) continue;
    if (answer.saved && answer.saved.version !== newer.version) changed += 1;
    answer.saved = newer;
  }
  answers.forEach(render);
  offer();
  if (changed) tell(`Changed elsewhere meanwhile: ${changed}`);
}

// -------------------------------------------------------------------------------------------------- the page

function render(answer) {
  if (!answer.saved) return;
  const [words, kind] = state(answer), mark = answer.element.querySelector(".state");
  mark.textContent = words;
  mark.className = `state ${kind}`;
  const given = answer.element.querySelector(".given"), {comment} = shown(answer);
  const {ticked, free} = parts(comment);
  given.textContent = [...ticked.map(line => line.slice(2).replaceAll("`", "")), free].filter(Boolean).join("\n");
  given.hidden = !comment;
  if (answer === current) renderPanel();
  count();
}

function count() {
  const left = answers.filter(answer => answer.saved && isOpen(answer)).length;
  by("left").textContent = left ? `${left} of ${answers.length} left` : `All ${answers.length} graded`;
  by("progress").value = answers.length - left;
}

function renderPanel() {
  const {points, automatic, comment} = shown(current), {ticked, free} = parts(comment);
  const value = isOpen(current) && points === null ? null : points ?? automatic;
  by("which").textContent = `Answer ${current.index + 1} of ${answers.length}`;
  [by("saved").textContent, by("saved").className] = state(current);
  if (kept(current)) by("saved").textContent = "saved";
  for (const button of document.querySelectorAll(".points button")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.points) === value));
  }
  if (document.activeElement !== by("other")) by("other").value = value ?? "";
  items.forEach(item => { item.checked = ticked.includes(item.dataset.line); });
  if (document.activeElement !== by("comment") || current.attempt) by("comment").value = free;
  renderTrouble();
  renderSame();
}

const kept = answer => !answer.busy && !answer.failed && !answer.attempt && !Object.keys(answer.wanted).length
  && !isOpen(answer);

function renderTrouble() {
  const {failed, attempt, saved} = current, other = replaced(current);
  const again = !attempt && !other && Object.keys(current.wanted).length;
  const buttons = {mine: attempt && !other, theirs: attempt && !other, again, reload: other};
  for (const [id, is] of Object.entries(buttons)) by(id).hidden = !is;
  let said = failed && `${failed}.`;
  if (attempt && !other) {
    const yours = {...saved, ...attempt}, both = yours.comment !== saved.comment;
    said += `\nNow there: ${described(saved, both)}.\nYours: ${described(yours, both)}.`;
  } else if (other) {
    said = `${said} It has been graded anew, and what the student wrote is something else now.`.trim();
  }
  if (by("trouble").firstElementChild.textContent !== said) by("trouble").firstElementChild.textContent = said;
  by("trouble").hidden = !said;
}

function described({points, automatic, comment}, withComment) {
  const value = points ?? automatic, words = value === null ? "no points" : `${number(value)} points`;
  return withComment ? `${words}, ${comment ? `“${comment}”` : "no comment"}` : words;
}

function renderSame() {
  const others = identical(current), value = current.saved.points ?? current.saved.automatic;
  const different = others.filter(other => other.saved && !isOpen(other)
    && ((other.saved.points ?? other.saved.automatic) !== value || other.saved.comment !== current.saved.comment));
  by("same").hidden = !others.length;
  by("same").disabled = isOpen(current);
  const how = others.length === 1 ? "the other identical answer" : `the ${others.length} other identical answers`;
  const but = different.length ? ` (${different.length} graded otherwise)` : "";
  const key = document.createElement("kbd");
  key.textContent = "s";
  by("same").replaceChildren(`The same for ${how}${but} `, key);
}

function offer() {
  const counts = new Map();
  for (const answer of answers.filter(each => each.saved)) {
    const written = parts(shown(answer).comment).free.split("\n").map(line => line.trim()).filter(Boolean);
    for (const line of new Set(written)) counts.set(line, (counts.get(line) || 0) + 1);
  }
  const offers = [...counts].sort(([one, often], [other, seldom]) => seldom - often || one.localeCompare(other));
  const list = offers.map(([line, times]) => {
    const button = document.createElement("button"), text = document.createElement("span");
    const times_ = document.createElement("span"), item = document.createElement("li");
    button.type = "button";
    text.textContent = line;
    times_.textContent = `× ${times}`;
    times_.className = "count";
    button.append(text, times_);
    button.addEventListener("click", () => reuse(line));
    item.append(button);
    return item;
  });
  const had = by("before").contains(document.activeElement) && document.activeElement.tagName === "BUTTON";
  by("before").querySelector("ul").replaceChildren(...list);
  by("before").hidden = !list.length;
  if (had && list.length) list[0].firstElementChild.focus();
}

function tell(words) {
  by("said").textContent = words;
}

function select(answer, {focus = true} = {}) {
  if (!answer) return;
  flush();
  if (current !== answer) {
    if (current) {
      current.element.removeAttribute("aria-current");
      reachable(current, false);
    }
    current = answer;
    answer.element.setAttribute("aria-current", "true");
    reachable(answer, true);
    filter();
    by("panel").scrollTop = 0;
    if (answer.saved) renderPanel();
  }
  if (focus) answer.element.focus({preventScroll: true});
  const box = answer.element.getBoundingClientRect(), top = document.querySelector(".top").offsetHeight;
  if (box.top < top || box.bottom > innerHeight) answer.element.scrollIntoView({block: "start"});
}

// By Tab one comes from the answer at hand to its panel, not through all the others.
function reachable(answer, is) {
  answer.element.tabIndex = is ? 0 : -1;
  answer.element.querySelector("header a").tabIndex = is ? 0 : -1;
}

function filter() {
  const only = by("only").checked;
  for (const answer of answers) {
    answer.element.hidden = only && answer !== current && answer.saved !== null && !isOpen(answer);
  }
  by("none").hidden = !only || answers.some(answer => answer.saved === null || isOpen(answer));
}

function move(step, open = false) {
  const focus = !by("panel").contains(document.activeElement);
  const stops = answer => (open ? isOpen(answer) : !answer.element.hidden);
  for (let index = current.index + step; answers[index]; index += step) {
    if (stops(answers[index])) {
      select(answers[index], {focus});
      if (!focus) tell(`Answer ${index + 1}, ${state(answers[index])[0]}`);
      return;
    }
  }
  const before = open && answers.slice(0, current.index).some(isOpen);
  if (before) return select(answers.find(isOpen), {focus});
  tell(open ? "No other answer is left" : step > 0 ? "This is the last answer" : "This is the first answer");
}

// ------------------------------------------------------------------------------------------ what a person does

function points(value) {
  if (value > most) return tell(`There are ${number(most)} points at most`);
  want(current, {points: value});
}

function tick(item) {
  const {ticked, free} = parts(shown(current).comment), line = item.dataset.line;
  const now = ticked.includes(line) ? ticked.filter(each => each !== line) : [...ticked, line];
  const sum = items.filter(each => now.includes(each.dataset.line))
    .reduce((all, each) => all + Number(each.dataset.points), 0);
  want(current, {comment: joined(now, free), points: Math.min(Math.max(sum, 0), most)});
}

function write(free) {
  const before = shown(current).comment, comment = joined(parts(before).ticked, free);
  if (comment !== joined(parts(before).ticked, parts(before).free)) want(current, {comment});
}

function flush() {
  clearTimeout(timer);
  if (!timer) return;
  timer = null;
  write(by("comment").value);
}

function reuse(line) {
  const {ticked, free} = parts(shown(current).comment);
  if (!free.split("\n").includes(line)) want(current, {comment: joined(ticked, [free, line].filter(Boolean).join("\n"))});
  current.element.focus({preventScroll: true});
}

const acts = {
  f: () => points(most),
  o: () => by("other").select(),
  Delete: () => want(current, {points: null}), Backspace: () => want(current, {points: null}),
  n: () => move(1), j: () => move(1), ArrowRight: () => move(1),
  p: () => move(-1), k: () => move(-1), ArrowLeft: () => move(-1),
  u: () => move(1, true),
  c: () => by("comment").focus(),
  r: () => { by("before").open = true; by("before").querySelector("button")?.focus(); },
  s: () => giveTheSame(current),
  "?": () => by("keys").showModal(),
};

function key(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || by("keys").open || !current) return;
  const writes = event.target.matches("textarea, input:not([type=checkbox])");
  if (event.key === "Escape") return current.element.focus({preventScroll: true});
  if (writes || !by("keys-on").checked) return;
  if (by("before").contains(event.target) && event.key.startsWith("Arrow")) return along(event);
  const item = items.find(each => each.dataset.key === event.key);
  const act = /^[0-9]$/.test(event.key) ? () => points(Number(event.key)) : item ? () => tick(item) : acts[event.key];
  if (!act) return;
  event.preventDefault();
  if (!event.repeat || event.key.startsWith("Arrow") || "njpk".includes(event.key)) act();
}

function along(event) {
  const buttons = [...by("before").querySelectorAll("button")];
  const step = event.key === "ArrowDown" || event.key === "ArrowRight" ? 1 : -1;
  event.preventDefault();
  buttons[buttons.indexOf(document.activeElement) + step]?.focus();
}

async function showNames() {
  const marks = answers.map(answer => [answer, answer.element.querySelector(".name")]);
  if (by("names").checked && !marks.every(([, mark]) => mark.textContent)) {
    const {status, said} = await ask("/names").catch(() => ({status: 0, said: {}}));
    if (status !== 200) by("names").checked = false;
    else for (const [answer, mark] of marks) mark.textContent = said.names[answer.id] || "";
  }
  for (const [, mark] of marks) mark.hidden = !by("names").checked;
}

function listen() {
  const click = (id, act) => by(id).addEventListener("click", act);
  document.addEventListener("keydown", key);
  for (const answer of answers) {
    answer.element.addEventListener("focusin", () => select(answer, {focus: false}));
    answer.element.addEventListener("click", () => select(answer, {focus: false}));
  }
  for (const button of document.querySelectorAll(".points button")) {
    button.addEventListener("click", () => points(Number(button.dataset.points)));
  }
  items.forEach(item => item.addEventListener("change", () => tick(item)));
  by("other").addEventListener("change", () => {
    const {value, validity} = by("other");
    if (value && validity.valid) points(Number(value));
    else { tell(`Points are a number from 0 to ${number(most)}`); by("other").reportValidity(); }
  });
  by("other").addEventListener("keydown", event => {
    if (event.key === "Enter") current.element.focus({preventScroll: true});
  });
  by("comment").addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(flush, PAUSE);
  });
  by("comment").addEventListener("blur", flush);
  click("back", () => want(current, {points: null}));
  click("same", () => giveTheSame(current));
  click("previous", () => move(-1));
  click("next", () => move(1));
  click("open", () => move(1, true));
  click("help", () => by("keys").showModal());
  click("again", () => send(current));
  click("reload", () => location.reload());
  click("mine", () => {
    const attempt = current.attempt;
    Object.assign(current, {attempt: null, failed: ""});
    want(current, attempt);
  });
  click("theirs", () => {
    Object.assign(current, {attempt: null, failed: ""});
    render(current);
    current.element.focus({preventScroll: true});
  });
  by("only").addEventListener("change", () => {
    filter();
    if (by("only").checked && current && !isOpen(current)) move(1, true);
    filter();
  });
  by("names").addEventListener("change", showNames);
  addEventListener("focus", load);
  addEventListener("beforeunload", event => {
    flush();
    if (answers.some(answer => answer.busy || answer.attempt || Object.keys(answer.wanted).length)) event.preventDefault();
  });
}

answers.forEach(answer => reachable(answer, false));
listen();
load().then(() => select(answers.find(isOpen) || answers[0], {focus: answers.length > 0}));
