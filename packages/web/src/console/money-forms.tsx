import type { Account, AccountPatch, AdminJob } from '@easel/contract';
import { useState } from 'react';
import { exactCredits } from '../format/text.ts';
import { useAdminAccess } from './admin.tsx';
import { ConfirmedForm } from './confirmed-form.tsx';

const textOf = (data: FormData, name: string) => String(data.get(name) ?? '').trim();
const numberOrNull = (text: string) => (text === '' ? null : Number(text));

/** An amount as it is going to be booked. */
const amountOf = (amount: number) => `${exactCredits(amount)} ${amount === 1 ? 'credit' : 'credits'}`;

export interface AccountFormProps {
  readonly account: Account;
  readonly onClose: (isDone: boolean) => void;
}

/** Adds credits to an account, or takes some back as a correction. */
export function ChangeBalance({ account, onClose }: AccountFormProps) {
  const { client } = useAdminAccess();
  const [isCorrection, setCorrection] = useState(false);
  const { name, remaining } = account;
  return (
    <ConfirmedForm
      title={`Credits of ${name}`}
      read={(data) => ({
        amount: Number(textOf(data, 'amount')) * (isCorrection ? -1 : 1),
        reason: textOf(data, 'reason'),
        isBelowZero: data.get('below') !== null,
      })}
      describe={({ amount, reason }) => (
        <>
          {isCorrection ? `${amountOf(-amount)} are taken back from ` : `${amountOf(amount)} are added to `}
          <b>{name}</b>; {exactCredits(remaining)} available become {exactCredits(remaining + amount)}.
          {reason !== '' && ` Reason: ${reason}`}
        </>
      )}
      action={({ amount }) => (isCorrection ? `Take back ${amountOf(-amount)}` : `Add ${amountOf(amount)}`)}
      perform={({ amount, reason, isBelowZero }, idempotencyKey) =>
        client.admin.grant(
          {
            account_id: account.id,
            amount,
            ...(reason !== '' && { reason }),
            ...(isBelowZero && { allow_negative: true }),
          },
          { idempotencyKey },
        )
      }
      onClose={onClose}
    >
      <ChangeFields remaining={remaining} isCorrection={isCorrection} onCorrection={setCorrection} />
    </ConfirmedForm>
  );
}

interface ChangeFieldsProps {
  readonly remaining: number;
  readonly isCorrection: boolean;
  readonly onCorrection: (isCorrection: boolean) => void;
}

function ChangeFields({ remaining, isCorrection, onCorrection }: ChangeFieldsProps) {
  return (
    <>
      <p className="quiet">{exactCredits(remaining)} credits are available.</p>
      <fieldset className="row wrap">
        <legend>Change</legend>
        <label className="row check">
          <input type="radio" name="kind" checked={!isCorrection} onChange={() => onCorrection(false)} />
          Add credits
        </label>
        <label className="row check">
          <input type="radio" name="kind" checked={isCorrection} onChange={() => onCorrection(true)} />
          Take back (correction)
        </label>
      </fieldset>
      <label className="field">
        Amount in credits
        <input name="amount" type="number" min="0.000001" step="0.000001" required />
      </label>
      <label className="field">
        {isCorrection ? 'Reason' : 'Reason (optional)'}
        <input name="reason" dir="auto" maxLength={500} required={isCorrection} />
      </label>
      {isCorrection && (
        <label className="row check">
          <input type="checkbox" name="below" />
          Allow a balance below zero
        </label>
      )}
    </>
  );
}

/** Changes the name, the limits and the monthly refill of an account. */
export function EditAccount({ account, onClose }: AccountFormProps) {
  const { client } = useAdminAccess();
  const [mode, setMode] = useState<RefillMode>(account.refill?.mode ?? 'none');
  return (
    <ConfirmedForm
      title={`Edit ${account.name}`}
      read={(data) => ({
        name: textOf(data, 'name'),
        max_concurrent: numberOrNull(textOf(data, 'concurrent')),
        max_queued: numberOrNull(textOf(data, 'queued')),
        refill:
          mode === 'none' ? null : { mode, amount: Number(textOf(data, 'amount')), day: Number(textOf(data, 'day')) },
      })}
      describe={(terms) => describeAccount(account.name, terms)}
      action={() => 'Save'}
      perform={(terms) => client.admin.changeAccount(account.id, terms)}
      onClose={onClose}
    >
      <LimitFields account={account} />
      <RefillFields refill={account.refill} mode={mode} onMode={setMode} />
    </ConfirmedForm>
  );
}

