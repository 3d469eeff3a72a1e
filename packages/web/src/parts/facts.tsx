/** Facts in one line that wraps only between them. @param others facts of something else, to highlight those that differ */
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

/** Names and values, one pair per row. */
export function FactList({ facts }: { readonly facts: readonly (readonly [name: string, value: string])[] }) {
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd dir="auto">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
