import type { Account, WebhookDelivery, WebhookEndpoint, WebhookEndpointWithSecret } from '@easel/contract';
import { type FormEvent, useCallback, useState } from 'react';
import { moment } from '../format/text.ts';
import { ConfirmButton, CopyButton } from '../parts/buttons.tsx';
import { Notice } from '../parts/notices.tsx';
import { Table } from '../parts/table.tsx';
import { AccountField, listAllAccounts, Section, useAdmin, useAdminAccess } from './admin.tsx';

const endpointColumns = ['Address', 'Account', 'Events', 'State', { title: 'Actions', isHidden: true }];
const deliveryColumns = [
  'Time',
  'Account',
  'Event',
  'Address',
  'Status',
  { title: 'Attempts', isNumber: true },
  'Last reply',
  { title: 'Actions', isHidden: true },
];

/** The webhook endpoints of all accounts, and the most recent deliveries. */
export function WebhooksSection() {
  const { client } = useAdminAccess();
  const { webhooks } = client.admin;
  const ask = useCallback(
    async (signal: AbortSignal) => ({
      accounts: await listAllAccounts(client, signal),
      endpoints: (await client.admin.webhooks.list({}, { signal })).endpoints,
      deliveries: (await client.admin.webhooks.deliveries({ limit: 15 }, { signal })).deliveries,
    }),
    [client],
  );
  const { reply, problem, act, isBusy } = useAdmin(ask);
  const [created, setCreated] = useState<WebhookEndpointWithSecret>();
  const names = new Map(reply?.accounts.map(({ id, name }) => [id, name]));
  const create = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const data = new FormData(form);
    if (isBusy) return;
    void act(async () => {
      const body = { account_id: String(data.get('account')), url: String(data.get('url')).trim() };
      setCreated(await webhooks.create(body));
      form.reset();
    });
  };
  return (
    <Section label="Webhooks" problem={problem}>
      {created && <Secret endpoint={created} onClose={() => setCreated(undefined)} />}
      <Table columns={endpointColumns} caption="Webhook endpoints">
        {reply?.endpoints.map((endpoint) => (
          <EndpointRow
            key={endpoint.id}
            endpoint={endpoint}
            accountName={names.get(endpoint.account_id) ?? endpoint.account_id}
            isBusy={isBusy}
            onTest={() => void act(() => webhooks.test(endpoint.id))}
            onSwitch={() => void act(() => webhooks.change(endpoint.id, { enabled: !endpoint.enabled }))}
            onRemove={() => void act(() => webhooks.remove(endpoint.id))}
          />
        ))}
      </Table>
      <NewEndpointForm accounts={reply?.accounts ?? []} isBusy={isBusy} onSubmit={create} />
      <h3>Recent deliveries</h3>
      <Table columns={deliveryColumns} caption="Webhook deliveries">
        {reply?.deliveries.map((delivery) => (
          <DeliveryRow
            key={delivery.id}
            delivery={delivery}
            accountName={names.get(delivery.account_id) ?? delivery.account_id}
            isBusy={isBusy}
            onResend={() => void act(() => webhooks.resend(delivery.id))}
          />
        ))}
      </Table>
    </Section>
  );
}

/** Of a new endpoint: this is the only time that it is shown. */
function Secret({ endpoint, onClose }: { readonly endpoint: WebhookEndpointWithSecret; readonly onClose: () => void }) {
  return (
    <Notice kind="hint" onClose={onClose}>
      The secret of {endpoint.url} is <code>{endpoint.secret}</code>. Copy it now; it will not be shown again.{' '}
      <CopyButton text={endpoint.secret}>Copy</CopyButton>
    </Notice>
  );
}

interface EndpointRowProps {
  readonly endpoint: WebhookEndpoint;
  readonly accountName: string;
  readonly isBusy: boolean;
  readonly onTest: () => void;
  readonly onSwitch: () => void;
  readonly onRemove: () => void;
}

function EndpointRow({ endpoint, accountName, isBusy, onTest, onSwitch, onRemove }: EndpointRowProps) {
  const { url, events, enabled, disabled_reason: reason } = endpoint;
  return (
    <tr className={enabled ? undefined : 'over'}>
      <td>{url}</td>
      <td>{accountName}</td>
      <td>{events.join(', ')}</td>
      <td>
        {enabled ? 'enabled' : 'disabled'}
        {reason !== null && `: ${reason}`}
      </td>
      <td>
        <div className="row">
          <button type="button" aria-label={`Send a test to ${url}`} disabled={isBusy || !enabled} onClick={onTest}>
            Send test
          </button>
          <button
            type="button"
            aria-label={`${enabled ? 'Disable' : 'Enable'} ${url}`}
            disabled={isBusy}
            onClick={onSwitch}
          >
            {enabled ? 'Disable' : 'Enable'}
          </button>
          <ConfirmButton aria-label={`Delete ${url}`} question="Really delete?" disabled={isBusy} onConfirm={onRemove}>
            Delete
          </ConfirmButton>
        </div>
      </td>
    </tr>
  );
}

interface DeliveryRowProps {
  readonly delivery: WebhookDelivery;
  readonly accountName: string;
  readonly isBusy: boolean;
  readonly onResend: () => void;
}

function DeliveryRow({ delivery, accountName, isBusy, onResend }: DeliveryRowProps) {
  const { event, url, status, attempts, next_attempt_at: next, last_status: code, last_error: fault } = delivery;
  return (
    <tr>
      <td>{moment(delivery.created_at)}</td>
      <td>{accountName}</td>
      <td>{event}</td>
      <td>{url}</td>
      <td>{status === 'pending' && next !== null && attempts > 0 ? `pending, next ${moment(next)}` : status}</td>
      <td className="number">{attempts}</td>
      <td>{fault ?? code ?? '–'}</td>
      <td>
        <button type="button" aria-label={`Send ${event} to ${url} again`} disabled={isBusy} onClick={onResend}>
          Send again
        </button>
      </td>
    </tr>
  );
}

interface NewEndpointFormProps {
  readonly accounts: readonly Account[];
  readonly isBusy: boolean;
  readonly onSubmit: (event: FormEvent<HTMLFormElement>) => void;
}

function NewEndpointForm({ accounts, isBusy, onSubmit }: NewEndpointFormProps) {
  return (
    <form className="terms" onSubmit={onSubmit} aria-label="New webhook endpoint">
      <AccountField accounts={accounts} />
      <label className="field">
        Address
        <input name="url" type="url" required placeholder="https://example.org/easel-events" />
      </label>
      <button type="submit" disabled={isBusy}>
        Create endpoint
      </button>
    </form>
  );
}
