// An invitation. Where the browser keeps nothing (private windows), it comes again.

export default function ({ data, parentElement, setTriggerValue }) {
  const place = `fovea.${data.name}`;
  const remember = () => {
    try {
      localStorage.setItem(place, "dismissed");
    } catch {
      /* nothing is kept */
    }
  };
  const dismissed = () => {
    try {
      return localStorage.getItem(place) !== null;
    } catch {
      return false;
    }
  };
  parentElement.querySelector(".invitation")?.remove();
  if (dismissed()) return;
  const { words } = data;
  const root = element("div", { class: "component invitation" });
  const accept = () => {
    remember();
    root.remove();
    setTriggerValue("accepted", true);
  };
  const dismiss = () => {
    remember();
    root.remove();
  };
  root.append(
    element("span", { text: words.text }),
    element("button", { type: "button", class: "accept", text: words.accept, onclick: accept }),
    element("button", { type: "button", class: "dismiss", text: words.dismiss, onclick: dismiss }),
  );
  parentElement.append(root);
}
