// A table whose cells are links. A plain click is sent to Python, which keeps the session; others are the browser's.

function heading(scope, item) {
  const head = element("th", { scope }, element("span", { class: "title", text: item.title }));
  for (const name of ["about", "note"]) {
    if (item[name]) head.append(element("span", { class: name, text: item[name] }));
  }
  return head;
}

function field(item, data, open) {
  if (!item) return element("td", { class: "none" }, element("span", { text: data.blank }));
  const facts = { href: item.address, title: item.sentence, "aria-label": item.sentence, "data-slug": item.slug };
  const link = element("a", facts, element("b", { text: item.value }));
  for (const line of [item.spread, item.below]) if (line) link.append(element("small", { text: line }));
  link.addEventListener("click", (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(item.slug);
  });
  const cell = element("td", {}, link);
  if (item.lost !== null) cell.style.setProperty("--lost", `${Math.round(100 * Math.max(0, Math.min(1, item.lost)))}%`);
  return cell;
}

export default function ({ data, parentElement, setTriggerValue }) {
  let root = parentElement.querySelector(".matrix");
  if (!root) {
    root = element("div", { class: "component matrix", tabindex: 0, role: "region" });
    parentElement.append(root);
  }
  root.setAttribute("aria-label", data.label);
  const focused = parentElement.activeElement?.dataset?.slug;
  const open = (slug) => setTriggerValue("opened", slug);
  const head = element("tr", {}, element("td"), ...data.columns.map((one) => heading("col", one)));
  const rows = data.rows.map((one, row) =>
    element("tr", {}, heading("row", one), ...data.cells[row].map((item) => field(item, data, open))),
  );
  root.replaceChildren(element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows)));
  if (focused) {
    for (const one of root.querySelectorAll("a")) if (one.dataset.slug === focused) one.focus({ preventScroll: true });
  }
}
