// <account-merger> shows one list at a time: of the chosen household, with so many baskets joined, its own or a stranger's.
// All ranks are read from the tables of the households, so these are complete without this script.
customElements.get("account-merger") ?? customElements.define("account-merger", class extends HTMLElement {
  connectedCallback() {
    // The children may not have been parsed yet, so the element itself listens.
    this.addEventListener("input", this);
  }

  handleEvent() {
    const [select, slider, box] = this.querySelectorAll("select, input");
    const table = this.querySelectorAll(".ranks")[select.selectedIndex];
    const steps = Number(slider.max) + 1;
    const column = 2 + slider.valueAsNumber + (box.checked ? steps : 0); // after the name and the mark
    const place = (row, i) => Number(row.cells[i].textContent) || Infinity;
    const rows = [...table.tBodies[0].rows].filter((row) => place(row, column) < Infinity)
      .sort((a, b) => place(a, column) - place(b, column));

    const body = this.querySelector(".list tbody");
    body.replaceChildren(...rows.map((row, i) => {
      const shown = document.createElement("tr");
      const before = place(row, 2); // without a link
      const moved = before === Infinity ? "＋" : before > i + 1 ? "▲" : before < i + 1 ? "▼" : "";
      shown.toggleAttribute("data-bought", row.hasAttribute("data-bought"));
      shown.toggleAttribute("data-new", before === Infinity);
      shown.append(this.cell(String(i + 1)), row.cells[0].cloneNode(true), this.cell(moved), row.cells[1].cloneNode(true));
      return shown;
    }));

    const n = table.tHead.rows[1].cells[1 + slider.valueAsNumber].textContent; // the mark's heading spans two rows
    this.write("output", n);
    this.write(".n", n);
    this.write(".who", select.value);
    this.write(".hits", String(rows.filter((row) => row.hasAttribute("data-bought")).length));
  }

  cell(text) {
    const cell = document.createElement("td");
    cell.textContent = text;
    return cell;
  }

  // Unchanged text stays untouched, so that screen readers announce only what is new.
  write(selector, text) {
    for (const node of this.querySelectorAll(selector))
      if (node.textContent !== text) node.textContent = text;
  }
});
