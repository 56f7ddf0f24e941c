// <reason-sum> adds up, for each product, the parts of the purchases that are still ticked, and lists the largest sums.
// Names and numbers are read from the tables, so the output is complete without this script.
customElements.get("reason-sum") ?? customElements.define("reason-sum", class extends HTMLElement {
  connectedCallback() {
    // The children may not have been parsed yet, so the element itself listens.
    this.addEventListener("input", this);
  }

  handleEvent(event) {
    const selects = [...this.querySelectorAll("select")];
    if (selects.includes(event.target)) for (const select of selects) select.selectedIndex = event.target.selectedIndex;
    const at = selects[0].selectedIndex;
    const panes = [...this.querySelectorAll("fieldset")];
    panes.forEach((pane, i) => { pane.hidden = i !== at; });
    const kept = [...panes[at].querySelectorAll("input")].map((box) => box.checked);
    this.show(this.querySelectorAll("table")[at], kept);
  }

  // Thousandths are whole numbers, which add up without rounding.
  read(table) {
    return [...table.tBodies[0].rows].map((row) => ({
      name: row.cells[0],
      parts: [...row.cells].slice(1).map((cell) => Math.round(1000 * Number(cell.textContent))),
    }));
  }

  first(rows, kept) {
    const sum = ({ parts }) => parts.reduce((total, part, j) => total + (kept[j] ? part : 0), 0);
    return rows.map((row) => ({ ...row, sum: sum(row) })).filter((row) => row.sum > 0)
      .sort((a, b) => b.sum - a.sum).slice(0, Number(this.dataset.n));
  }

  show(table, kept) {
    const rows = this.read(table), heads = [...table.tHead.rows[0].cells].slice(1);
    const list = this.first(rows, kept), whole = this.first(rows, kept.map(() => true));
    this.querySelector(".list").replaceChildren(...list.map((row) => this.item(row, heads, kept)));
    const has = (some, row) => some.some((other) => other.name === row.name);
    const gone = whole.filter((row) => !has(list, row)), come = list.filter((row) => !has(whole, row));
    for (const [lang, words] of Object.entries({
      zh: ["现在是完整的购买记录。", "去掉 ", " 件：", "离开了 ", "；补上了 ", "、", "名单没有变", "没有"],
      en: ["This is the whole history.", "", " taken away: ", "gone ", "; come ", ", ", "the same products", "none"],
    })) {
      const names = (some) => some.map((row) => row.name.querySelector(`[lang=${lang}]`).textContent).join(words[5]) || words[7];
      const off = kept.filter((on) => !on).length;
      const change = gone.length + come.length ? words[3] + names(gone) + words[4] + names(come) : words[6];
      this.write(`.status [lang=${lang}]`, off ? words[1] + off + words[2] + change + (lang === "zh" ? "。" : ".") : words[0]);
    }
  }

  item({ name, sum, parts }, heads, kept) {
    const item = document.createElement("li"), total = document.createElement("b"), why = document.createElement("span");
    const copy = (cell) => [...cell.childNodes].map((node) => node.cloneNode(true));
    total.textContent = (sum / 1000).toFixed(3);
    why.className = "why";
    const terms = parts.map((part, j) => [part, j]).filter(([part, j]) => part > 0 && kept[j]).sort((a, b) => b[0] - a[0]);
    terms.forEach(([part, j], i) => why.append(i ? " + " : "= ", `${(part / 1000).toFixed(3)} `, ...copy(heads[j])));
    item.append(...copy(name), " ", total, " ", why);
    return item;
  }

  // Unchanged text stays untouched, so that screen readers announce only what is new.
  write(selector, text) {
    for (const node of this.querySelectorAll(selector))
      if (node.textContent !== text) node.textContent = text;
  }
});
