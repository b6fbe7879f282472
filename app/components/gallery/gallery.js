// The strip of pictures. Text enters as textContent only; nothing from a user becomes markup.

function tile(item, data, send) {
  const cell = document.createElement("div");
  cell.className = "cell";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "tile";
  button.title = item.title;
  button.dataset.slug = item.slug;
  button.setAttribute("aria-label", item.title);
  button.setAttribute("aria-pressed", String(item.slug === data.selected));
  const picture = document.createElement("img");
  picture.src = item.source;
  picture.alt = "";
  button.append(picture);
  button.addEventListener("click", () => send(item.slug, "choose"));
  cell.append(button);
  if (item.removable) {
    const cross = document.createElement("button");
    cross.type = "button";
    cross.className = "cross";
    cross.textContent = "×";
    cross.setAttribute("aria-label", `${data.remove}: ${item.title}`);
    cross.addEventListener("click", () => send(item.slug, "remove"));
    cell.append(cross);
  }
  return cell;
}

// Streamlit's uploader takes no paste: pasted pictures are handed to its own input and go the way of dropped ones.
function paste(event) {
  const files = [...(event.clipboardData?.files ?? [])].filter((file) => file.type.startsWith("image/"));
  const input = document.querySelector('[data-testid="stFileUploader"] input[type="file"]');
  if (!files.length || !input) return;
  event.preventDefault();
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(file);
  input.files = transfer.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function listen() {
  document.removeEventListener("paste", document.foveaPaste);
  document.foveaPaste = paste;
  document.addEventListener("paste", paste);
}

const DRAWER = 768; // pixels of width up to which Streamlit lays its side bar over the page

// On a phone the drawer lies over the maps of the picture that was just chosen in it.
function closeDrawer(within) {
  const drawer = within.getRootNode().host?.closest('[data-testid="stSidebar"]');
  if (drawer && innerWidth <= DRAWER) document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
}

export default function ({ data, parentElement, setTriggerValue }) {
  let strip = parentElement.querySelector(".strip");
  if (!strip) {
    strip = document.createElement("div");
    strip.className = "strip";
    strip.setAttribute("role", "group");
    parentElement.append(strip);
  }
  listen();
  strip.setAttribute("aria-label", data.label);
  const send = (slug, action) => {
    if (action === "choose") {
      // the ring moves at once; the analysis follows
      for (const one of strip.querySelectorAll(".tile")) {
        one.setAttribute("aria-pressed", String(one.dataset.slug === slug));
      }
    }
    setTriggerValue("chosen", { slug, action });
    if (action === "choose") closeDrawer(strip);
  };
  const brought = data.selected.startsWith("upload/") && strip.dataset.selected && strip.dataset.selected !== data.selected;
  strip.dataset.selected = data.selected;
  if (brought) closeDrawer(strip);
  const focused = parentElement.activeElement?.dataset?.slug;
  strip.replaceChildren(...data.tiles.map((item) => tile(item, data, send)));
  if (focused) {
    for (const one of strip.querySelectorAll(".tile")) if (one.dataset.slug === focused) one.focus({ preventScroll: true });
  }
}
