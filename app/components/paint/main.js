// Called by Streamlit when the canvas is mounted and again at each rerun.

const canvasIn = shownIn((parent) => new Canvas(parent));

export default async function ({ data, parentElement, setTriggerValue }) {
  const [canvas, close] = canvasIn(parentElement);
  canvas.send = setTriggerValue;
  await canvas.receive(data);
  return close;
}