function LimitFields({ account }: Pick<AccountFormProps, 'account'>) {
  return (
    <>
      <label className="field">
        Name
        <input name="name" dir="auto" required maxLength={100} defaultValue={account.name} />
      </label>
      <label className="field">
        Jobs at the same time
        <input
          name="concurrent"
          type="number"
          min="1"
          placeholder="server default"
          defaultValue={account.max_concurrent ?? ''}
        />
      </label>
      <label className="field">
        Queued jobs
        <input
          name="queued"
          type="number"
          min="0"
          placeholder="server default"
          defaultValue={account.max_queued ?? ''}
        />
      </label>
    </>
  );
}

type RefillMode = 'none' | 'add' | 'top_up';

interface RefillFieldsProps extends Pick<Account, 'refill'> {
  readonly mode: RefillMode;
  readonly onMode: (mode: RefillMode) => void;
}

function RefillFields({ refill, mode, onMode }: RefillFieldsProps) {
  return (
    <>
      <label className="field">
        Monthly refill
        <select
          value={mode}
          onChange={({ target }) => onMode(target.value === 'add' || target.value === 'top_up' ? target.value : 'none')}
        >
          <option value="none">None</option>
          <option value="add">Add an amount</option>
          <option value="top_up">Top up to an amount</option>
        </select>
      </label>
      {mode !== 'none' && (
        <div className="halves">
          <label className="field">
            Refill amount in credits
            <input name="amount" type="number" min="0.000001" step="0.000001" required defaultValue={refill?.amount} />
          </label>
          <label className="field">
            Day of the month (UTC)
            <input name="day" type="number" min="1" max="31" required defaultValue={refill?.day ?? 1} />
          </label>
        </div>
      )}
    </>
  );
}

function describeAccount(before: string, { name, refill }: AccountPatch): string {
  const who = name === undefined || name === before ? before : `${before}, from now on ${name},`;
  if (refill == null) return `${who} gets no monthly refill.`;
  const what = refill.mode === 'add' ? `gets ${amountOf(refill.amount)}` : `is topped up to ${amountOf(refill.amount)}`;
  return `${who} ${what} on day ${refill.day} of each month, for the first time on the next such day, today included.`;
}

export interface RefundFormProps {
  readonly job: AdminJob;
  readonly accountName: string;
  readonly onClose: (isDone: boolean) => void;
}

/** Gives back what a job was charged, or a part of it; a job can be refunded once. */
export function RefundForm({ job, accountName, onClose }: RefundFormProps) {
  const { client } = useAdminAccess();
  return (
    <ConfirmedForm
      title="Refund a job"
      read={(data) => ({ amount: Number(textOf(data, 'amount')), reason: textOf(data, 'reason') })}
      describe={({ amount, reason }) => (
        <>
          <b>{accountName}</b> gets back {amountOf(amount)} of the {exactCredits(job.price)} that were charged. Reason:{' '}
          {reason}
        </>
      )}
      action={({ amount }) => `Refund ${amountOf(amount)}`}
      perform={({ amount, reason }, idempotencyKey) =>
        client.admin.refund(job.id, { amount, reason }, { idempotencyKey })
      }
      onClose={onClose}
    >
      <p className="prompt" dir="auto">
        {job.prompt ?? 'The prompt was not stored'}
      </p>
      <label className="field">
        Amount in credits
        <input
          name="amount"
          type="number"
          min="0.000001"
          max={job.price}
          step="0.000001"
          required
          defaultValue={job.price}
        />
      </label>
      <label className="field">
        Reason
        <input name="reason" dir="auto" maxLength={500} required />
      </label>
    </ConfirmedForm>
  );
}
