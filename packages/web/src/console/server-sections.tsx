import type { Device, Worker } from '@easel/contract';
import { useCallback } from 'react';
import { bytes, credits, moment } from '../format/text.ts';
import { ConfirmButton } from '../parts/buttons.tsx';
import { Table } from '../parts/table.tsx';
import { Section, useAdmin, useAdminAccess } from './admin.tsx';

/** The queue, which can be paused, and the workers. */
export function QueueSection() {
  const { client } = useAdminAccess();
  const ask = useCallback(
    async (signal: AbortSignal) => ({
      queue: await client.admin.queue({ signal }),
      workers: (await client.admin.workers({ signal })).workers,
    }),
    [client],
  );
  const { reply, problem, act, isBusy } = useAdmin(ask);
  const isPaused = reply?.queue.state === 'paused';
  const action = isPaused ? (
    <button type="button" disabled={isBusy} onClick={() => void act(() => client.admin.resumeQueue())}>
      Resume
    </button>
  ) : (
    <ConfirmButton
      question="Pause for all users?"
      disabled={isBusy}
      onConfirm={() => void act(() => client.admin.pauseQueue())}
    >
      Pause
    </ConfirmButton>
  );
  return (
    <Section label="Queue and workers" title="Queue" problem={problem} action={action}>
      {reply && (
        <>
          <p>
            <b>{reply.queue.queued}</b> queued, <b>{reply.queue.running}</b> running
            {isPaused && ', paused: no new jobs are started'}.
          </p>
          <Table caption="Workers" columns={['Worker', 'Status', 'Models and devices', 'Last seen']}>
            {reply.workers.map((worker) => (
              <tr key={worker.id}>
                <td>{worker.name}</td>
                <td>{worker.problem === null ? worker.state : `${worker.state}: ${worker.problem}`}</td>
                <td>
                  <Engines worker={worker} />
                </td>
                <td>{moment(worker.seen_at)}</td>
              </tr>
            ))}
          </Table>
        </>
      )}
    </Section>
  );
}

export function ModelsSection() {
  const { client } = useAdminAccess();
  const ask = useCallback(
    async (signal: AbortSignal) => ({
      models: (await client.models({ signal })).models,
      workers: (await client.admin.workers({ signal })).workers,
    }),
    [client],
  );
  const { reply, problem } = useAdmin(ask);
  return (
    <Section label="Models" problem={problem}>
      <Table columns={['API name', 'Model', 'Family', 'Default size', 'Width and height', 'Price', 'Device', 'Memory']}>
        {reply?.models.map(({ id, name, family, defaults, limits, price, devices, is_embedded: isEmbedded }) => (
          <tr key={id}>
            <td>{id}</td>
            <td>
              {name}
              {isEmbedded && ' (embedded)'}
            </td>
            <td>{family}</td>
            <td>
              {defaults.img_width}×{defaults.img_height}
            </td>
            <td>
              {limits.min_side}–{limits.max_side}
            </td>
            <td>{credits(price.picture)}</td>
            <td>
              {devices.length === 0 && '–'}
              {devices.map((device) => (
                <DeviceText key={JSON.stringify(device)} device={device} count={device.engines} />
              ))}
            </td>
            <td>{memoryOf(id, reply.workers)}</td>
          </tr>
        ))}
      </Table>
    </Section>
  );
}

/** A worker's models with what each of its engines runs on. */
function Engines({ worker: { models, engines } }: { readonly worker: Worker }) {
  if (engines.length === 0) return models.join(', ');
  const same = Map.groupBy(engines, ({ model, card, device }) => `${model} ${card} ${device?.title}`);
  return [...same].map(
    ([key, [engine, ...others]]) => engine && <EngineText key={key} engine={engine} count={1 + others.length} />,
  );
}

/** One engine, or several of the same kind, of which the first stands for all. */
function EngineText({ engine, count }: { readonly engine: Worker['engines'][number]; readonly count: number }) {
  const { model, card, device, speeds = [] } = engine;
  return (
    <div>
      {model}
      {card !== null && `, card ${card}`}
      {device === null ? ', not loaded yet' : <DeviceText device={device} count={count} />}
      {speeds.map(({ profile, ms_per_step_megapixel: ms }) => (
        <small key={profile} className="quiet reason">
          {`${profile}: ${(ms / 1000).toPrecision(2)} s per step and megapixel`}
        </small>
      ))}
    </div>
  );
}

/** The device, the numbers it computes with, its memory, and why it is not another one. */
function DeviceText({ device, count = 1 }: { readonly device: Device; readonly count?: number }) {
  const { title, arithmetic, adapter, memory_bytes: memory, reason } = device;
  const facts = [
    count === 1 ? title : `${count} × ${title}`,
    ...(adapter === undefined ? [] : [adapter]),
    arithmetic,
    ...(memory === undefined ? [] : [bytes(memory)]),
  ];
  return (
    <div>
      {facts.join(', ')}
      {reason !== undefined && <small className="quiet reason">{reason}</small>}
    </div>
  );
}

/** A dash if it is not loaded, for an idle model is unloaded after a while, or if the system does not report its memory. */
function memoryOf(model: string, workers: readonly Worker[]): string {
  const loaded = workers.filter(({ state }) => state !== 'lost').flatMap(({ memory }) => memory);
  const own = loaded.filter((entry) => entry.model === model);
  if (own.length === 0) return '–';
  const total = bytes(own.reduce((sum, entry) => sum + entry.bytes, 0));
  return own.length === 1 ? total : `${total} across ${own.length} workers`;
}
