// Called by Streamlit when the overlay is mounted and again at each rerun.

const overlays = new WeakMap();

export default async function ({ data, parentElement, setStateValue }) {
  if (!overlays.has(parentElement)) overlays.set(parentElement, new Overlay(parentElement));
  const overlay = overlays.get(parentElement);
  overlay.send = setStateValue;
  const close = () => {
    overlay.close();
    overlays.delete(parentElement);
  };
  await overlay.receive(data);
  return close;
}
