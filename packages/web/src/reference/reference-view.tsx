import { defaultSlug, type Job, paths } from '@easel/contract';
import { useCallback, useEffect, useId, useRef, useState } from 'react';
import type { CodeSample, RequestFields } from '../format/code-samples.ts';
import { CopyButton } from '../parts/buttons.tsx';
import { ModelNote } from '../parts/model-name.tsx';
import { LoadError, Notice } from '../parts/notices.tsx';
import { addressOf, go, useRoute } from '../router.ts';
import { messageOf, useLoaded } from '../session/requests.ts';
import { useModels, useSession } from '../session/session.tsx';
import { type Answer, AnswerBox, readAnswer } from './answer-box.tsx';
import { parseRequest, placeIn } from './json-text.ts';
import { addressOfRequest, type OperationRequest, operationSamples } from './operation-samples.ts';
import { isObject, type Operation, operationsOf } from './operations.ts';
import { ParameterFields } from './parameter-fields.tsx';
import '../styles/reference.css';

/** The interactive API page: each operation as a form and as JSON, sent from here, with the reply and code samples. */
export function ReferenceView() {
  const { client } = useSession();
  const { reply: models = [] } = useModels();
  const { query } = useRoute();
  const ask = useCallback(
    async (signal: AbortSignal) => {
      const reply = await client.request('GET', paths.openapi, undefined, { signal });
      // A reply that is not JSON comes from a proxy in between.
      return operationsOf(await reply.json().catch(() => null));
    },
    [client],
  );
  const { reply: operations = [], problem, retry } = useLoaded(ask);
  const model = models.find(({ is_default: isDefault }) => isDefault);
  const usual = operations.find(({ method, path }) => method === 'POST' && path === `/v1/${defaultSlug}`);
  const operation = operations.find(({ id }) => id === query.get('operation')) ?? usual ?? operations[0];
  const jobId = query.get('id') ?? '';
  return (
    <div className="stack reference-view">
      <h1>API</h1>
      <p>
        Every request needs the header <code>x-api-key</code>. All endpoints, also those for administrators, webhooks
        and events, are described at <a href="/docs/">/docs</a>.
      </p>
      {model && <ModelNote model={model} />}
      <LoadError problem={problem} retry={retry} />
      {operation && (
        <>
          <OperationSelect operations={operations} operation={operation} />
          <OperationPage key={`${operation.id} ${jobId}`} operation={operation} jobId={jobId} />
        </>
      )}
    </div>
  );
}

const groupNames: Readonly<Record<string, string>> = {
  segmind: 'Segmind',
  openai: 'OpenAI',
  jobs: 'Jobs',
  images: 'Pictures',
  models: 'Models and styles',
  money: 'Credits',
};

interface OperationSelectProps {
  readonly operations: readonly Operation[];
  readonly operation: Operation;
}

