// <weight-path> turns the direction (w, 1 - w) in the plane of two scores and re-ranks its own table.
// Items and swaps are read from the tables, so these are complete without this script.
customElements.get("weight-path") ?? customElements.define("weight-path", class extends HTMLElement {
  connectedCallback() {
    // The children may not have been parsed yet, so the element itself listens.
    this.addEventListener("input", this);
    this.addEventListener("click", this);
  }

  handleEvent(event) {
    this.rows ??= [...this.querySelectorAll(".ranking tbody tr")].sort((a, b) => a.dataset.item - b.dataset.item);
    this.swaps ??= [...this.querySelectorAll(".swaps tbody tr")].map((row) => row.dataset);
    const slider = this.querySelector("input");
    this.w ??= slider.valueAsNumber;
    if (event.type === "input") this.show(slider.valueAsNumber);
    const button = event.type === "click" && event.target.closest("button");
    if (button) this.jump(button.className === "on" ? 1 : -1, slider);
  }

  // Cross the nearest swap and stop half-way to the one behind it, where the order is beyond doubt.
  jump(step, slider) {
    const at = [...new Set(this.swaps.map((swap) => Number(swap.w)))];
    const edges = [0, ...at, 1];
    const here = at.filter((w) => w <= this.w).length + step; // pieces of the path count from 0
    if (here < 0 || here > at.length) return;
    const w = (edges[here] + edges[here + 1]) / 2;
    slider.value = w;
    this.show(w, this.swaps.find((swap) => Number(swap.w) === at[step > 0 ? here - 1 : here]));
  }

  show(w, swap) {
    this.w = w;
    const { x, y, unit } = this.dataset;
    const s = this.rows.map((row) => w * Number(row.dataset.first) + (1 - w) * Number(row.dataset.second));
    const order = [...this.rows].sort((a, b) => s[b.dataset.item] - s[a.dataset.item]); // stable, as in Python
    order.forEach((row, i) => {
      row.querySelector(".rank").textContent = i + 1;
      row.querySelector(".score").textContent = this.printed(s[row.dataset.item], 2);
    });
    this.querySelector(".ranking tbody").append(...order);

    const turn = ` rotate(${-Math.atan2(1 - w, w) * 180 / Math.PI})`;
    const { first, second } = order[0].dataset;
    this.move(".direction", x, y, turn);
    this.move(".level", Number(x) + unit * first, y - unit * second, turn);
    this.move(".now", 26 + w * 328, 0, "");
    for (const mark of this.querySelectorAll("g"))
      mark.toggleAttribute("data-swap", swap !== undefined && [swap.rises, swap.falls].includes(mark.dataset.item));

    this.write("output", w.toFixed(3));
    this.write(".passed", String(this.swaps.filter((one) => one.w <= w).length));
    for (const last of this.querySelectorAll(".last")) last.hidden = !swap;
    if (swap) this.write(".at", Number(swap.w).toFixed(4));
    for (const lang of ["zh", "en"]) {
      const name = (row) => row.querySelector(`th [lang=${lang}]`).textContent;
      this.write(`.top[lang=${lang}]`, name(order[0]));
      if (!swap) continue;
      this.write(`.rises[lang=${lang}]`, name(this.rows[swap.rises]));
      this.write(`.falls[lang=${lang}]`, name(this.rows[swap.falls]));
    }
  }

  move(selector, x, y, turn) {
    this.querySelector(selector).setAttribute("transform", `translate(${x} ${y})${turn}`);
  }

  // As the rest of the book prints numbers: a minus, no hyphen, and none before a zero.
  printed(value, digits) {
    return value.toFixed(digits).replace(/^-(?=[0.]+$)/, "").replace("-", "−");
  }

  // Unchanged text stays untouched, so that screen readers announce only what is new.
  write(selector, text) {
    for (const node of this.querySelectorAll(selector))
      if (node.textContent !== text) node.textContent = text;
  }
});
