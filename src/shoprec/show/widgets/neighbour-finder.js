// <neighbour-finder> shows the one product that the reader chooses; the style sheet hides those that aren't open.
// There is a choice per language, and all of them follow. Without this script, summaries open the products.
customElements.get("neighbour-finder") ?? customElements.define("neighbour-finder", class extends HTMLElement {
  connectedCallback() {
    // The children may not have been parsed yet, so the element itself listens.
    this.addEventListener("change", this);
  }

  handleEvent(event) {
    const chosen = event.target.selectedIndex;
    const products = this.querySelectorAll("details");
    products.forEach((product, i) => { product.open = i === chosen; });
    for (const select of this.querySelectorAll("select")) select.selectedIndex = chosen;
    for (const lang of ["zh", "en"])
      this.write(`.name[lang=${lang}]`, products[chosen].querySelector(`summary [lang=${lang}]`).textContent);
    this.write(".count", products[chosen].dataset.shared);
  }

  write(selector, text) {
    for (const node of this.querySelectorAll(`.status ${selector}`)) node.textContent = text;
  }
});
