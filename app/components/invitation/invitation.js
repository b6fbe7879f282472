// An invitation. Where the browser keeps nothing (private windows), it comes at first visits alone.

const SHOWN = "shown";
const DISMISSED = "dismissed";

export default function ({ data, parentElement, setTriggerValue }) {
  const place = `fovea.${data.name}`;
  const remember = (what) => {
    try {
      localStorage.setItem(place, what);
    } catch {
      /* nothing is kept */
    }
  };
  const remembered = () => {
    try {
      return localStorage.getItem(place);
    } catch {
      return null;
    }
  };
  parentElement.querySelector(".invitation")?.remove();
  if (data.done) remember(DISMISSED);
  const before = remembered();
  if (data.done || before === DISMISSED || !(data.first || before === SHOWN)) return;
  remember(SHOWN);
  const { words } = data;
  const root = element("div", { class: "component invitation" });
  const accept = () => {
    root.remove();
    setTriggerValue("accepted", true);
  };
  const dismiss = () => {
    remember(DISMISSED);
    root.remove();
  };
  root.append(
    element("span", { text: words.text }),
    element("button", { type: "button", class: "accept", text: words.accept, onclick: accept }),
    element("button", { type: "button", class: "dismiss", text: words.dismiss, onclick: dismiss }),
  );
  parentElement.append(root);
}
