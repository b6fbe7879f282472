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

// A text with its {fields} filled in.
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

// Text that changes only when it must, so that a screen reader does not read it twice.
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// A group of buttons of which one is chosen: a click chooses, arrow keys, Home and End move. `options` are pairs
// (value, content of the button). Returns the group, with `buttons` by value and `mark(value)`.
function radioGroup(className, label, options, choose) {
  const buttons = new Map();
  const values = options.map(([value]) => value);
  for (const [value, ...content] of options) {
    const button = element("button", { type: "button", role: "radio", "data-value": value }, ...content);
    button.addEventListener("click", () => choose(value));
    buttons.set(value, button);
  }
  const group = element("div", { class: className, role: "radiogroup", "aria-label": label }, ...buttons.values());
  group.addEventListener("keydown", (event) => {
    const at = values.findIndex((value) => buttons.get(value) === event.target);
    const moves = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: -1 };
    if (!(event.key in moves) || at < 0) return;
    event.preventDefault();
    const value = values.at(moves[event.key] % values.length);
    choose(value);
    buttons.get(value).focus();
  });
  const mark = (value) => {
    const entry = buttons.has(value) ? value : values[0]; // where the Tab key enters the group
    for (const [each, button] of buttons) {
      button.setAttribute("aria-checked", each === value);
      button.tabIndex = each === entry ? 0 : -1;
    }
  };
  return { group, buttons, mark };
}

// What a component shows, made once for each parent. Streamlit calls a component again at each rerun, also while the
// call before is under way, and then at once calls what the overtaken one returns. So only the newest call closes it.
// Returns a function of the parent: what is shown there, and what the call must return.
function shownIn(make) {
  const known = new WeakMap();
  return (parent) => {
    const one = known.get(parent) ?? { shown: make(parent), calls: 0 };
    known.set(parent, one);
    const call = ++one.calls;
    const close = () => {
      if (call < one.calls) return;
      known.delete(parent);
      one.shown.close();
    };
    return [one.shown, close];
  };
}