function OperationSelect({ operations, operation }: OperationSelectProps) {
  return (
    <label className="field operation">
      Operation
      <select value={operation.id} onChange={({ target }) => openOperation(target.value)}>
        {[...Map.groupBy(operations, ({ tag }) => tag)].map(([tag, members]) => (
          <optgroup key={tag} label={groupNames[tag] ?? tag}>
            {members.map(({ id, method, path, summary }) => (
              <option key={id} value={id}>
                {method} {path} – {summary}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
    </label>
  );
}

function openOperation(operation: string, query: Readonly<Record<string, string>> = {}): void {
  go(addressOf('reference', { operation, ...query }), { replace: true });
}

/** What the form starts with, where the operation has such a field. */
const examples: RequestFields = {
  prompt: 'a red apple on a blue background',
  samples: 1,
  num_inference_steps: 25,
  guidance_scale: 3,
  seed: -1,
  base64: false,
};

function exampleFor({ id, path, parameters }: Operation): RequestFields {
  const names = new Set(parameters.filter(({ place }) => place === 'body').map(({ name }) => name));
  const isSynchronous = path === `/v1/${defaultSlug}`;
  const given = Object.entries(examples).filter(
    ([name]) => names.has(name) && (name === 'prompt' || isSynchronous || (id === 'createJob' && name !== 'base64')),
  );
  return Object.fromEntries(given);
}

/** @param jobId fills the part `{id}` of the path */
function OperationPage({ operation, jobId }: { readonly operation: Operation; readonly jobId: string }) {
  const [text, setText] = useState(() => JSON.stringify(exampleFor(operation), null, 2));
  const [values, setValues] = useState<Readonly<Record<string, string>>>({ id: jobId });
  const parsed = parseRequest(text);
  const fault = operation.hasBody && 'fault' in parsed ? parsed.fault : undefined;
  const body = 'value' in parsed ? parsed.value : undefined;
  // While the JSON is not valid, form and samples show the last valid request.
  const latest = useRef<RequestFields>({});
  if (body !== undefined) latest.current = body;
  const request = { operation, values, body: latest.current };
  const inBody = new Map(Object.entries(latest.current));
  const { summary, method, parameters } = operation;
  return (
    <div className="reference">
      <section className="card stack" aria-label="Parameters">
        <h2>{summary}</h2>
        <p>
          <code>
            {method} {addressOfRequest(request)}
          </code>
        </p>
        {parameters.length === 0 && <p className="quiet">It has no parameters.</p>}
        <fieldset className="plain-fields stack" disabled={fault !== undefined}>
          <legend className="visually-hidden">Parameters</legend>
          <ParameterFields
            parameters={parameters}
            currentOf={(name) => inBody.get(name) ?? values[name]}
            onChange={({ name, place }, value) => {
              if (place !== 'body') setValues({ ...values, [name]: value === undefined ? '' : String(value) });
              else setText(JSON.stringify(withField(latest.current, name, value), null, 2));
            }}
          />
        </fieldset>
      </section>
      <div className="stack beside">
        <section className="card stack" aria-label="Try it">
          {operation.hasBody && <BodyEditor text={text} onText={setText} fault={fault} />}
          <Sender request={request} isValid={fault === undefined} />
        </section>
        <CodeSamples samples={operationSamples(request, window.location.origin)} />
      </div>
    </div>
  );
}

function withField(request: RequestFields, name: string, value: unknown): RequestFields {
  if (value !== undefined) return { ...request, [name]: value };
  return Object.fromEntries(Object.entries(request).filter(([each]) => each !== name));
}

interface BodyEditorProps {
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly fault: { readonly message: string; readonly position: number } | undefined;
}

function BodyEditor({ text, onText, fault }: BodyEditorProps) {
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const showFault = () => {
    field.current?.focus();
    field.current?.setSelectionRange(fault?.position ?? 0, (fault?.position ?? 0) + 1);
  };
  return (
    <div className="stack">
      <label htmlFor={id}>Request body</label>
      <textarea
        ref={field}
        id={id}
        className="code"
        rows={Math.min(16, Math.max(6, text.split('\n').length + 1))}
        spellCheck={false}
        value={text}
        aria-invalid={fault !== undefined}
        onChange={(event) => onText(event.target.value)}
      />
      {fault !== undefined && (
        <small className="wrong" role="status">
          Not valid at {placeIn(text, fault.position)}: {fault.message}. Form and code show the last valid request.{' '}
          <button type="button" className="plain small" onClick={showFault}>
            Show
          </button>
        </small>
      )}
    </div>
  );
}

function Sender({ request, isValid }: { readonly request: OperationRequest; readonly isValid: boolean }) {
  const { client } = useSession();
  const [answer, setAnswer] = useState<Answer>();
  const [problem, setProblem] = useState<string>();
  const [isSending, setSending] = useState(false);
  const { operation, values, body } = request;
  const missing = operation.parameters.find(({ place, name }) => place === 'path' && !values[name]);
  useEffect(() => () => answer?.release(), [answer]);
  const send = async () => {
    setSending(true);
    setProblem(undefined);
    try {
      const startTime = performance.now();
      const sent = operation.hasBody ? body : undefined;
      const reply = await client.request(operation.method, addressOfRequest(request), sent);
      setAnswer(await readAnswer(reply, performance.now() - startTime));
    } catch (error) {
      setProblem(messageOf(error));
    } finally {
      setSending(false);
    }
  };
  return (
    <>
      <button
        type="button"
        className="primary own-width"
        disabled={!isValid || isSending || missing !== undefined}
        onClick={() => void send()}
      >
        {isSending ? 'Waiting for the response…' : 'Send request'}
      </button>
      {missing && <small className="quiet">Fill in {missing.name} first.</small>}
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      {answer && <AnswerBox answer={answer} />}
      {answer && isJob(answer.value) && (
        <button type="button" className="own-width" onClick={() => openJob(answer.value)}>
          Get this job
        </button>
      )}
    </>
  );
}

function isJob(value: unknown): value is Pick<Job, 'id'> {
  return isObject(value) && typeof value.id === 'string' && typeof value.status === 'string' && 'price' in value;
}

function openJob(value: unknown): void {
  if (isJob(value)) openOperation('getJob', { id: value.id });
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
