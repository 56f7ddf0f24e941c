// <softmax-temperature> weighs the rows of its own table anew when the reader moves a control.
// Rows carry the inner products at every dimension, so the table is complete without this script.
customElements.get("softmax-temperature") ?? customElements.define("softmax-temperature", class extends HTMLElement {
  connectedCallback() {
    // The children may not have been parsed yet, so the element itself listens.
    this.addEventListener("input", this);
  }

  handleEvent() {
    const control = (name) => this.querySelector("input." + name);
    const at = control("dimension").valueAsNumber, d = JSON.parse(this.dataset.dims)[at];
    const temperature = 10 ** control("temperature").valueAsNumber;
    const scale = temperature * (control("scaled").checked ? Math.sqrt(d) : 1);
    const rows = [...this.querySelectorAll("tbody tr")];
    const products = rows.map((row) => JSON.parse(row.dataset.products)[at]);
    const highest = Math.max(...products);
    const e = products.map((s) => Math.exp((s - highest) / scale));
    const sum = e.reduce((a, b) => a + b);
    const w = e.map((x) => x / sum);

    rows.forEach((row, i) => {
      row.querySelector(".product").textContent = this.printed(products[i], 2);
      row.querySelector(".weight").textContent = w[i].toFixed(3);
      row.querySelector(".bar i").style.width = 100 * w[i] + "%";
    });
    // The squared norm of diag(w) - w w^T: its diagonal holds w (1 - w), the rest -w_i w_j.
    const squares = w.reduce((a, x) => a + x * x, 0);
    const norm = Math.sqrt(w.reduce((a, x) => a + x * x * ((1 - x) ** 2 + squares - x * x), 0));
    this.write(".temperature-value", temperature.toFixed(2));
    this.write(".dimension-value", String(d));
    this.write(".entropy", Math.abs(w.reduce((a, x) => a - (x && x * Math.log(x)), 0)).toFixed(2));
    this.write(".largest", Math.max(...w).toFixed(3));
    this.write(".norm", norm.toFixed(3));
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
