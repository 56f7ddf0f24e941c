// <profile-switch> shows the list of the chosen group's household, with personalisation on or off, and what off costs.
// Lists and numbers are read from the table, so it is complete without this script.
customElements.get("profile-switch") ?? customElements.define("profile-switch", class extends HTMLElement {
  connectedCallback() {
    // The children may not have been parsed yet, so the element itself listens.
    this.addEventListener("input", this);
  }

  handleEvent(event) {
    const selects = [...this.querySelectorAll("select")];
    if (selects.includes(event.target)) for (const select of selects) select.selectedIndex = event.target.selectedIndex;
    const on = this.querySelector("input").checked, kind = on ? "on" : "off";
    const row = this.querySelectorAll("tbody tr")[selects[0].selectedIndex];
    const list = row.querySelector(`td.${kind} ol`).cloneNode(true);
    this.querySelector(".list").replaceChildren(list);
    const hits = [...list.children].filter((item) => item.textContent.startsWith("✓")).length;
    this.write(".status .hits", String(hits));
    this.write(".status .cost", row.querySelector("td.cost").textContent);
    for (const [lang, words] of Object.entries({ zh: ["个性化：开", "个性化：关"], en: ["Personalisation on", "Personalisation off"] }))
      this.write(`.status [lang=${lang}] .kind`, words[on ? 0 : 1]);
  }

  // Unchanged text stays untouched, so that screen readers announce only what is new.
  write(selector, text) {
    for (const node of this.querySelectorAll(selector))
      if (node.textContent !== text) node.textContent = text;
  }
});
