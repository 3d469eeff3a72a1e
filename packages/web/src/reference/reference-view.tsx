import { paths } from '@easel/contract';
import { useCallback, useId, useRef, useState } from 'react';
import { type CodeSample, codeSamples, type RequestFields } from '../format/code-samples.ts';
import { CopyButton } from '../parts/buttons.tsx';
import { ModelNote } from '../parts/model-name.tsx';
import { LoadError, Notice } from '../parts/notices.tsx';
import { Table } from '../parts/table.tsx';
import { messageOf, useLoaded } from '../session/requests.ts';
import { useModels, useSession } from '../session/session.tsx';
import { type Answer, AnswerBox, readAnswer } from './answer-box.tsx';
import { parametersOf } from './parameters.ts';

const exampleRequest: RequestFields = {
  prompt: 'a red apple on a blue background',
  samples: 1,
  num_inference_steps: 25,
  guidance_scale: 3,
  seed: -1,
  base64: false,
};

/** The interactive API page: a request to edit and send, code samples, and every parameter. */
export function ReferenceView() {
  const [text, setText] = useState(() => JSON.stringify(exampleRequest, null, 2));
  const { reply: models = [] } = useModels();
  const model = models.find(({ is_default: isDefault }) => isDefault);
  const request = parseRequest(text);
  // While the request is not valid, the samples show the last valid one.
  const latest = useRef(exampleRequest);
  if (request !== undefined) latest.current = request;
  return (
    <div className="stack">
      <h1>API</h1>
      <p>
        <code>POST /v1/playground-v2.5</code> with the header <code>x-api-key</code>. For all other endpoints, including
        the asynchronous and the OpenAI-compatible ones, see <a href="/docs/">/docs</a>.
      </p>
      {model && <ModelNote model={model} />}
      <div className="halves reference">
        <RequestEditor text={text} onText={setText} request={request} />
        <CodeSamples samples={codeSamples(latest.current, window.location.origin)} />
      </div>
      <Parameters />
    </div>
  );
}

interface RequestEditorProps {
  readonly text: string;
  readonly onText: (text: string) => void;
  /** Undefined while the text is not valid. */
  readonly request: RequestFields | undefined;
}

function RequestEditor({ text, onText, request }: RequestEditorProps) {
  const { client } = useSession();
  const [answer, setAnswer] = useState<Answer>();
  const [problem, setProblem] = useState<string>();
  const [isSending, setSending] = useState(false);
  const id = useId();
  const send = async () => {
    setSending(true);
    setProblem(undefined);
    try {
      const startTime = performance.now();
      const reply = await client.request('POST', '/v1/playground-v2.5', request);
      setAnswer(await readAnswer(reply, performance.now() - startTime));
    } catch (error) {
      setProblem(messageOf(error));
    } finally {
      setSending(false);
    }
  };
  return (
    <section className="card stack" aria-label="Try it">
      <label htmlFor={id}>Request body</label>
      <textarea
        id={id}
        className="code"
        rows={12}
        spellCheck={false}
        value={text}
        aria-invalid={request === undefined}
        onChange={(event) => onText(event.target.value)}
      />
      {request === undefined && (
        <small className="wrong">Not a valid JSON object. The code samples show the last valid request.</small>
      )}
      <button
        type="button"
        className="primary"
        disabled={request === undefined || isSending}
        onClick={() => void send()}
      >
        {isSending ? 'Waiting for the response…' : 'Send request'}
      </button>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      {answer && <AnswerBox answer={answer} />}
    </section>
  );
}

function CodeSamples({ samples }: { readonly samples: readonly CodeSample[] }) {
  const [language, setLanguage] = useState('curl');
  const shown = samples.find(({ name }) => name === language) ?? samples[0];
  return (
    <section className="card stack" aria-label="Code samples">
      <div className="row wrap">
        {samples.map(({ name }) => (
          <button key={name} type="button" aria-pressed={name === shown?.name} onClick={() => setLanguage(name)}>
            {name}
          </button>
        ))}
        {shown && <CopyButton text={shown.code}>Copy</CopyButton>}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard */}
      <pre className="code" tabIndex={0}>
        {shown?.code}
      </pre>
    </section>
  );
}

function Parameters() {
  const { client } = useSession();
  const ask = useCallback(
    async (signal: AbortSignal) => {
      const reply = await client.request('GET', paths.openapi, undefined, { signal });
      // A reply that is not JSON comes from a proxy in between.
      return parametersOf(await reply.json().catch(() => null));
    },
    [client],
  );
  const { reply: parameters = [], problem, retry } = useLoaded(ask);
  return (
    <section className="card" aria-label="Parameters">
      <h2>Parameters</h2>
      <LoadError problem={problem} retry={retry} />
      <Table columns={['Name', 'Type', 'Default', 'Allowed values', 'Description']}>
        {parameters.map((parameter) => (
          <tr key={parameter.name}>
            <td>
              <code>{parameter.name}</code>
              {parameter.isRequired && ' *'}
            </td>
            <td>{parameter.type}</td>
            <td>{parameter.preset && <code>{parameter.preset}</code>}</td>
            <td>{parameter.range}</td>
            <td>{parameter.description}</td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

function parseRequest(text: string): RequestFields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is RequestFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
