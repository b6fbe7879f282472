// The sheet of a run's pictures. Text enters as textContent only; nothing of the data ever becomes markup.

function line(name, text) {
  const element = document.createElement("span");
  element.className = name;
  element.textContent = text;
  return element;
}

function shot(item, data, send) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = item.wrong ? "shot wrong" : "shot";
  button.dataset.number = item.number;
  button.title = [item.above, `${item.below} ${item.share}`, item.note].filter(Boolean).join("\n");
  button.setAttribute("aria-pressed", String(item.number === data.opened));
  const frame = document.createElement("span");
  frame.className = "frame";
  if (item.source) {
    const picture = document.createElement("img");
    picture.src = item.source;
    picture.alt = "";
    frame.append(picture);
  } else {
    frame.append(line("gone", data.gone));
  }
  const below = line("below", "");
  below.append(line("name", item.below), " ", line("share", item.share));
  button.append(frame, line("above", item.above), below);
  if (item.note) button.append(line("note", item.note));
  button.addEventListener("click", () => send(item.number));
  return button;
}

export default function ({ data, parentElement, setTriggerValue }) {
  let sheet = parentElement.querySelector(".sheet");
  if (!sheet) {
    sheet = document.createElement("div");
    sheet.className = "sheet";
    sheet.setAttribute("role", "group");
    parentElement.append(sheet);
  }
  sheet.setAttribute("aria-label", data.label);
  const send = (number) => {
    // the ring moves at once; the rest follows
    for (const one of sheet.querySelectorAll(".shot")) {
      one.setAttribute("aria-pressed", String(Number(one.dataset.number) === number));
    }
    setTriggerValue("opened", number);
  };
  const focused = parentElement.activeElement?.dataset?.number;
  sheet.replaceChildren(...data.shots.map((item) => shot(item, data, send)));
  if (focused) {
    for (const one of sheet.querySelectorAll(".shot")) if (one.dataset.number === focused) one.focus({ preventScroll: true });
  }
}
