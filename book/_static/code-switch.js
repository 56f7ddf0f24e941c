// One switch for the code of all cells; the choice is remembered. A script in the page's head has set data-code, and
// the style sheet shows that choice at once, until the boxes themselves are as chosen.
document.addEventListener("DOMContentLoaded", () => {
  const { dataset } = document.documentElement, button = document.querySelector(".code-switch");
  const apply = () => {
    if (dataset.code) {
      for (const box of document.querySelectorAll("details.code")) box.open = dataset.code === "open";
      dataset.codeApplied = "";
    }
    const next = dataset.code === "folded" ? "open" : "folded";
    if (button) button.title = button.ariaLabel = button.dataset[next];
  };
  button?.addEventListener("click", () => {
    dataset.code = dataset.code === "folded" ? "open" : "folded";
    localStorage.setItem("book-code", dataset.code);
    apply();
  });
  apply();
});
