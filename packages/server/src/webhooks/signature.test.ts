import { expect, test } from 'vitest';
import { secretsOfText } from '../keys/server-secret.ts';
import { OLD_SECRET_MS, secretOf, signedHeaders, signingSecrets } from './signature.ts';

const [server] = secretsOfText('a secret of the tests, long enough to be one');
const rotatedAt = new Date('2026-03-14T12:00:00Z');
const endpoint = { purpose: 'webhook endpoint', id: 'an-id', version: 2, rotatedAt } as const;

test("an event is signed as Standard Webhooks' own vector has it", () => {
  const event = {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    at: new Date(1_614_265_330_999),
    body: '{"test": 2432232314}',
  };
  expect(signedHeaders(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], event)).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

test('after a rotation both secrets sign for 24 hours, the new one first, and then the new one alone', () => {
  const [present, before] = [secretOf(server, endpoint), secretOf(server, { ...endpoint, version: 1 })];
  expect(present).not.toBe(before);
  const at = (ms: number) => signingSecrets(server, endpoint, new Date(rotatedAt.getTime() + ms));
  expect(at(0)).toEqual([present, before]);
  expect(at(OLD_SECRET_MS - 1)).toEqual([present, before]);
  expect(at(OLD_SECRET_MS)).toEqual([present]);
  expect(signingSecrets(server, { ...endpoint, version: 1, rotatedAt: null }, rotatedAt)).toEqual([before]);
  const event = { id: 'msg_1', at: rotatedAt, body: '{}' };
  expect(signedHeaders([present, before], event)['webhook-signature']).toMatch(/^v1,\S{44} v1,\S{44}$/);
});

test('each endpoint, each account and each server has secrets of its own, of 32 bytes', () => {
  const [other] = secretsOfText('another secret of the tests, long enough');
  const secrets = [
    secretOf(server, endpoint),
    secretOf(server, { ...endpoint, id: 'another-id' }),
    secretOf(server, { ...endpoint, purpose: 'webhook account' }),
    secretOf(other, endpoint),
  ];
  expect(new Set(secrets).size).toBe(4);
  for (const secret of secrets) expect(Buffer.from(secret.slice('whsec_'.length), 'base64')).toHaveLength(32);
});
