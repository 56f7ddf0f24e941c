// <basket-scanner> shows the list after so many scans of the chosen household's basket, and what that list took.
// Scans and ranks are read from the tables of the households, so these are complete without this script.
customElements.get("basket-scanner") ?? customElements.define("basket-scanner", class extends HTMLElement {
  connectedCallback() {
    // The children may not have been parsed yet, so the element itself listens.
    this.addEventListener("input", this);
    this.addEventListener("click", this);
    this.n = 0;
  }

  handleEvent(event) {
    const button = event.type === "click" && event.target.closest("button");
    if (event.type === "click" && !button) return;
    const selects = [...this.querySelectorAll("select")];
    if (event.type === "input") {
      for (const select of selects) select.selectedIndex = event.target.selectedIndex; // one in each language
      this.n = 0;
    } else {
      this.n = { scan: this.n + 1, back: this.n - 1, again: 0 }[button.className];
    }
    this.show(selects[0]);
    if (button?.disabled) this.querySelector("button:enabled").focus(); // a disabled one would lose the keyboard
  }

  show(select) {
    const details = this.querySelectorAll("details")[select.selectedIndex];
    const scans = [...details.querySelectorAll(".scans li")];
    this.n = Math.max(0, Math.min(this.n, scans.length));
    this.receipt(scans);
    this.times(scans);
    const rows = this.rows(details.querySelector(".ranks"));
    this.querySelector(".list tbody").replaceChildren(...rows);

    this.querySelector(".scan").disabled = this.n === scans.length;
    for (const name of ["back", "again"]) this.querySelector(`.${name}`).disabled = this.n === 0;
    this.write(".n", String(this.n));
    this.write(".who", select.value);
    this.write(".hits", String(rows.filter((row) => row.hasAttribute("data-bought")).length));
  }

  receipt(scans) {
    this.querySelector(".receipt").replaceChildren(...scans.slice(0, this.n).map((scan) => {
      const line = document.createElement("li");
      line.append(...[...scan.children].filter((child) => child.matches("span")).map((child) => child.cloneNode(true)));
      return line;
    }));
  }

  times(scans) {
    const longest = Math.max(...scans.flatMap((scan) => [scan.dataset.cached_ms, scan.dataset.full_ms].map(Number)));
    for (const row of this.querySelectorAll(".time")) {
      const value = this.n ? scans[this.n - 1].dataset[row.dataset.way] : "";
      row.querySelector("i").style.width = `${100 * Number(value) / longest}%`;
      row.querySelector("output").textContent = value || "–";
    }
  }

  // The rows of the list: those of the table that have a rank after so many scans, in their order.
  rows(table) {
    const place = (row, n) => (n < 0 ? NaN : parseInt(row.cells[1 + n].textContent, 10) || Infinity);
    return [...table.tBodies[0].rows].filter((row) => place(row, this.n) < Infinity)
      .sort((a, b) => place(a, this.n) - place(b, this.n))
      .map((row, i) => {
        const before = place(row, this.n - 1); // after one scan less
        const moved = before === Infinity ? "＋" : before > i + 1 ? "▲" : before < i + 1 ? "▼" : "";
        const bought = row.cells[1 + this.n].hasAttribute("data-bought");
        const shown = document.createElement("tr");
        shown.toggleAttribute("data-bought", bought);
        shown.toggleAttribute("data-new", before === Infinity);
        shown.append(this.cell(String(i + 1)), row.cells[0].cloneNode(true), this.cell(moved), this.cell(bought ? "✓" : ""));
        return shown;
      });
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
