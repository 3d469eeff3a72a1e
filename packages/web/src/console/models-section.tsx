import { useCallback } from 'react';
import { ScrollBox } from '../parts/scroll-box.tsx';
import { useSession } from '../session/session.tsx';
import { useAdmin } from './use-admin.ts';

export function ModelsSection() {
  const { client } = useSession();
  const ask = useCallback(async (signal: AbortSignal) => (await client.models({ signal })).models, [client]);
  const { reply: models } = useAdmin(ask, 30_000);
  return (
    <section className="card stack" aria-label="Models">
      <h2>Models</h2>
      <ScrollBox>
        <table>
          <thead>
            <tr>
              <th>Asked for as</th>
              <th>Drawn by</th>
              <th>Size</th>
              <th>Sides</th>
            </tr>
          </thead>
          <tbody>
            {models?.map(({ id, name, defaults, limits, is_embedded: isEmbedded }) => (
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
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
    </section>
  );
}
