// <vector-pair> redraws its picture and table when the reader drags a tip or moves a slider.
// The four sliders hold all there is to know; dragging only sets them.
customElements.get("vector-pair") ?? customElements.define("vector-pair", class extends HTMLElement {
  connectedCallback() {
    // The children may not have been parsed yet, so the element itself listens.
    for (const type of ["input", "pointerdown", "pointermove", "pointerup", "pointercancel"])
      this.addEventListener(type, this);
  }

  handleEvent(event) {
    if (event.type === "input") return this.draw();
    if (event.type === "pointerdown") {
      const tip = event.target.closest(".tip");
      if (!tip || event.button) return;
      tip.setPointerCapture(event.pointerId);
      this.dragged = tip;
      event.preventDefault(); // no selecting of text on the way
    } else if (this.dragged && event.type === "pointermove") {
      const svg = this.dragged.ownerSVGElement;
      const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      const name = this.dragged.classList.contains("a") ? "a" : "b";
      this.slider(name, "angle").value = Math.atan2(-y, x) * 180 / Math.PI;
      this.slider(name, "length").value = Math.hypot(x, y); // a range rounds to its step and keeps to its ends
      this.draw();
    } else this.dragged = null;
  }

  slider(name, kind) {
    return this.querySelector(`input.${name}.${kind}`);
  }

  draw() {
    const [a, b] = ["a", "b"].map((name) => {
      const angle = this.slider(name, "angle").valueAsNumber, length = this.slider(name, "length").valueAsNumber;
      const unit = [Math.cos(angle * Math.PI / 180), -Math.sin(angle * Math.PI / 180)];
      const tip = unit.map((u) => length * u);
      this.set(`line.${name}`, { x2: tip[0], y2: tip[1] });
      this.set(`.tip.${name}`, { transform: `translate(${tip})` });
      this.write(`label.${name}:has(.angle) output`, this.printed(angle, 0) + "°");
      this.write(`label.${name}:has(.length) output`, length.toFixed(1));
      return { angle, length, unit, tip };
    });
    const degrees = Math.abs((a.angle - b.angle + 540) % 360 - 180), cosine = Math.cos(degrees * Math.PI / 180);
    this.write(".angle:not(input)", String(degrees));
    this.measures("", a.tip, b.tip, cosine, a.length * b.length);
    this.measures(".unit", a.unit, b.unit, cosine, 1);
  }

  measures(unit, [p, q], [r, s], cosine, lengths) {
    this.set(`${unit || ":not(.unit)"}.chord`, { x1: p, y1: q, x2: r, y2: s });
    const cell = (kind, value) => this.write(`td${unit || ":not(.unit)"}.${kind}`, this.printed(value, 3));
    cell("dot", lengths * cosine);
    cell("cosine", cosine);
    cell("distance", Math.hypot(p - r, q - s));
  }

  // As the rest of the book prints numbers: a minus, no hyphen, and none before a zero.
  printed(value, digits) {
    return value.toFixed(digits).replace(/^-(?=[0.]+$)/, "").replace("-", "−");
  }

  set(selector, attributes) {
    const node = this.querySelector(selector);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  }

  write(selector, text) {
    this.querySelector(selector).textContent = text;
  }
});
