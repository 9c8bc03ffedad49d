// What ipywidgets leave out for those who use the keyboard or a screen reader.
//
// Wraps no widget: it stands beside them in one box and mends what it finds there, also after a redraw.
// Without `data-lm-suppress-shortcuts`, Notebook 7 takes the arrow keys of a slider or a menu and goes from cell to cell.

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

function render({ model, el }) {
  el.style.display = "none";
  let watcher;
  // The box is there when this has been put into it.
  const start = setTimeout(() => {
    const box = el.closest(".widget-vbox") ?? document.body;
    const again = () => mend(box, model.get("words"));
    watcher = new MutationObserver(again);
    watcher.observe(box, { childList: true, subtree: true });
    again();
  }, 0);
  return () => { clearTimeout(start); watcher?.disconnect(); };
}

export default { render };
