// Called by Streamlit when the canvas is mounted and again at each rerun.

const canvases = new WeakMap();

export default async function ({ data, parentElement, setTriggerValue }) {
  if (!canvases.has(parentElement)) canvases.set(parentElement, new Canvas(parentElement));
  const canvas = canvases.get(parentElement);
  canvas.send = setTriggerValue;
  const close = () => {
    canvas.close();
    canvases.delete(parentElement);
  };
  await canvas.receive(data);
  return close;
}
