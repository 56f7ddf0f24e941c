// Chapters are long, and what lies below the screen is laid out when the reader comes to it: all at once takes a phone
// seconds. A link within the page must find its place, though, so it has the whole page laid out first; a page that
// isn't opened at its top is laid out whole from the start (see layout.html).
const layOut = () => delete document.documentElement.dataset.lazyLayout;
document.addEventListener("click", ({ target }) => target.closest('a[href^="#"]') && layOut(), { capture: true });
addEventListener("hashchange", layOut); // an address that was typed, or the button that goes back
