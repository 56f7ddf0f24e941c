// <code-walk> lets the reader write a semantic id code by code: each button is a code that may come next, and the line
// says what is left. Everything is read from the table, so it is complete without this script.
customElements.get("code-walk") ?? customElements.define("code-walk", class extends HTMLElement {
  connectedCallback() {
    // The children may not have been parsed yet, so the element itself listens.
    this.addEventListener("click", this);
  }

  handleEvent(event) {
    const button = event.target.closest("button");
    if (!button) return;
    const path = this.dataset.path ?? "";
    if (button.matches(".back")) this.go(path.split(" ").slice(0, -1).join(" "));
    else if (button.matches(".best")) this.go(this.best(path));
    else this.go(button.dataset.path);
  }

  children_of(path) {
    const length = path ? path.split(" ").length + 1 : 1;
    return [...this.querySelectorAll("tbody tr")].filter(({ dataset: { path: own } }) =>
      own.split(" ").length === length && (!path || own.startsWith(`${path} `)));
  }

  // Rows stand in the order of their probability: the first child is the most probable one.
  best(path) {
    const [first] = this.children_of(path);
    return first ? this.best(first.dataset.path) : path;
  }

  go(path) {
    this.dataset.path = path;
    const row = [...this.querySelectorAll("tbody tr")].find((row) => row.dataset.path === path);
    const next = this.children_of(path);
    this.querySelector(".steps").replaceChildren(...next.map((child) => this.button(child)));
    for (const button of this.querySelectorAll(".back")) button.disabled = !path;
    for (const button of this.querySelectorAll(".best")) button.disabled = !next.length;
    const [n, probability] = row ? [row.dataset.n, row.querySelector(".p").textContent] : [this.dataset.n, "1"];
    this.write(".status .written", path ? path.replaceAll(" ", " · ") : "–");
    this.write(".status .n", n);
    this.write(".status .p", probability);
    const words = next.length ? { zh: "，多是：", en: ", mostly: " } : { zh: "。就是它：", en: ". That is: " };
    for (const [lang, word] of Object.entries(words))
      this.write(`.status [lang=${lang}] .tail`, row ? word + row.querySelector(`.name [lang=${lang}]`).textContent : "");
    (this.querySelector(".steps button") ?? this.querySelector(".back"))?.focus();
  }

  button(row) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.path = row.dataset.path;
    const code = document.createElement("b");
    code.textContent = row.dataset.path.split(" ").pop();
    const name = row.querySelector(".name").cloneNode(true), share = row.querySelector(".p").textContent;
    button.append(code, " ", ...name.childNodes, ` ${share}`);
    return button;
  }

  // Unchanged text stays untouched, so that screen readers announce only what is new.
  write(selector, text) {
    for (const node of this.querySelectorAll(selector))
      if (node.textContent !== text) node.textContent = text;
  }
});
