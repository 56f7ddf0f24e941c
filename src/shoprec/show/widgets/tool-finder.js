// <tool-finder> hides the tools that don't do the chosen task or don't meet a wish that is ticked.
// The table is complete without this script.
customElements.get("tool-finder") ?? customElements.define("tool-finder", class extends HTMLElement {
  connectedCallback() {
    // The children may not have been parsed yet, so the element itself listens.
    for (const type of ["change", "submit"]) this.addEventListener(type, this);
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => this.filter());
    else this.filter();
  }

  handleEvent(event) {
    if (event.type === "submit") event.preventDefault();
    else this.filter();
  }

  filter() {
    const task = this.querySelector("[name=task]:checked").value;
    const wishes = [...this.querySelectorAll("[type=checkbox]:checked")].map((box) => box.value);
    let fit = 0;
    for (const row of this.querySelectorAll("tbody tr")) {
      const met = row.dataset.wishes.split(" ");
      row.hidden = !((!task || row.dataset.tasks.split(" ").includes(task)) && wishes.every((wish) => met.includes(wish)));
      fit += !row.hidden;
    }
    // Unchanged text stays untouched, so that screen readers announce only what is new.
    for (const node of this.querySelectorAll(".count")) if (node.textContent !== String(fit)) node.textContent = fit;
  }
});
