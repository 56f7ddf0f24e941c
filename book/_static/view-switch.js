// The header switch keeps the reader's place, the section now at the top, and remembers the choice.
document.addEventListener("DOMContentLoaded", () => {
  const links = document.querySelectorAll(".view-switch a");
  const sectionAtTop = () => {
    const headings = document.querySelectorAll("article section[id] > :is(h1, h2, h3, h4), article section[id] > .parallel");
    const passed = [...headings].filter((heading) => heading.getBoundingClientRect().top < innerHeight / 3);
    const section = passed.at(-1)?.closest("section");
    return section && scrollY > 0 ? "#" + section.id : "";
  };
  for (const link of links) {
    const page = link.getAttribute("href");
    // Before the click, so that "open in a new tab" keeps the place too.
    for (const type of ["pointerdown", "focusin", "keydown"])
      link.addEventListener(type, () => link.setAttribute("href", page + location.search + sectionAtTop()));
    link.addEventListener("click", () => localStorage.setItem("book-view", link.dataset.view));
  }
});
