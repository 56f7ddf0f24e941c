// <rank-guess> lets the reader put its list in order; the answer's table stands there without this script, too.
customElements.get("rank-guess") ?? customElements.define("rank-guess", class extends HTMLElement {
  connectedCallback() {
    // The children may not have been parsed yet, so the element itself listens.
    for (const kind of ["click", "keydown"]) this.addEventListener(kind, this);
  }

  handleEvent(event) {
    const button = event.target.closest("button");
    if (!button || event.type === "keydown" && !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    if (event.type === "keydown") event.preventDefault(); // the page would scroll
    const item = button.closest("li");
    const up = event.type === "keydown" ? event.key === "ArrowUp" : button.className === "up";
    const other = up ? item.previousElementSibling : item.nextElementSibling;
    if (!other) return;
    up ? item.after(other) : item.before(other); // the neighbour moves, so that the button keeps the focus
    this.compare(item);
  }

  compare(moved) {
    const items = [...this.querySelectorAll("li")];
    const rows = this.querySelectorAll("tbody tr");
    items.forEach((item, i) => {
      const right = i === Number(item.dataset.place);
      rows[item.dataset.place].querySelector(".guess").textContent = `${i + 1}${right ? " ✓" : ""}`;
    });
    const scores = items.map((item) => Number(item.dataset.score));
    const wrong = scores.reduce((sum, score, i) => sum + scores.slice(i).filter((later) => later > score).length, 0);
    for (const node of this.querySelectorAll(".swaps"))
      if (node.textContent !== String(wrong)) node.textContent = wrong;
    const place = ` ${items.indexOf(moved) + 1} / ${items.length}`;
    this.querySelector(".moved").replaceChildren(moved.querySelector(".name").cloneNode(true), place);
  }
});
