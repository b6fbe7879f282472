// Called by Streamlit when the rows are mounted and again at each rerun.

const tableIn = shownIn((parent) => new Table(parent));

export default async function ({ data, parentElement, setTriggerValue }) {
  const [table, close] = tableIn(parentElement);
  table.send = setTriggerValue;
  await table.receive(data);
  return close;
}
