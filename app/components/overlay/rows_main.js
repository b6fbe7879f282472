// Called by Streamlit when the rows are mounted and again at each rerun.

const tables = new WeakMap();

export default async function ({ data, parentElement, setTriggerValue }) {
  if (!tables.has(parentElement)) tables.set(parentElement, new Table(parentElement));
  const table = tables.get(parentElement);
  table.send = setTriggerValue;
  const close = () => {
    table.close();
    tables.delete(parentElement);
  };
  await table.receive(data);
  return close;
}
