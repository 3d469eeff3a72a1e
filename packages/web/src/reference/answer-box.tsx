import { useEffect } from 'react';
import { bytes, duration } from '../format/amounts.ts';

/** A reply, ready to be shown. */
export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  /** An address of the picture, where the reply is one. */
  readonly picture?: string;
  readonly text?: string;
  readonly size: number;
  readonly seconds: number;
}

export async function readAnswer(reply: Response, milliseconds: number): Promise<Answer> {
  const body = await reply.blob();
  const headers = [...reply.headers].filter(([name]) => name.startsWith('x-') || name === 'content-type');
  const about = { status: reply.status, headers, size: body.size, seconds: milliseconds / 1000 };
  if (body.type.startsWith('image/')) return { ...about, picture: URL.createObjectURL(body) };
  return { ...about, text: shortened(await body.text()) };
}

export function AnswerBox({ answer }: { readonly answer: Answer }) {
  const { status, headers, picture, text, size, seconds } = answer;
  useEffect(() => () => (picture === undefined ? undefined : URL.revokeObjectURL(picture)), [picture]);
  return (
    <output className="stack answer">
      <b className={status < 400 ? undefined : 'wrong'}>
        {status} · {bytes(size)} · {duration(seconds)}
      </b>
      {picture !== undefined && <img src={picture} alt="The reply" />}
      {text !== undefined && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard
        <pre className="code" tabIndex={0}>
          {text}
        </pre>
      )}
      <details>
        <summary>Headers</summary>
        <dl className="facts">
          {headers.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </details>
    </output>
  );
}

/** Pictures in base64 are long, and nobody reads them. */
function shortened(text: string): string {
  return text.replace(/"([A-Za-z0-9+/=]{60})[A-Za-z0-9+/=]{100,}"/g, '"$1…"').slice(0, 4000);
}
