// <product-search> looks up what is typed among the words that were prepared, and shows what each way found for one.
// It is a combobox with a listbox: arrows move, Enter chooses, Escape closes. Nothing is sent anywhere.
customElements.get("product-search") ?? customElements.define("product-search", class extends HTMLElement {
  connectedCallback() {
    // The children may not have been parsed yet, so the element itself listens.
    for (const type of ["input", "compositionend", "keydown", "pointerdown", "click", "focusin", "focusout"])
      this.addEventListener(type, this);
  }

  handleEvent(event) {
    this.data ?? this.prepare();
    const option = event.target.closest("[role=option]");
    if (event.type === "focusout") return this.close();
    if (event.type === "pointerdown") return option && event.preventDefault(); // the box keeps the focus
    if (event.type === "click" && option) return this.choose(Number(option.dataset.at));
    if (event.target !== this.box || event.isComposing) return; // letters on their way to a Chinese word
    if (event.type === "keydown") this.key(event);
    else if (event.type !== "focusin") this.open();
  }

  prepare() {
    const { zh, en, found } = JSON.parse(this.querySelector("script[type='application/json']").textContent);
    this.data = { zh, en, found };
    this.count = found.encoder.zh.length;
    [this.box, this.list] = this.querySelectorAll("input, [role=listbox]");
    this.stem = "product-search-" + Math.random().toString(36).slice(2);
    this.list.id = this.stem;
    const label = this.querySelector("label");
    label.id = this.stem + "-label";
    this.list.setAttribute("aria-labelledby", label.id);
    this.box.setAttribute("aria-controls", this.list.id);
    this.options = [];
  }

  key(event) {
    const shown = !this.list.hidden, last = this.options.length - 1;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      if (!shown) this.open();
      const from = this.at ?? (step > 0 ? -1 : this.options.length);
      if (this.options.length) this.move((from + step + this.options.length) % this.options.length);
    } else if (event.key === "Enter" && shown && last >= 0) this.choose(this.at ?? 0);
    else if (event.key === "Escape") shown ? this.close() : (this.box.value = "");
    else return;
    event.preventDefault();
  }

  // Words of the language that is typed, the better match first; of nothing, the first words of the page's language.
  candidates(typed) {
    const text = typed.trim().toLowerCase();
    const english = text ? !/\p{Script=Han}/u.test(text) : this.parentElement.closest("[lang]")?.lang.startsWith("en");
    const lang = english ? "en" : "zh";
    const rank = (word) => {
      const at = word.toLowerCase().indexOf(text);
      return at < 0 ? 9 : word.length === text.length ? 0 : at === 0 ? 1 : /\W/.test(word[at - 1]) ? 2 : 3;
    };
    return this.data[lang].slice(0, this.count).map((word, i) => ({ i, lang, rank: rank(word) }))
      .filter((word) => word.rank < 9).sort((a, b) => a.rank - b.rank || a.i - b.i).slice(0, 7);
  }

  open() {
    this.options = this.candidates(this.box.value);
    this.list.replaceChildren(...this.options.map(({ i, lang }, at) => {
      const option = document.createElement("li");
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.id = `${this.stem}-${at}`;
      option.dataset.at = at;
      option.append(...this.word(i, lang));
      return option;
    }));
    this.list.hidden = !this.options.length;
    this.box.setAttribute("aria-expanded", String(!this.list.hidden));
    this.move(undefined);
    this.none(!this.options.length);
  }

  close() {
    this.list.hidden = true;
    this.box.setAttribute("aria-expanded", "false");
    this.move(undefined);
  }

  move(at) {
    this.at = at;
    [...this.list.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === at)));
    if (at === undefined) this.box.removeAttribute("aria-activedescendant");
    else this.box.setAttribute("aria-activedescendant", this.list.children[at].id);
  }

  none(is) {
    this.querySelector(".none").hidden = !is;
    this.querySelector(".said").hidden = is;
  }

  choose(at) {
    const { i, lang } = this.options[at];
    this.box.value = this.data[lang][i];
    this.close();
    this.none(false);
    this.querySelector(".word").replaceChildren(...this.word(i, lang));
    for (const side of ["encoder", "letters"]) {
      const found = this.data.found[side][lang][i], part = this.querySelector(`.sides .${side}`), rows = [];
      for (let n = 0; n < found.length; n += 2) rows.push(this.row(found[n], found[n + 1], i));
      part.querySelector("tbody").replaceChildren(...rows);
      part.querySelector(".nothing").hidden = rows.length > 0;
      for (const count of this.querySelectorAll(`.status .${side}`)) count.textContent = rows.length;
    }
  }

  row(i, hundredths, sought) {
    const row = document.createElement("tr"), name = document.createElement("th");
    const [mark, score] = ["mark", "score"].map((kind) => {
      const cell = document.createElement("td");
      cell.className = kind;
      return cell;
    });
    mark.textContent = i === sought ? "●" : "";
    name.scope = "row";
    name.append(...this.word(i, "en"));
    score.textContent = (hundredths / 100).toFixed(2);
    score.style.setProperty("--s", hundredths + "%");
    row.append(mark, name, score);
    return row;
  }

  // A word in its language, and for who reads the other what it means, as Python writes it.
  word(i, lang) {
    return [["b", lang], ["small", lang === "zh" ? "en" : "zh"]].map(([tag, of]) => {
      const part = document.createElement(tag);
      part.lang = of;
      part.textContent = this.data[of][i];
      return part;
    });
  }
});
