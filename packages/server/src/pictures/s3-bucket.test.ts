import { expect, test } from 'vitest';
import { type BucketRequest, type BucketSettings, signRequest } from './s3-bucket.ts';

/** Of "Examples: Signature Calculations" in Amazon's API reference of S3 (AWS Signature Version 4). */
const amazon: BucketSettings = {
  bucket: 'examplebucket',
  endpoint: 'https://s3.amazonaws.com',
  region: 'us-east-1',
  pathStyle: false,
  credentials: {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  },
};
const time = '20130524T000000Z';

test.each<[what: string, request: BucketRequest, signature: string]>([
  [
    'a part of an object',
    { method: 'GET', key: 'test.txt', headers: { range: 'bytes=0-9' } },
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  ],
  [
    'an object that is written',
    {
      method: 'PUT',
      key: 'test$file.text',
      headers: { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
      body: new TextEncoder().encode('Welcome to Amazon S3.'),
    },
    '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  ],
  [
    'a question about the bucket',
    { method: 'GET', key: '', query: { lifecycle: '' } },
    'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  ],
  [
    'a list',
    { method: 'GET', key: '', query: { 'max-keys': '2', prefix: 'J' } },
    '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  ],
])('%s is signed as in the published example', async (_what, request, signature) => {
  const { headers, url } = await signRequest(amazon, request, time);
  expect(url.host).toBe('examplebucket.s3.amazonaws.com');
  expect(headers.get('authorization')).toMatch(new RegExp(`Signature=${signature}$`));
});

test('where the bucket is in the path, it stands after the path of the endpoint', async () => {
  const settings = { ...amazon, endpoint: 'http://127.0.0.1:9000/store/', pathStyle: true };
  const { url } = await signRequest(settings, { method: 'GET', key: 'a/b.png' });
  expect(url.href).toBe('http://127.0.0.1:9000/store/examplebucket/a/b.png');
});

test('a session token is sent, and signed', async () => {
  const settings = { ...amazon, credentials: { ...amazon.credentials, sessionToken: 'a token' } };
  const { headers } = await signRequest(settings, { method: 'HEAD', key: 'a.png' }, time);
  expect(headers.get('x-amz-security-token')).toBe('a token');
  expect(headers.get('authorization')).toContain('x-amz-security-token');
});
