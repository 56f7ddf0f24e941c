// <domain-bridge> shows the two lists of the chosen department and number of baskets, and what the bridge gains.
// Lists and numbers are read from the tables, so these are complete without this script.
customElements.get("domain-bridge") ?? customElements.define("domain-bridge", class extends HTMLElement {
  connectedCallback() {
    // The children may not have been parsed yet, so the element itself listens.
    this.addEventListener("input", this);
  }

  handleEvent(event) {
    const selects = [...this.querySelectorAll("select")];
    if (selects.includes(event.target)) for (const select of selects) select.selectedIndex = event.target.selectedIndex;
    this.show();
  }

  show() {
    const slider = this.querySelector("input"), tables = [...this.querySelectorAll("details")];
    const details = tables[this.querySelector("select").selectedIndex];
    tables.forEach((table) => table.toggleAttribute("data-shown", table === details));
    const rows = details.querySelectorAll("tbody tr");
    slider.max = rows.length - 1; // a department has its own numbers of baskets; the value follows
    const row = rows[slider.valueAsNumber], known = row.cells[0].textContent;
    for (const kind of ["without", "with"])
      this.querySelector(`.panel .${kind}`).replaceChildren(row.querySelector(`td.${kind} ol`).cloneNode(true));
    this.querySelector(".track").style.cssText = row.style.cssText;
    slider.setAttribute("aria-valuetext", known);
    this.write("output", known);
    const gain = row.querySelector(".gain").textContent;
    const [low, high] = gain.replaceAll("−", "-").split("[")[1].split(",").map(parseFloat); // a minus is no hyphen
    const said = low > 0 ? ["在零之上", "above zero"] : high < 0 ? ["在零之下", "below zero"] : ["跨过零", "across zero"];
    for (const lang of ["zh", "en"]) this.write(`.status [lang=${lang}] .known`, known);
    this.write(".status .gain", gain);
    this.write(".status [lang=zh] .said", said[0]);
    this.write(".status [lang=en] .said", said[1]);
  }

  // Unchanged text stays untouched, so that screen readers announce only what is new.
  write(selector, text) {
    for (const node of this.querySelectorAll(selector))
      if (node.textContent !== text) node.textContent = text;
  }
});
