import { CodedError } from '@easel/errors';
import { networkReason } from '@easel/models';
import type { PinnedWheel } from './cuda-packages.ts';

/** Used by pip too, so that a machine on which pip is set up for a mirror needs nothing more. */
const PYPI = 'https://pypi.org/simple';

/** A Python package index: PyPI, or a mirror of it. */
export interface PackageIndex {
  /** Without user name and password, for messages too. */
  readonly address: URL;
  /** The header `Authorization`, from the user name and password of its address; sent to its own origin only. */
  readonly authorization: string | undefined;
}

/**
 * The index to use: `--index`, else `PIP_INDEX_URL`, else PyPI.
 *
 * @throws CodedError `usage` if it is no address of HTTP
 * @example packageIndex(undefined, { PIP_INDEX_URL: 'https://user:password@mirror.example/simple' })
 */
export function packageIndex(
  option: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): PackageIndex {
  const [source, text] = option !== undefined ? ['--index', option] : ['PIP_INDEX_URL', env.PIP_INDEX_URL || PYPI];
  const address = URL.parse(text.endsWith('/') ? text : `${text}/`);
  if (address === null || !isHttp(address)) {
    // Without the value: it may hold a password.
    throw new CodedError('usage', `${source} must be an address that starts with https:// or http://`, {
      remedy: `for example ${PYPI}`,
    });
  }
  const { username, password } = address;
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const authorization = username || password ? `Basic ${Buffer.from(credentials).toString('base64')}` : undefined;
  address.username = '';
  address.password = '';
  return { address, authorization };
}

/** What a request to this address carries. */
export function authorizationFor(address: URL, { address: index, authorization }: PackageIndex) {
  return authorization !== undefined && address.origin === index.origin ? { authorization } : {};
}

/** JSON (PEP 691) where the index has it, else HTML (PEP 503), which all have. */
const ACCEPT = 'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01';

/** A file that an index lists. */
interface ListedFile {
  readonly name: string;
  readonly address: string;
  readonly sha256: string | undefined;
}

/**
 * Finds the address of a file on the index.
 *
 * @throws CodedError `device_install_failed` if the index cannot be reached, lacks the file, or lists it with another content
 */
export async function findWheel(index: PackageIndex, wheel: PinnedWheel, signal: AbortSignal): Promise<URL> {
  const page = new URL(`${wheel.name}/`, index.address);
  const { files, base } = await listFiles(page, index, signal);
  const found = files.find(({ name }) => name === wheel.file);
  if (found === undefined) {
    throw installFailure(`${page} does not list ${wheel.file}`, `use an index that has it: --index ${PYPI}`);
  }
  if (found.sha256 !== undefined && found.sha256 !== wheel.sha256) {
    throw installFailure(
      `${page} lists ${wheel.file} with another content (SHA-256 ${found.sha256}, expected ${wheel.sha256})`,
      `do not use this index: its file is not the published one. --index ${PYPI} has that`,
    );
  }
  const address = URL.parse(found.address, base);
  if (address === null || !isHttp(address)) {
    throw installFailure(`${page} lists ${wheel.file} with an address that is not of HTTP`, 'use another --index');
  }
  return address;
}

/** @returns the files, and what their addresses are relative to */
async function listFiles(page: URL, index: PackageIndex, signal: AbortSignal) {
  const unreadable = (what: string, cause?: unknown) =>
    installFailure(`the package index ${page} ${what}`, CONNECTION, cause);
  let [text, type, base] = ['', '', ''];
  try {
    const headers = { accept: ACCEPT, ...authorizationFor(page, index) };
    const reply = await fetch(page, { headers, signal: AbortSignal.any([signal, AbortSignal.timeout(REPLY_MS)]) });
    if (!reply.ok) throw unreadable(`answered ${reply.status} ${reply.statusText}`.trimEnd());
    base = reply.url;
    type = reply.headers.get('content-type') ?? '';
    text = await reply.text();
  } catch (thrown) {
    if (signal.aborted || thrown instanceof CodedError) throw thrown;
    throw unreadable(`cannot be read: ${networkReason(thrown)}`, thrown);
  }
  const files = /json/.test(type) ? filesOfJson(text) : filesOfHtml(text);
  if (files === undefined) throw unreadable('sent a list of files that is not valid');
  return { files, base };
}

const REPLY_MS = 60_000;

/** What to do where the network is the problem. */
export const CONNECTION =
  'check the connection; behind a proxy set HTTPS_PROXY, with certificates of your own NODE_EXTRA_CA_CERTS, and for a mirror use --index';

function filesOfJson(text: string): ListedFile[] | undefined {
  let page: unknown;
  try {
    page = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof page !== 'object' || page === null || !('files' in page) || !Array.isArray(page.files)) return undefined;
  return page.files.flatMap((file: unknown) => {
    if (typeof file !== 'object' || file === null || !('filename' in file && 'url' in file)) return [];
    const hashes = 'hashes' in file && typeof file.hashes === 'object' ? file.hashes : null;
    const sha256 = hashes !== null && 'sha256' in hashes ? String(hashes.sha256) : undefined;
    return [{ name: String(file.filename), address: String(file.url), sha256 }];
  });
}

/** Anchors whose text is the file's name and whose fragment is its hash. */
function filesOfHtml(text: string): ListedFile[] {
  return [...text.matchAll(/<a\s[^>]*?href\s*=\s*(?:"([^"]*)"|'([^']*)')[^>]*>([^<]*)<\/a/gi)].map((anchor) => {
    const address = (anchor[1] ?? anchor[2] ?? '').replaceAll('&amp;', '&');
    return { name: (anchor[3] ?? '').trim(), address, sha256: /#sha256=([0-9a-f]{64})$/.exec(address)?.[1] };
  });
}

function isHttp({ protocol }: URL): boolean {
  return protocol === 'https:' || protocol === 'http:';
}

export function installFailure(message: string, remedy: string, cause?: unknown): CodedError {
  return new CodedError('device_install_failed', message, { remedy, cause });
}
