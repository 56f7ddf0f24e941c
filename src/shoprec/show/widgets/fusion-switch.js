// <fusion-switch> shows what the chosen setting gained in each month and in all, once the reader has guessed.
// All numbers are read from the table, so it is complete without this script.
customElements.get("fusion-switch") ?? customElements.define("fusion-switch", class extends HTMLElement {
  connectedCallback() {
    // The children may not have been parsed yet, so the element itself listens.
    for (const type of ["input", "click", "submit"]) this.addEventListener(type, this);
  }

  handleEvent(event) {
    if (event.type === "submit") return event.preventDefault(); // Enter on a switch
    const button = event.target.closest("button");
    if (event.type === "click" && !button) return;
    this.guesses ??= new Map(); // by row of the table
    const row = this.chosen();
    if (button && !this.guesses.has(row)) this.guesses.set(row, button.value);
    this.show(row);
  }

  // The row of what is switched on. From the top, each choice decides what the next ones may be.
  chosen() {
    let rows = [...this.querySelectorAll("tbody tr")];
    this.querySelectorAll("fieldset").forEach((set, place) => {
      const at = (row) => row.dataset.at.split(" ")[place];
      const inputs = [...set.querySelectorAll("input")], recorded = new Set(rows.map(at));
      for (const input of inputs) input.disabled = !recorded.has(input.value);
      const on = inputs.find((input) => input.checked && !input.disabled) ?? inputs.find((input) => input.value === at(rows[0]));
      on.checked = true;
      rows = rows.filter((row) => at(row) === on.value);
    });
    return rows[0];
  }

  show(row) {
    const guess = this.guesses.get(row), told = guess !== undefined;
    const cells = [...row.querySelectorAll("td")];
    this.toggleAttribute("data-told", told);
    this.querySelectorAll(".lanes li").forEach((lane, i) => {
      lane.dataset.side = told ? cells[i].dataset.side : 0;
      if (told) lane.querySelector(".track").style.cssText = cells[i].style.cssText;
      const [value, mark = ""] = told ? cells[i].textContent.match(/^\S+|[▲▼]$/g) : ["?"];
      lane.querySelector(".value").textContent = `${value} ${mark}`.trim();
    });
    for (const button of this.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.value === guess));
      button.setAttribute("aria-disabled", String(told)); // not disabled: it keeps the focus
      button.toggleAttribute("data-right", told && button.value === cells.at(-1).dataset.side);
    }
    for (const lang of ["zh", "en"]) this.say(lang, row, cells, guess);
  }

  say(lang, row, cells, guess) {
    const words = (node) => node.querySelector(`[lang=${lang}]`).textContent;
    const months = cells.slice(0, -1), pooled = cells.at(-1), gain = pooled.textContent.replace(/ [▲▼]$/, "");
    const count = (side) => months.filter((cell) => cell.dataset.side === side).length;
    const side = (value) => value ? words(this.querySelector(`button[value="${value}"]`)) : "";
    const name = [...row.querySelectorAll("th")].map(words).join(" · ");
    const seen = [...this.guesses].map(([line, said]) => [line.querySelector("td:last-child").dataset.side, said]);
    const right = seen.filter(([is, said]) => is === said).length, above = seen.filter(([is]) => is === "1").length;
    const all = this.querySelectorAll("tbody tr").length, is = pooled.dataset.side;
    const [none, verdict, alone, tally] = lang === "zh" ? [
      `${name}：还没有猜。`,
      `${name}：${gain}，区间${side(is)}。你猜“${side(guess)}”，${guess === is ? "猜中了" : "没有猜中"}。`,
      `单看每个月：${months.length} 个月里，${count("1")} 个月的区间在零之上，${count("-1")} 个月的在零之下。`,
      `${all} 种里看过 ${seen.length} 种，猜中 ${right} 种，在零之上的有 ${above} 种。`,
    ] : [
      `${name}: no guess yet.`,
      `${name}: ${gain}, ${side(is).toLowerCase()}. You guessed “${side(guess).toLowerCase()}”: ${guess === is ? "right" : "not so"}.`,
      `Each month alone: of ${months.length} intervals, ${count("1")} above zero, ${count("-1")} below.`,
      `Seen: ${seen.length} of ${all} settings; guessed right: ${right}; above zero: ${above}.`,
    ];
    const text = (guess === undefined ? [none, tally] : [verdict, alone, tally]).join("\n");
    for (const node of this.querySelectorAll(`.status > [lang=${lang}]`)) if (node.textContent !== text) node.textContent = text;
  }
});
