/** Facts in a row that breaks between them only. @param others marks those that are not the same here, place by place */
export function FactLine({
  facts,
  others = facts,
}: {
  readonly facts: readonly string[];
  readonly others?: readonly string[];
}) {
  return facts.map((fact, index) => (
    <span key={fact}>
      <span className="fact">
        {fact === others[index] ? fact : <b>{fact}</b>}
        {index < facts.length - 1 && ' ·'}
      </span>{' '}
    </span>
  ));
}
