// The pad of "Draw your own digit": white strokes on black, by mouse, pen, finger or keyboard.
//
// The model's `pixels` holds the drawing, one byte a pixel, row by row; `side` is the pad's side in pixels,
// `pen` the width of a stroke, `step` how far an arrow key moves the pen, `words` every sentence shown.

const PAUSE = 100; // milliseconds between two sendings while a stroke is drawn
const MOST_UNDO = 50;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function element(name, parent, attributes = {}, text = "") {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  parent.append(made);
  return made;
}

function render({ model, el }) {
  const [side, width, step, words] = ["side", "pen", "step", "words"].map((name) => model.get(name));

  const root = element("div", el, { class: "course-pad" });
  const frame = element("div", root, { class: "course-pad-frame" });
  const canvas = element("canvas", frame, {
    width: side, height: side, tabindex: 0, role: "application", "aria-label": words.label,
    // Jupyter would take the arrow keys and go from cell to cell. It looks for this on the focused element
    // first: on an element around it, it would come too late.
    "data-lm-suppress-shortcuts": "true",
  });
  const ring = element("div", frame, { class: "course-pad-pen", "aria-hidden": "true" });
  const buttons = element("div", root);
  const undoButton = element("button", buttons, { type: "button", class: "jupyter-button" }, words.undo);
  const clearButton = element("button", buttons, { type: "button", class: "jupyter-button" }, words.clear);
  const status = element("div", root, { class: "course-pad-status", role: "status" });
  element("div", root, { class: "course-pad-help" }, words.help);

  const ink = canvas.getContext("2d", { willReadFrequently: true });
  Object.assign(ink, { lineCap: "round", lineJoin: "round", lineWidth: width, strokeStyle: "white" });

  const pen = { x: side / 2, y: side / 2, pointer: null, key: false };
  const earlier = []; // drawings before each change, for undo
  let timer = null;

  const drawing = () => ink.getImageData(0, 0, side, side);

  function paint(grey) {
    const picture = ink.createImageData(side, side);
    for (let at = 0; at < side * side; at++) {
      picture.data.fill(grey[at], 4 * at, 4 * at + 3);
      picture.data[4 * at + 3] = 255;
    }
    ink.putImageData(picture, 0, 0);
  }

  function remember() {
    earlier.push(drawing());
    if (earlier.length > MOST_UNDO) earlier.shift();
  }

  function send() {
    clearTimeout(timer);
    timer = null;
    const grey = drawing().data.filter((_, at) => at % 4 === 0);
    model.set("pixels", new DataView(grey.buffer));
    model.save_changes();
  }

  function sendSoon() {
    timer ??= setTimeout(send, PAUSE);
  }

  function showPen() {
    const down = pen.key || pen.pointer !== null;
    ring.style.left = `${(100 * pen.x) / side}%`;
    ring.style.top = `${(100 * pen.y) / side}%`;
    ring.classList.toggle("down", down);
    const place = (at) => Math.min(Math.floor(at / step), side / step - 1) + 1;
    status.textContent = (down ? words.down : words.up)
      .replace("{column}", place(pen.x)).replace("{row}", place(pen.y));
  }

  function moveTo(x, y, leaveInk) {
    if (leaveInk) {
      ink.beginPath();
      ink.moveTo(pen.x, pen.y);
      ink.lineTo(x, y);
      ink.stroke();
      sendSoon();
    }
    Object.assign(pen, { x, y });
    showPen();
  }

  function clear() {
    remember();
    pen.key = false;
    paint(new Uint8Array(side * side));
    showPen();
    send();
  }

  function undo() {
    pen.key = false;
    showPen();
    if (!earlier.length) return;
    ink.putImageData(earlier.pop(), 0, 0);
    send();
  }

  function place(event) {
    const edge = canvas.getBoundingClientRect();
    const inside = (share) => side * Math.min(Math.max(share, 0), 1);
    return [inside((event.clientX - edge.left) / edge.width), inside((event.clientY - edge.top) / edge.height)];
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || pen.pointer !== null) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    remember();
    Object.assign(pen, { pointer: event.pointerId, key: false });
    [pen.x, pen.y] = place(event);
    moveTo(pen.x, pen.y, true);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pen.pointer) return;
    // A fast hand gives several places between two frames; without them a curve has corners.
    const between = event.getCoalescedEvents?.() ?? [];
    for (const each of between.length ? between : [event]) moveTo(...place(each), true);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, (event) => {
      if (event.pointerId !== pen.pointer) return;
      pen.pointer = null;
      showPen();
      send();
    });
  }

  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [across, down] = ARROWS[event.key] ?? [0, 0];
    const key = event.key.toLowerCase();
    if (across || down) {
      const inside = (at) => Math.min(Math.max(at, step / 2), side - step / 2);
      moveTo(inside(pen.x + across * step), inside(pen.y + down * step), pen.key);
    } else if (key === " ") {
      pen.key = !pen.key;
      if (pen.key) remember();
      moveTo(pen.x, pen.y, pen.key);
      if (!pen.key) send();
    } else if (key === "c" || key === "delete" || key === "backspace") {
      clear();
    } else if (key === "u") {
      undo();
    } else {
      return; // Tab and all others keep their meaning
    }
    event.preventDefault();
    event.stopPropagation();
  });
  undoButton.addEventListener("click", undo);
  clearButton.addEventListener("click", clear);

  function follow() {
    if (timer !== null || pen.pointer !== null) return; // what is drawn here is newer
    const given = model.get("pixels");
    const grey = new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
    if (drawing().data.every((value, at) => at % 4 !== 0 || value === grey[at / 4])) return;
    remember();
    paint(grey);
  }

  const first = model.get("pixels");
  paint(new Uint8Array(first.buffer, first.byteOffset, first.byteLength));
  showPen();
  model.on("change:pixels", follow);
  return () => {
    clearTimeout(timer);
    model.off("change:pixels", follow);
  };
}

export default { render };
