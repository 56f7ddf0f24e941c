// <list-mixer> chooses a list anew from the rows of its own table, and redraws the bars of its mix.
// Everything is read from the tables, so these are complete without this script.
customElements.get("list-mixer") ?? customElements.define("list-mixer", class extends HTMLElement {
  connectedCallback() {
    // The children may not have been parsed yet, so the element itself listens.
    this.addEventListener("input", this);
    this.addEventListener("click", this);
  }

  handleEvent(event) {
    const button = event.type === "click" && event.target.closest("button");
    if (event.type === "click" && !button) return;
    this.rows ??= [...this.querySelectorAll(".list tbody tr")].sort((a, b) => a.dataset.item - b.dataset.item);
    this.mix ??= [...this.querySelectorAll(".mix tbody tr")];
    if (button)
      for (const one of this.querySelectorAll("button")) one.setAttribute("aria-pressed", String(one === button));
    this.show(this.querySelector("input").valueAsNumber, this.querySelector("[aria-pressed=true]").dataset.rule);
  }

  show(w, rule) {
    const k = Number(this.dataset.k);
    const x = this.rows.map((row) => Number(row.dataset.relevance));
    const paths = this.rows.map((row) => row.dataset.path.split(" ").map(Number));
    const own = this.mix.map((row) => Number(row.dataset.share));
    const chosen = rule === "mmr" ? this.mmr(x, paths, w, k) : this.calibrate(x, paths, own, w, k);
    const rest = this.rows.map((_, i) => i).filter((i) => !chosen.includes(i));
    const order = [...chosen, ...rest].map((i) => this.rows[i]);
    order.forEach((row, i) => {
      row.hidden = i >= k;
      row.querySelector(".rank").textContent = i + 1;
    });
    this.querySelector(".list tbody").append(...order);

    const shown = own.map((_, g) => chosen.filter((i) => paths[i][0] === g).length / k);
    this.mix.forEach((row, g) => {
      row.querySelector(".shown").style.width = `${100 * shown[g]}%`;
      row.querySelector(".value").textContent = (100 * shown[g]).toFixed(0);
    });
    this.write("output", w.toFixed(2));
    this.write(".new", String(chosen.filter((i) => i >= k).length));
    this.write(".ild", this.diversity(chosen.map((i) => paths[i])).toFixed(2));
    this.write(".off", this.miscalibration(own, shown).toFixed(2));
    this.write(".hits", String(chosen.filter((i) => "bought" in this.rows[i].dataset).length));
  }

  // Take k times the first of the best; after each, the others may be worth something else.
  greedy(n, k, worth, took) {
    const chosen = [];
    for (let r = 0; r < k; r++) {
      let best = -1, most = -Infinity;
      for (let i = 0; i < n; i++) {
        if (chosen.includes(i)) continue;
        const value = worth(i);
        if (value > most) [best, most] = [i, value];
      }
      chosen.push(best);
      took(best);
    }
    return chosen;
  }

  mmr(x, paths, w, k) {
    const closest = x.map(() => 0);
    return this.greedy(x.length, k, (i) => (1 - w) * x[i] - w * closest[i], (pick) => {
      paths.forEach((path, i) => { closest[i] = Math.max(closest[i], this.alike(path, paths[pick])); });
    });
  }

  calibrate(x, paths, own, w, k) {
    const n = own.map(() => 0), alpha = Number(this.dataset.alpha);
    const log = (p, count) => Math.log(alpha * p + (1 - alpha) * count / k);
    const gain = (g) => own[g] > 0 ? w * own[g] * (log(own[g], n[g] + 1) - log(own[g], n[g])) : 0;
    return this.greedy(x.length, k, (i) => (1 - w) * x[i] / k + gain(paths[i][0]), (pick) => { n[paths[pick][0]]++; });
  }

  // Share of levels, from the top, on which two paths agree.
  alike(a, b) {
    const apart = a.findIndex((code, level) => code !== b[level]);
    return (apart < 0 ? a.length : apart) / a.length;
  }

  diversity(paths) {
    let sum = 0;
    paths.forEach((a, i) => paths.slice(0, i).forEach((b) => { sum += 1 - this.alike(a, b); }));
    return sum / (paths.length * (paths.length - 1) / 2);
  }

  miscalibration(own, shown) {
    const alpha = Number(this.dataset.alpha);
    return Math.max(0, own.reduce((sum, p, g) =>
      sum + (p > 0 ? p * Math.log(p / (alpha * p + (1 - alpha) * shown[g])) : 0), 0));
  }

  // Unchanged text stays untouched, so that screen readers announce only what is new.
  write(selector, text) {
    for (const node of this.querySelectorAll(selector))
      if (node.textContent !== text) node.textContent = text;
  }
});
