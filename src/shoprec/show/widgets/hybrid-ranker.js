// <hybrid-ranker> re-ranks the rows of its own table when the reader moves the slider.
// Rows carry the two scores, so the table is complete without this script.
customElements.get("hybrid-ranker") ?? customElements.define("hybrid-ranker", class extends HTMLElement {
  connectedCallback() {
    // The children may not have been parsed yet, so the element itself listens.
    this.addEventListener("input", this);
  }

  handleEvent(event) {
    const body = this.querySelector("tbody");
    this.start ??= [...body.rows]; // the order at the default weight; it also breaks ties
    const w = event.target.valueAsNumber;
    const score = new Map(this.start.map((row) =>
      [row, w * Number(row.dataset.first) + (1 - w) * Number(row.dataset.second)]));
    const order = [...this.start].sort((a, b) => score.get(b) - score.get(a));

    order.forEach((row, i) => {
      const up = this.start.indexOf(row) - i;
      row.hidden = i >= this.dataset.top;
      row.querySelector(".rank").textContent = i + 1;
      row.querySelector(".hybrid").textContent = score.get(row).toFixed(3);
      row.querySelector(".move").textContent = up > 0 ? "▲" + up : up < 0 ? "▼" + -up : "–";
    });
    body.append(...order);

    const hits = order.slice(0, this.dataset.k).filter((row) => "bought" in row.dataset).length;
    this.write("output", w.toFixed(2));
    this.write(".hits", String(hits));
    for (const lang of ["zh", "en"])
      this.write(`.top[lang=${lang}]`, order[0].querySelector(`th [lang=${lang}]`).textContent);
  }

  // Unchanged text stays untouched, so that screen readers announce only what is new.
  write(selector, text) {
    for (const node of this.querySelectorAll(selector))
      if (node.textContent !== text) node.textContent = text;
  }
});
