import { useEffect } from 'react';
import { bytes, duration } from '../format/text.ts';
import { FactList } from '../parts/facts.tsx';

/** A reply, prepared for display. */
export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  /** The addresses of the pictures in the reply. */
  readonly pictures: readonly string[];
  readonly text?: string;
  readonly size: number;
  readonly seconds: number;
}

export async function readAnswer(reply: Response, milliseconds: number): Promise<Answer> {
  const body = await reply.blob();
  const headers = [...reply.headers].filter(([name]) => name.startsWith('x-') || name === 'content-type');
  const about = { status: reply.status, headers, size: body.size, seconds: milliseconds / 1000 };
  if (body.type.startsWith('image/')) return { ...about, pictures: [URL.createObjectURL(body)] };
  const text = await body.text();
  return { ...about, pictures: picturesIn(text), text: shortenBase64(text) };
}

export function AnswerBox({ answer }: { readonly answer: Answer }) {
  const { status, headers, pictures, text, size, seconds } = answer;
  useEffect(() => () => pictures.forEach((picture) => void URL.revokeObjectURL(picture)), [pictures]);
  return (
    <output className="stack answer">
      <b className={status < 400 ? undefined : 'wrong'}>
        {status} · {bytes(size)} · {duration(seconds)}
      </b>
      {pictures.map((picture) => (
        <img key={picture.slice(-64)} src={picture} alt="Response" />
      ))}
      {text !== undefined && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard
        <pre className="code" tabIndex={0}>
          {text}
        </pre>
      )}
      <details>
        <summary>Headers</summary>
        <FactList facts={headers} />
      </details>
    </output>
  );
}

/** The pictures in a JSON reply, without duplicates. */
function picturesIn(text: string): string[] {
  const found = [...text.matchAll(/"([A-Za-z0-9+/]{200,}={0,2})"/g)].map(([, data = '']) => data);
  return [...new Set(found)].map((data) => `data:${mediaTypeOf(data)};base64,${data}`);
}

/** Detects the type by the first bytes of the file, in base64. */
function mediaTypeOf(data: string): string {
  if (data.startsWith('iVBOR')) return 'image/png';
  return data.startsWith('UklGR') ? 'image/webp' : 'image/jpeg';
}

/** Cuts pictures in base64 short. */
function shortenBase64(text: string): string {
  return text.replace(/"([A-Za-z0-9+/=]{60})[A-Za-z0-9+/=]{100,}"/g, '"$1…"').slice(0, 4000);
}
