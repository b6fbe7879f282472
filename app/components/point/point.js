// A picture that takes one point. Arrow keys move it by a twentieth, Enter or Space sends it.

const STEP = 0.05;
const ARROWS = { ArrowUp: [0, -STEP], ArrowDown: [0, STEP], ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0] };
const inside = (value) => Math.min(1, Math.max(0, value));

export default function ({ data, parentElement, setTriggerValue }) {
  let root = parentElement.querySelector(".point");
  if (!root) {
    root = element("div", { class: "component point" });
    parentElement.append(root);
  }
  const { source, words } = data;
  let at = data.at;
  const mark = element("span", { class: "mark" });
  const readout = element("output", { "aria-live": "polite" });
  const stage = element("button", { type: "button", class: "stage", "aria-label": words.label },
    element("img", { src: source, alt: "", draggable: "false" }), mark);
  const show = () => {
    mark.hidden = !at;
    if (at) Object.assign(mark.style, { left: `${100 * at.x}%`, top: `${100 * at.y}%` });
    const place = at && { across: Math.round(100 * at.x), down: Math.round(100 * at.y) };
    write(readout, at ? fill(words.marked, place) : words.hint);
  };
  const send = () => setTriggerValue("marked", at);
  stage.addEventListener("click", (event) => {
    if (event.detail === 0) return; // Enter and Space are handled below
    const box = stage.getBoundingClientRect();
    at = { x: inside((event.clientX - box.left) / box.width), y: inside((event.clientY - box.top) / box.height) };
    show();
    send();
  });
  stage.addEventListener("keydown", (event) => {
    if (event.key in ARROWS) {
      const [x, y] = ARROWS[event.key];
      at = at ? { x: inside(at.x + x), y: inside(at.y + y) } : { x: 0.5, y: 0.5 };
      show();
    } else if ((event.key === "Enter" || event.key === " ") && at) send();
    else return;
    event.preventDefault();
  });
  const focused = parentElement.activeElement?.classList?.contains("stage");
  root.replaceChildren(stage, readout);
  show();
  if (focused) stage.focus({ preventScroll: true });
}
