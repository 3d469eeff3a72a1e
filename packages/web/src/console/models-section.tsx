import type { Device, Worker } from '@easel/contract';
import { useCallback } from 'react';
import { Credits } from '../format/credits.tsx';
import { bytes } from '../format/text.ts';
import { Table } from '../parts/table.tsx';
import { Section, useAdmin, useAdminAccess } from './admin.tsx';

/** The models that this server offers. */
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
    <Section label="Models" title="Models offered" problem={problem}>
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
            <td>
              <Credits amount={price.picture} />
            </td>
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

/** The device, the numbers it computes with, its memory, and why it is not another one. */
export function DeviceText({ device, count = 1 }: { readonly device: Device; readonly count?: number }) {
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
