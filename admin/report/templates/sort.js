"use strict";
// A button in each head of a table sorts its rows: by data-sort where a cell has it, else by what it says.
for (const head of document.querySelectorAll("table.sorts thead th")) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => {
    const table = head.closest("table"), body = table.tBodies[0];
    const place = [...head.parentNode.children].indexOf(head);
    const up = head.getAttribute("aria-sort") !== "ascending";
    const value = row => row.children[place].dataset.sort ?? row.children[place].textContent.trim();
    const order = (a, b) => value(a).localeCompare(value(b), "en", {numeric: true});
    const byNumber = (a, b) => (parseFloat(value(a)) || 0) - (parseFloat(value(b)) || 0);
    const numeric = head.classList.contains("number");
    const rows = [...body.rows].sort(numeric ? byNumber : order);
    for (const other of table.querySelectorAll("thead th")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    body.append(...(up ? rows : rows.reverse()));
  });
}
