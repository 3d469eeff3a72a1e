import type { Worker } from '@easel/contract';
import { useCallback } from 'react';
import { bytes } from '../format/amounts.ts';
import { Notice } from '../parts/notice.tsx';
import { ScrollBox } from '../parts/scroll-box.tsx';
import { useAdminAccess } from './admin-access.tsx';
import { useAdmin } from './use-admin.ts';

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
    <section className="card stack" aria-label="Models">
      <h2>Models</h2>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      <ScrollBox>
        <table>
          <thead>
            <tr>
              <th>Name in the API</th>
              <th>Model</th>
              <th>Default size</th>
              <th>Width and height</th>
              <th>Memory</th>
            </tr>
          </thead>
          <tbody>
            {reply?.models.map(({ id, name, defaults, limits, is_embedded: isEmbedded }) => (
              <tr key={id}>
                <td>{id}</td>
                <td>
                  {name}
                  {isEmbedded && ' (embedded)'}
                </td>
                <td>
                  {defaults.img_width}×{defaults.img_height}
                </td>
                <td>
                  {limits.min_side}–{limits.max_side}
                </td>
                <td>{memoryOf(id, reply.workers)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
    </section>
  );
}

/** A dash: no process of it runs, for a model without work gives its memory back after a while; or the system does not tell. */
function memoryOf(model: string, workers: readonly Worker[]): string {
  const loaded = workers.filter(({ state }) => state !== 'lost').flatMap(({ memory }) => memory);
  const own = loaded.filter((entry) => entry.model === model);
  if (own.length === 0) return '–';
  const total = bytes(own.reduce((sum, entry) => sum + entry.bytes, 0));
  return own.length === 1 ? total : `${total} in ${own.length} workers`;
}
