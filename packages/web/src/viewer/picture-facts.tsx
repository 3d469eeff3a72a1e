import { type ReactNode, useState } from 'react';

export interface PromptTextProps {
  readonly text: string;
  readonly children?: ReactNode;
}

/** More than this is folded. */
const SHORT = 160;

/** The start of a prompt, and the rest on request. @param children what can be done with it */
export function PromptText({ text, children }: PromptTextProps) {
  const [isOpen, setOpen] = useState(false);
  const isLong = text.length > SHORT;
  return (
    <div className="viewer-prompt">
      <h2 dir="auto" className={isLong && !isOpen ? 'folded' : undefined}>
        {text}
      </h2>
      <div className="row wrap small-buttons">
        {isLong && (
          <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? 'Show less' : 'Show full prompt'}
          </button>
        )}
        {children}
      </div>
    </div>
  );
}

export type Fact = readonly [name: string, value: string];

export interface FactsProps {
  readonly facts: readonly Fact[];
  /** By the name of a fact: takes it over into the form. */
  readonly uses?: ReadonlyMap<string, () => void>;
}

export function Facts({ facts, uses }: FactsProps) {
  return (
    <dl className="facts">
      {facts.map(([name, value]) => {
        const use = uses?.get(name);
        return (
          <div key={name}>
            <dt>
              {name}
              {use && (
                <button
                  type="button"
                  className="use"
                  aria-label={`Use ${name.toLowerCase()} ${value}`}
                  title={`Take over only the ${name.toLowerCase()}`}
                  onClick={use}
                >
                  Use
                </button>
              )}
            </dt>
            <dd dir="auto">{value}</dd>
          </div>
        );
      })}
    </dl>
  );
}
