import { pathOf } from '../files/picture-file.ts';
import { bytes, duration } from '../format/text.ts';
import { FactList } from '../parts/facts.tsx';

/** A reply, prepared for display. */
export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  /** The addresses of the pictures in the reply. */
  readonly pictures: readonly string[];
  /** Frees the memory of the pictures. */
  readonly release: () => void;
  readonly text?: string;
  /** What the text says, if it is JSON. */
  readonly value?: unknown;
  readonly size: number;
  readonly seconds: number;
}

export async function readAnswer(reply: Response, milliseconds: number): Promise<Answer> {
  const body = await reply.blob();
  const headers = [...reply.headers].filter(([name]) => /^x-|^ratelimit|^(?:content-type|link|location)$/.test(name));
  const about = { status: reply.status, headers, size: body.size, seconds: milliseconds / 1000 };
  if (body.type.startsWith('image/')) {
    const picture = URL.createObjectURL(body);
    return { ...about, pictures: [picture], release: () => URL.revokeObjectURL(picture) };
  }
  const text = await body.text();
  const value = parse(text);
  const shown = value === undefined ? text : JSON.stringify(value, shortenBase64, 2);
  return { ...about, pictures: picturesIn(text), release: () => {}, text: shown.slice(0, LONGEST), value };
}

/** Of a text that is shown. */
const LONGEST = 20_000;

export function AnswerBox({ answer }: { readonly answer: Answer }) {
  const { status, headers, pictures, text, size, seconds } = answer;
  return (
    <output className="stack answer">
      <b className={status < 400 ? undefined : 'wrong'}>
        {status} · {bytes(size)} · {duration(seconds)}
      </b>
      {pictures.map((picture) => (
        <img key={picture.slice(-64)} src={picture} alt="Response" />
      ))}
      <FactList facts={headers} />
      {text !== undefined && text !== '' && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard
        <pre className="code" tabIndex={0}>
          {text}
        </pre>
      )}
    </output>
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The pictures in a JSON reply, in base64 or by their addresses on this server, without duplicates. */
function picturesIn(text: string): string[] {
  const inline = [...text.matchAll(/"([A-Za-z0-9+/]{200,}={0,2})"/g)].map(
    ([, data = '']) => `data:${mediaTypeOf(data)};base64,${data}`,
  );
  const linked = [...text.matchAll(/"(https?:\/\/[^"\s]+\/api\/images\/[^"\s]+)"/g)].map(([, url = '']) => pathOf(url));
  return [...new Set([...inline, ...linked])].slice(0, MOST_PICTURES);
}

/** A list of jobs has many. */
const MOST_PICTURES = 12;

/** Detects the type by the first bytes of the file, in base64. */
function mediaTypeOf(data: string): string {
  if (data.startsWith('iVBOR')) return 'image/png';
  return data.startsWith('UklGR') ? 'image/webp' : 'image/jpeg';
}

/** Cuts pictures in base64 short. */
function shortenBase64(_name: string, value: unknown): unknown {
  return typeof value === 'string' && /^[A-Za-z0-9+/=]{200,}$/.test(value) ? `${value.slice(0, 60)}…` : value;
}
