// <attention-explorer> shows what the chosen purchase attends to: by radio button (arrow keys) or by pointing at it.
// Each table carries all weights, in thousandths, head by head and row by row.
customElements.get("attention-explorer") ?? customElements.define("attention-explorer", class extends HTMLElement {
  connectedCallback() {
    // The children may not have been parsed yet, so the element itself listens.
    for (const kind of ["change", "pointermove"]) this.addEventListener(kind, this);
  }

  handleEvent(event) {
    const tables = [...this.querySelectorAll("table")];
    let row = event.target.closest("tbody tr");
    if (event.target.matches("select")) {
      tables.forEach((table, i) => table.classList.toggle("shown", i === event.target.selectedIndex));
      row = this.querySelector(".shown tbody tr:last-child");
    }
    if (event.type === "pointermove") {
      // The pointer may rest while the tables change beneath it; only where it moves does it choose.
      const place = `${event.clientX},${event.clientY}`, rests = place === this.place;
      this.place = place;
      if (rests || row && "query" in row.dataset) return;
    }
    if (!row) return;
    this.show(row.closest("table"), row);
  }

  show(table, query) {
    const rows = [...table.tBodies[0].rows], n = rows.length, i = rows.indexOf(query);
    const weights = table.dataset.weights.split(",").map(Number), heads = weights.length / n / n;
    const most = [];
    query.querySelector("input").checked = true;
    rows.forEach((row) => row.toggleAttribute("data-query", row === query));
    for (let h = 0; h < heads; h++) {
      const given = weights.slice((h * n + i) * n, (h * n + i + 1) * n);
      most.push(rows[given.indexOf(Math.max(...given))]);
      rows.forEach((row, j) => {
        const cell = row.querySelectorAll(".weight")[h];
        cell.textContent = given[j] ? (given[j] / 10).toFixed(1) : "·";
        cell.style.setProperty("--part", given[j] / 10 + "%");
      });
    }
    const head = (h, lang) => table.querySelectorAll(`.head > [lang=${lang}]`)[h].textContent;
    const name = (row, lang) => row.querySelector(`[lang=${lang}]`).textContent;
    for (const [lang, says, and, end] of [["zh", " 最看重：", "；", "。"], ["en", " attends most to:", ";", "."]]) {
      const bold = document.createElement("b");
      bold.textContent = name(query, lang);
      const list = most.map((row, h) => ` ${head(h, lang)} → ${name(row, lang)}`).join(and);
      this.querySelector(`.status > [lang=${lang}]`).replaceChildren(bold, says + list + end);
    }
  }
});
