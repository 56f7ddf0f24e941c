// <past-sales> moves a marker on each model's track to where its lists have the chosen product, once sold so many times.
// All numbers are read from the tables, so these are complete without this script.
customElements.get("past-sales") ?? customElements.define("past-sales", class extends HTMLElement {
  connectedCallback() {
    // The children may not have been parsed yet, so the element itself listens.
    for (const type of ["input", "click"]) this.addEventListener(type, this);
  }

  handleEvent(event) {
    this.selects ??= [...this.querySelectorAll("select")];
    this.slider ??= this.querySelector("input");
    const check = event.type === "click" && event.target.closest(".check");
    if (event.type === "click" && !check) return;
    if (check) {
      this.guess = this.slider.valueAsNumber;
      this.toggleAttribute("data-checked", true);
      this.slider.focus(); // the button is gone
    }
    if (this.selects.includes(event.target))
      for (const select of this.selects) select.selectedIndex = event.target.selectedIndex;
    this.show(this.selects[0].selectedIndex, this.slider.valueAsNumber);
  }

  show(product, step) {
    const tables = this.querySelectorAll("details"), details = tables[product];
    tables.forEach((table) => table.toggleAttribute("data-shown", table === details));
    const [head, ...rows] = details.querySelectorAll("tr");
    const sales = [...head.cells].slice(1).map((cell) => cell.textContent);
    const told = rows.map((row) => [...row.cells].slice(1).map((cell) => cell.textContent.match(/\d+/g)));
    const lanes = [...this.querySelectorAll(".lanes li")];
    lanes.forEach((lane, i) => {
      const [place, listed] = told[i][step];
      lane.querySelector(".dot").style.left = `${place}%`;
      lane.querySelector(".value").textContent = `${place}%`;
      lane.querySelector(".listed").textContent = `${listed} / ${details.dataset.buyers}`;
      lane.querySelectorAll(".was").forEach((mark) => mark.remove());
      if (this.guess === undefined) return; // where the marker has been would give the answer away
      for (const [was] of told[i].slice(0, step)) {
        const mark = document.createElement("i");
        mark.className = "was";
        mark.style.left = `${was}%`;
        lane.querySelector(".track").prepend(mark);
      }
    });
    this.slider.setAttribute("aria-valuetext", sales[step]);
    this.write("output, .sold", sales[step]);
    this.write(".buyers", details.dataset.buyers);
    for (const part of ["early", "late"]) {
      const [place, listed] = told[Number(this.dataset[part])][step];
      this.write(`.${part}-place`, `${place}%`);
      this.write(`.${part}-listed`, listed);
    }
    if (this.guess === undefined) return;
    const from = Number(details.dataset.from);
    this.write(".guess", sales[this.guess]);
    this.write(".from", sales[from] ?? "");
    this.toggleAttribute("data-never", from >= sales.length);
  }

  // Unchanged text stays untouched, so that screen readers announce only what is new.
  write(selector, text) {
    for (const node of this.querySelectorAll(selector))
      if (node.textContent !== text) node.textContent = text;
  }
});
