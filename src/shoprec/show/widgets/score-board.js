// <score-board> sorts its own table by the heading that is pressed, and shows the models that match the filter.
// The table is complete without this script.
customElements.get("score-board") ?? customElements.define("score-board", class extends HTMLElement {
  connectedCallback() {
    // The rows may not have been parsed yet.
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => this.equip());
    else this.equip();
  }

  equip() {
    if (this.rows) return; // it was moved
    this.rows = [...this.querySelector("tbody").rows];
    for (const heading of this.querySelectorAll("thead th")) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
    }
    for (const kind of ["click", "input", "submit"]) this.addEventListener(kind, this);
    this.filter();
  }

  handleEvent(event) {
    const heading = event.target.closest("thead th");
    if (event.type === "submit") event.preventDefault(); // Enter in the field would leave the page
    else if (event.type === "input") this.filter();
    else if (heading) this.sort(heading);
  }

  sort(heading) {
    const opposite = { ascending: "descending", descending: "ascending" };
    const order = opposite[heading.getAttribute("aria-sort")] ?? heading.dataset.first;
    this.querySelector("[aria-sort]").removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const compare = (a, b) => this.missing(a) - this.missing(b) || sign * this.compare(a, b);
    const cell = (row) => row.cells[heading.cellIndex];
    this.rows.sort((a, b) => compare(cell(a), cell(b)));
    this.querySelector("tbody").append(...this.rows);
  }

  missing(cell) {
    return cell.textContent === "–"; // comes last in either order
  }

  compare(a, b) {
    if (a.dataset.value) return a.dataset.value - b.dataset.value;
    const lang = this.closest("[lang]")?.lang;
    const words = (cell) => [...cell.querySelectorAll("[lang]")].find((part) => part.checkVisibility())?.textContent ?? "";
    return words(a).localeCompare(words(b), lang);
  }

  filter() {
    const family = this.querySelector("[name=family]:checked").value;
    const name = this.querySelector("[type=search]").value.trim().toLowerCase();
    for (const row of this.rows)
      row.hidden = (family && row.dataset.family !== family) || !row.cells[0].textContent.toLowerCase().includes(name);
    const shown = String(this.rows.filter((row) => !row.hidden).length);
    for (const node of this.querySelectorAll(".shown")) if (node.textContent !== shown) node.textContent = shown;
  }
});
