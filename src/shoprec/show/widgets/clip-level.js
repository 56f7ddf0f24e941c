// <clip-level> shows bias and spread of its estimators at the clip level that the reader chooses.
// Each row carries the numbers of all levels, so the table is complete without this script.
customElements.get("clip-level") ?? customElements.define("clip-level", class extends HTMLElement {
  connectedCallback() {
    // The children may not have been parsed yet, so the element itself listens.
    this.addEventListener("input", this);
  }

  handleEvent(event) {
    const at = event.target.valueAsNumber, level = JSON.parse(this.dataset.levels)[at];
    const middle = 120, scale = middle / Number(this.dataset.reach);
    let best, least = Infinity;
    for (const row of this.querySelectorAll(".now tbody tr")) {
      const [bias, spread, coverage] = JSON.parse(row.dataset.levels)[at], rmse = Math.hypot(bias, spread);
      const write = (name, text) => { row.querySelector("." + name).textContent = text; };
      write("bias", (bias < 0 ? "" : "+") + this.printed(bias, 2));
      write("spread", spread.toFixed(2));
      write("rmse", rmse.toFixed(2));
      write("coverage", (100 * coverage).toFixed(0) + "%");
      const range = row.querySelector(".range"), half = 1.96 * spread;
      range.setAttribute("x", middle + scale * (bias - half));
      range.setAttribute("width", Math.max(2 * scale * half, 1));
      row.querySelector(".mean").setAttribute("x", middle + scale * bias - 1.5);
      if (rmse < least) [best, least] = [row, rmse];
    }
    event.target.setAttribute("aria-valuetext", level);
    this.write("output", level);
    for (const lang of ["zh", "en"])
      this.write(`.best[lang=${lang}]`, best.querySelector(`th [lang=${lang}]`).textContent);
  }

  // As the rest of the book prints numbers: a minus, no hyphen, and none before a zero.
  printed(value, digits) {
    return value.toFixed(digits).replace(/^-(?=[0.]+$)/, "").replace("-", "−");
  }

  // Unchanged text stays untouched, so that screen readers announce only what is new.
  write(selector, text) {
    const node = this.querySelector(selector);
    if (node.textContent !== text) node.textContent = text;
  }
});
