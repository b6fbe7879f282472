// Rows of a name, a text and bars. Where rows are buttons, a click sends the number of the row.

const percentage = (share) => `${100 * Math.min(1, Math.max(0, share))}%`;

function track(row, index, reference) {
  const bar = element("span", { class: "bar" });
  bar.style.width = percentage(row.shares[index]);
  const line = element("span", { class: "track" }, bar);
  if (row.interval && index === 0) {
    const whisker = element("span", { class: "whisker" });
    const [low, high] = row.interval;
    Object.assign(whisker.style, { left: percentage(low), width: percentage(high - low) });
    line.append(whisker);
  }
  if (reference !== null) {
    const mark = element("span", { class: "reference" });
    mark.style.left = percentage(reference);
    line.append(mark);
  }
  return line;
}

export default function ({ data, parentElement, setTriggerValue }) {
  let root = parentElement.querySelector(".bars");
  if (!root) {
    root = element("div", { class: "component bars", role: "group" });
    parentElement.append(root);
  }
  root.setAttribute("aria-label", data.label);
  const focused = parentElement.activeElement?.dataset?.row;
  const key = element("div", { class: "legend" }, ...data.legend.map((text) => element("span", { text })));
  const rows = data.rows.map((row, number) => {
    const kind = { class: row.marked ? "row marked" : "row", "data-row": number };
    const button = { type: "button", "aria-pressed": row.marked, onclick: () => setTriggerValue("chosen", number) };
    return element(data.buttons ? "button" : "div", data.buttons ? { ...kind, ...button } : kind,
      element("span", { class: "name", text: row.name }), element("span", { class: "share", text: row.text }),
      ...row.shares.map((_, index) => track(row, index, data.reference)));
  });
  root.replaceChildren(...(data.legend.length ? [key] : []), ...rows);
  if (focused !== undefined) root.querySelector(`button[data-row="${focused}"]`)?.focus({ preventScroll: true });
}
