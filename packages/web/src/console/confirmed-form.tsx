import { type FormEvent, type ReactNode, useState } from 'react';
import { randomId } from '../browser.ts';
import { Notice } from '../parts/notices.tsx';
import { Overlay } from '../parts/overlay.tsx';
import { messageOf } from '../session/requests.ts';

export interface ConfirmedFormProps<Terms> {
  readonly title: string;
  /** The fields. */
  readonly children: ReactNode;
  readonly read: (data: FormData) => Terms;
  /** What is going to happen, in one sentence with the amount and the account's name. */
  readonly describe: (terms: Terms) => ReactNode;
  /** The label of the button that does it. */
  readonly action: (terms: Terms) => string;
  /** @param idempotencyKey the same for each attempt at the same terms: if a reply is lost, they are performed once */
  readonly perform: (terms: Terms, idempotencyKey: string) => Promise<unknown>;
  /** @param isDone whether it was performed */
  readonly onClose: (isDone: boolean) => void;
}

/** For what moves money: a form, then a question that repeats what was entered, and only then the request. */
export function ConfirmedForm<Terms>(props: ConfirmedFormProps<Terms>) {
  const { title, children, read, describe, action, perform, onClose } = props;
  const [asked, setAsked] = useState<{ readonly terms: Terms; readonly key: string }>();
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setProblem(undefined);
    setAsked({ terms: read(new FormData(event.currentTarget)), key: randomId() });
  };
  const confirm = async () => {
    if (asked === undefined || isBusy) return;
    setBusy(true);
    try {
      await perform(asked.terms, asked.key);
      onClose(true);
    } catch (error) {
      setProblem(messageOf(error));
      setBusy(false);
    }
  };
  return (
    <Overlay label={title} className="card money" onClose={() => onClose(false)}>
      <h2 dir="auto">{title}</h2>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      {/* Hidden, not removed: Back returns to what was entered. */}
      <form className="stack" onSubmit={submit} hidden={asked !== undefined}>
        {children}
        <button type="submit" className="primary">
          Continue
        </button>
      </form>
      {asked && (
        <>
          <p dir="auto">{describe(asked.terms)}</p>
          <div className="row wrap">
            <button
              type="button"
              className="primary"
              disabled={isBusy}
              ref={(button) => button?.focus()}
              onClick={() => void confirm()}
            >
              {action(asked.terms)}
            </button>
            <button
              type="button"
              onClick={() => {
                setAsked(undefined);
                setProblem(undefined);
              }}
            >
              Back
            </button>
          </div>
        </>
      )}
    </Overlay>
  );
}
