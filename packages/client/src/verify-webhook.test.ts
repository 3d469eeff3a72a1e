import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { EaselWebhookError, verifyWebhook } from './verify-webhook.ts';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const body = '{"test": 2432232314}';
/** The vector of Standard Webhooks. */
const headers = {
  'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  'webhook-timestamp': '1614265330',
  'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};
const at = (seconds: number) => ({ now: new Date((1_614_265_330 + seconds) * 1000) });

test("Standard Webhooks' own vector is right, however headers and body are given", async () => {
  const expected = { test: 2_432_232_314 };
  expect(await verifyWebhook(headers, body, secret, at(0))).toEqual(expected);
  expect(await verifyWebhook(new Headers(headers), new TextEncoder().encode(body), secret, at(0))).toEqual(expected);
  const asNode = { 'Webhook-Id': [headers['webhook-id']], ...headers, host: undefined };
  expect(await verifyWebhook(asNode, body, secret.slice('whsec_'.length), at(0))).toEqual(expected);
});

test('what the library of Standard Webhooks signs is right, also among signatures of other secrets and versions', async () => {
  const now = new Date();
  const signed = new Webhook(secret).sign('msg_1', now, 'ä');
  const other = new Webhook('whsec_c2VjcmV0').sign('msg_1', now, 'ä');
  const json = new Webhook(secret).sign('msg_1', now, '"ä"');
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const sent = (signature: string) => ({
    'webhook-id': 'msg_1',
    'webhook-timestamp': timestamp,
    'webhook-signature': signature,
  });
  expect(await verifyWebhook(sent(`v1a,${json.slice(3)} ${other} v1,%%% ${json}`), '"ä"', secret)).toBe('ä');
  await expect(verifyWebhook(sent(other), 'ä', secret)).rejects.toThrow(EaselWebhookError);
  await expect(verifyWebhook(sent(signed.replace('v1,', 'v2,')), 'ä', secret)).rejects.toThrow(EaselWebhookError);
});

test.each([
  ['another body', headers, '{"test":2432232314}', secret],
  ['another id', { ...headers, 'webhook-id': 'msg_other' }, body, secret],
  ['another time', { ...headers, 'webhook-timestamp': '1614265331' }, body, secret],
  ['another secret', headers, body, 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
  ['no secret', headers, body, 'whsec_'],
  ['a secret that is no base64', headers, body, 'whsec_%'],
  ['no signature', { ...headers, 'webhook-signature': undefined }, body, secret],
  ['an empty signature', { ...headers, 'webhook-signature': 'v1,' }, body, secret],
  ['a time that is no number', { ...headers, 'webhook-timestamp': 'now' }, body, secret],
])('%s is refused', async (_what, sent, text, key) => {
  await expect(verifyWebhook(sent, text, key, at(0))).rejects.toThrow(EaselWebhookError);
});

test('a signature is worth nothing when its time is more than five minutes from now, or what the caller allows', async () => {
  for (const seconds of [300, -300]) await verifyWebhook(headers, body, secret, at(seconds));
  for (const seconds of [301, -301]) {
    await expect(verifyWebhook(headers, body, secret, at(seconds))).rejects.toThrow('within 300 s of now');
  }
  await verifyWebhook(headers, body, secret, { ...at(3600), toleranceSeconds: 3600 });
});
