import { paths } from '@easel/contract';
import { useCallback, useId, useRef, useState } from 'react';
import { codeSamples } from '../format/code-samples.ts';
import { CopyButton } from '../parts/buttons.tsx';
import { DrawnBy } from '../parts/model-name.tsx';
import { Notice, Trouble } from '../parts/notices.tsx';
import { ScrollBox } from '../parts/table.tsx';
import { messageOf, useLoaded } from '../session/requests.ts';
import { useModels, useSession } from '../session/session.tsx';
import { type Answer, AnswerBox, readAnswer } from './answer-box.tsx';
import { parametersOf } from './parameters.ts';

const first = {
  prompt: 'a red apple on a blue background',
  samples: 1,
  num_inference_steps: 25,
  guidance_scale: 3,
  seed: -1,
  base64: false,
};

/** The API page, alive: every parameter, and a request that can be changed and sent. */
export function ReferenceView() {
  const { client } = useSession();
  const [text, setText] = useState(() => JSON.stringify(first, null, 2));
  const [language, setLanguage] = useState('curl');
  const [answer, setAnswer] = useState<Answer>();
  const [problem, setProblem] = useState<string>();
  const [isWaiting, setWaiting] = useState(false);
  const id = useId();

  const askForParameters = useCallback(
    async (signal: AbortSignal) => {
      const reply = await client.request('GET', paths.openapi, undefined, { signal });
      // What is no description of the API comes from something in between.
      return parametersOf(await reply.json().catch(() => null));
    },
    [client],
  );
  const { reply: parameters = [], problem: unreached, again } = useLoaded(askForParameters);
  const { reply: models = [] } = useModels();
  const model = models.find(({ is_default: isDefault }) => isDefault);

  const request = parsed(text);
  // While somebody types, the code is that of the last request that could be read.
  const latest = useRef<Readonly<Record<string, unknown>>>(first);
  if (request !== undefined) latest.current = request;
  const samples = codeSamples(latest.current, window.location.origin);
  const shown = samples.find(({ name }) => name === language) ?? samples[0];
  const send = async () => {
    setWaiting(true);
    setProblem(undefined);
    try {
      const began = performance.now();
      const reply = await client.request('POST', '/v1/playground-v2.5', request);
      setAnswer(await readAnswer(reply, performance.now() - began));
    } catch (error) {
      setProblem(messageOf(error));
    } finally {
      setWaiting(false);
    }
  };

  return (
    <div className="stack">
      <h1>API</h1>
      <p>
        <code>POST /v1/playground-v2.5</code> with the header <code>x-api-key</code>. The other calls, the asynchronous
        ones and those for OpenAI’s clients are at <a href="/docs/">/docs</a>.
      </p>
      {model && <DrawnBy model={model} />}
      <div className="halves reference">
        <section className="card stack" aria-label="Try it">
          <label htmlFor={id}>The request, to change as you like</label>
          <textarea
            id={id}
            className="code"
            rows={12}
            spellCheck={false}
            value={text}
            aria-invalid={request === undefined}
            onChange={(event) => setText(event.target.value)}
          />
          {request === undefined && (
            <small className="wrong">This is not a JSON object yet; the code is that of the last one.</small>
          )}
          <button
            type="button"
            className="primary"
            disabled={request === undefined || isWaiting}
            onClick={() => void send()}
          >
            {isWaiting ? 'Waiting for the reply…' : 'Send it'}
          </button>
          {problem !== undefined && <Notice kind="error">{problem}</Notice>}
          {answer && <AnswerBox answer={answer} />}
        </section>
        <section className="card stack" aria-label="As code">
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
      </div>
      <section className="card" aria-label="Parameters">
        <h2>Parameters</h2>
        <Trouble problem={unreached} again={again} />
        <ScrollBox>
          <table>
            <thead>
              <tr>
                <th>Name</th>
                <th>Type</th>
                <th>Default</th>
                <th>Allowed</th>
                <th>What it is</th>
              </tr>
            </thead>
            <tbody>
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
            </tbody>
          </table>
        </ScrollBox>
      </section>
    </div>
  );
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
