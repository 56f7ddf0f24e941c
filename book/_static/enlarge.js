// A figure as large as the screen, and on a phone held upright turned: two panels side by side are small on it else.
document.addEventListener("DOMContentLoaded", () => {
  const dialog = document.createElement("dialog"), close = document.createElement("button");
  dialog.className = "enlarged";
  close.className = "btn";
  close.append("×");
  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  for (const button of document.querySelectorAll("button.enlarge")) {
    const figure = button.nextElementSibling;
    button.hidden = false;
    button.addEventListener("click", () => {
      dialog.ariaLabel = button.title;
      close.title = close.ariaLabel = button.dataset.close;
      dialog.replaceChildren(close, figure.cloneNode(true));
      document.body.append(dialog);
      dialog.showModal();
    });
  }
});
