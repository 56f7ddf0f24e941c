// <privacy-budget> shows quality, the attack's score and a noisy gradient at the ε that the reader chooses.
// The element and its rows carry the numbers of all levels, so the tables are complete without this script.
customElements.get("privacy-budget") ?? customElements.define("privacy-budget", class extends HTMLElement {
  connectedCallback() {
    // The children may not have been parsed yet, so the element itself listens.
    this.addEventListener("input", this);
  }

  handleEvent(event) {
    const at = event.target.valueAsNumber, [level, ndcg, auc] = JSON.parse(this.dataset.levels)[at];
    for (const row of this.querySelectorAll(".now tbody tr")) {
      const [clean, noisy] = JSON.parse(row.dataset.levels)[at];
      this.draw(row.querySelector(".clean"), clean);
      this.draw(row.querySelector(".noisy"), noisy);
      row.querySelector(".value").textContent = (noisy < 0 ? "" : "+") + this.printed(noisy);
    }
    event.target.setAttribute("aria-valuetext", level);
    this.write("output", level);
    this.write(".ndcg", ndcg);
    this.write(".auc", auc);
  }

  // A bar from zero, cut off at the drawing's edge: 2 is at the edge.
  draw(bar, value) {
    const width = Math.min(Math.abs(value), 2) * 60;
    bar.setAttribute("x", 120 - (value < 0 ? width : 0));
    bar.setAttribute("width", width);
  }

  // As the rest of the book prints numbers: a minus, no hyphen, and none before a zero.
  printed(value) {
    return value.toFixed(2).replace(/^-(?=[0.]+$)/, "").replace("-", "−");
  }

  // Unchanged text stays untouched, so that screen readers announce only what is new.
  write(selector, text) {
    for (const node of this.querySelectorAll(selector)) if (node.textContent !== text) node.textContent = text;
  }
});
