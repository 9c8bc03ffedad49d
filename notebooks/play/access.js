// What ipywidgets leave out: names for those who use the keyboard or a screen reader, and pictures to click.
//
// Wraps no widget: it stands beside them in one box and mends what it finds there, also after a redraw.
// Without `data-lm-suppress-shortcuts`, Notebook 7 takes the arrow keys of a slider or a menu and goes from cell to cell.
//
// A part of a picture with `data-pick` can be clicked: `data-cells` says how many rows and columns it has. With two
// names ("row column") they get the cell's row and column, with one name ("map") the cell's number, row by row.

function mend(box, words) {
  for (const slider of box.querySelectorAll(".widget-slider")) {
    const name = slider.querySelector(".widget-label")?.textContent ?? "";
    slider.querySelector(".noUi-handle")?.setAttribute("aria-label", name);
  }
  for (const control of box.querySelectorAll("select, input, button, .noUi-handle")) {
    control.setAttribute("data-lm-suppress-shortcuts", "true");
  }
  for (const button of box.querySelectorAll("button[title]:not([title=''])")) {
    button.setAttribute("aria-label", button.title);
  }
  for (const play of box.querySelectorAll(".widget-play")) {
    play.querySelectorAll("button").forEach((button, at) => button.setAttribute("aria-label", words[at] ?? ""));
  }
}

function cellAt(part, event) {
  const [rows, columns] = part.dataset.cells.split(" ").map(Number);
  const edge = part.getBoundingClientRect();
  const at = (from, place, size, count) =>
    Math.min(Math.max(Math.floor(((place - from) / size) * count), 0), count - 1);
  const row = at(edge.top, event.clientY, edge.height, rows);
  const column = at(edge.left, event.clientX, edge.width, columns);
  const names = part.dataset.pick.split(" ");
  return names.length > 1 ? { [names[0]]: row, [names[1]]: column } : { [names[0]]: row * columns + column };
}

function render({ model, el }) {
  el.style.display = "none";
  let watcher, box;
  const pick = (event) => {
    const part = event.target.closest?.("[data-pick]");
    // A message, and no value: the same cell may be clicked again after a slider has moved on.
    if (part) model.send(cellAt(part, event));
  };
  // The box is there when this has been put into it.
  const start = setTimeout(() => {
    box = el.closest(".widget-vbox") ?? document.body;
    const again = () => mend(box, model.get("words"));
    watcher = new MutationObserver(again);
    watcher.observe(box, { childList: true, subtree: true });
    box.addEventListener("click", pick);
    again();
  }, 0);
  return () => {
    clearTimeout(start);
    watcher?.disconnect();
    box?.removeEventListener("click", pick);
  };
}

export default { render };
