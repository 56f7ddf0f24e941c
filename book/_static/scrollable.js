// What scrolls can be reached, and scrolled, by keyboard. The theme's own way has the page laid out anew for every
// piece of code, which takes a phone seconds; a ResizeObserver is told the sizes when they are known.
document.addEventListener("DOMContentLoaded", () => {
  const sizes = new ResizeObserver((entries) => {
    const boxes = entries.map(({ target }) => target);
    const scroll = boxes.map((box) => box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight);
    boxes.forEach((box, i) => (scroll[i] ? (box.tabIndex = 0) : box.removeAttribute("tabindex")));
  });
  const boxes = "pre, .cell_output, .cell_output > .output, .table-scroll, .pst-scrollable-table-container, dl.py, div.math > .formula, .math.wide";
  for (const box of document.querySelectorAll(boxes)) sizes.observe(box);
});
