// Building blocks of the page. Text is only ever set as text.

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

// Buttons of which one is chosen: a click chooses, arrow keys move. `mark(value)` says which.
function choiceOf(label, options, choose) {
  const buttons = options.map(([value, text]) =>
    element("button", { type: "button", role: "radio", "data-value": value, text, onclick: () => choose(value) }));
  const group = element("div", { class: "segments", role: "radiogroup", "aria-label": label }, ...buttons);
  group.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = buttons.at((buttons.indexOf(event.target) + step) % buttons.length);
    choose(next.dataset.value);
    next.focus();
  });
  const mark = (value) => buttons.forEach((button) => {
    button.setAttribute("aria-checked", button.dataset.value === value);
    button.tabIndex = button.dataset.value === value ? 0 : -1;
  });
  return { group, mark };
}
