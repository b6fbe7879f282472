"""The button that copies the link. Only the browser has all of it, because the overlay's settings stay there."""

from __future__ import annotations

import streamlit as st

from app.words import plain

_copying = st.components.v2.component(
    "fovea_link",
    css="""
button {
  display: inline-flex; align-items: center; gap: 8px; min-height: 2.5rem; padding: 0.25rem 0.75rem;
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius, 0.5rem);
  background: var(--st-background-color); color: var(--st-text-color); font: 400 0.875rem/1.6 var(--st-font);
  white-space: nowrap; cursor: pointer;
}
button:hover { border-color: var(--st-primary-color); }
button:focus-visible { outline: 3px solid var(--fovea-focus, #d9603b); outline-offset: 2px; }
svg { width: 18px; height: 18px; fill: none; stroke: currentColor; stroke-width: 1.6; stroke-linecap: round; }
input {
  display: block; width: 20rem; max-width: 100%; margin-top: 6px; padding: 4px 8px; border-radius: 6px;
  border: 1px solid var(--st-border-color); background: var(--st-background-color); color: var(--st-text-color);
}
input[hidden] { display: none; }
""",
    js="""
const LINK = "M6.6 9.4l2.8-2.8M7 4.6l1.2-1.2a3 3 0 0 1 4.3 4.3L11.2 9M9 11.4l-1.2 1.2a3 3 0 0 1-4.3-4.3L4.8 7";
const DONE = "M3 8.5l3.2 3.2L13 4.8";
const SHOWN = 2500; // milliseconds for which it says that it is done

function sign(path) {
  const [image, shape] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
  image.setAttribute("viewBox", "0 0 16 16");
  image.setAttribute("aria-hidden", "true");
  shape.setAttribute("d", path);
  image.append(shape);
  return image;
}

// Browsers give their clipboard to safe addresses only; elsewhere the old way may do.
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

export default function ({ data, parentElement }) {
  if (parentElement.querySelector("button")) return;
  const button = document.createElement("button");
  const [label, field] = [document.createElement("span"), document.createElement("input")];
  button.type = "button";
  button.title = data.help;
  label.setAttribute("aria-live", "polite");
  field.readOnly = true;
  field.hidden = true;
  field.setAttribute("aria-label", data.label);
  const show = (path, text) => {
    label.textContent = text;
    button.replaceChildren(sign(path), label);
  };
  show(LINK, data.label);
  let timer;
  button.addEventListener("click", async () => {
    document.dispatchEvent(new Event("fovea:address")); // what was changed a moment ago is in it
    const done = await copy(location.href);
    clearTimeout(timer);
    if (done) {
      show(DONE, data.done);
      timer = setTimeout(() => show(LINK, data.label), SHOWN);
    } else {
      field.value = location.href;
      field.hidden = false;
      field.select();
    }
  });
  parentElement.append(button, field);
}
""",
)


def show_link() -> None:
    """Draw the button; it confirms that the link was copied, and shows the link if copying is not possible."""
    words = {"label": plain("share.copy"), "done": plain("share.copied"), "help": plain("share.help")}
    _copying(data=words, key="link", width="content")
