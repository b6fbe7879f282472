// Called by Streamlit when the overlay is mounted and again at each rerun.

const overlayIn = shownIn((parent) => new Overlay(parent));

export default async function ({ data, parentElement, setStateValue }) {
  const [overlay, close] = overlayIn(parentElement);
  overlay.send = setStateValue;
  await overlay.receive(data);
  return close;
}
