import { readFileSync } from 'node:fs';
import http from 'node:http';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { CodedError } from '@easel/errors';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where models come from and go to. The variables are those of Python's `huggingface_hub`, so that one setup serves both. */
export interface HubSettings {
  /** The Hub, or a mirror of it, without a slash at its end. */
  readonly endpoint: URL;
  /** Sent to the origin of the endpoint only. */
  readonly token: string | undefined;
  /** Nothing may be downloaded. */
  readonly isOffline: boolean;
  /** The cache folder that all tools share. */
  readonly cache: string;
  /** Whether a snapshot may be made of symbolic links. */
  readonly symlinks: boolean;
}

/**
 * Reads `HF_ENDPOINT`, `HF_TOKEN` (or the file that `hf auth login` writes), `HF_HUB_OFFLINE`, `HF_HOME`, `HF_HUB_CACHE` and
 * `HF_HUB_DISABLE_SYMLINKS`.
 *
 * @throws CodedError `usage` for an endpoint or a token that cannot be one; values are not shown, since they may be secret
 * @example hubSettings(process.env).cache // /home/me/.cache/huggingface/hub
 */
export function hubSettings(env: Environment): HubSettings {
  return {
    endpoint: endpointOf(env.HF_ENDPOINT),
    token: tokenOf(env),
    isOffline: isOn(env.HF_HUB_OFFLINE) || isOn(env.TRANSFORMERS_OFFLINE),
    cache: hubCache(env),
    symlinks: !isOn(env.HF_HUB_DISABLE_SYMLINKS),
  };
}

/**
 * Makes `fetch` of this process go through the proxies of `HTTPS_PROXY`, `HTTP_PROXY` and, for both, `ALL_PROXY`, but to the hosts of
 * `NO_PROXY` directly. As with curl, names in small letters come first. Node.js itself does so only when it is told to.
 *
 * @throws CodedError `usage` for a proxy that is not one of HTTP; its address is not shown, since it may hold a password
 */
export function useProxies(env: Environment): void {
  const given = (name: string) => env[name] || env[name.toUpperCase()] || undefined;
  const proxyOf = (name: string) => {
    const used = given(name) === undefined ? 'all_proxy' : name;
    const text = given(used);
    return text === undefined ? undefined : proxyAddress(used.toUpperCase(), text);
  };
  const [https_proxy, http_proxy] = [proxyOf('https_proxy'), proxyOf('http_proxy')];
  if (https_proxy === undefined && http_proxy === undefined) return;
  http.setGlobalProxyFromEnv({ https_proxy, http_proxy, no_proxy: given('no_proxy') });
}

/** With a scheme, which other tools do without. */
function proxyAddress(variable: string, text: string): string {
  const address = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (address !== null && /^https?:$/.test(address.protocol) && address.hostname !== '') return address.href;
  const socks = /^(socks\w*):/i.exec(text)?.[1];
  throw new CodedError(
    'usage',
    `${variable} must be the address of an HTTP proxy${socks === undefined ? '' : `, and is one of ${socks.toLowerCase()}, which is not supported`}`,
    { remedy: 'write it as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, or unset it' },
  );
}

/** The cache folder that Python's tools use, too. */
export function hubCache(env: Environment): string {
  const folder = env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE;
  return folder ? expanded(folder, env) : join(hubHome(env), 'hub');
}

function hubHome(env: Environment): string {
  if (env.HF_HOME) return expanded(env.HF_HOME, env);
  return join(env.XDG_CACHE_HOME ? expanded(env.XDG_CACHE_HOME, env) : join(homeOf(env), '.cache'), 'huggingface');
}

/** As Python expands them: `~` and variables. */
function expanded(path: string, env: Environment): string {
  const text = path.replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced, plain) => env[braced ?? plain] ?? whole);
  return resolve(text.replace(/^~(?=$|\/)/, homeOf(env)));
}

function homeOf(env: Environment): string {
  return env.HOME || homedir();
}

/** As `huggingface_hub` reads its switches. */
function isOn(text: string | undefined): boolean {
  return ['1', 'on', 'yes', 'true'].includes((text ?? '').toLowerCase());
}

function endpointOf(text: string | undefined): URL {
  const endpoint = URL.parse((text || 'https://huggingface.co').replace(/\/+$/, ''));
  if (endpoint !== null && /^https?:$/.test(endpoint.protocol) && !endpoint.username && !endpoint.password) {
    return endpoint;
  }
  throw new CodedError(
    'usage',
    'HF_ENDPOINT must be an address that starts with https:// or http://, without a password',
    {
      remedy: 'for example https://huggingface.co; a token goes into HF_TOKEN',
    },
  );
}

function tokenOf(env: Environment): string | undefined {
  const given = env.HF_TOKEN || env.HUGGING_FACE_HUB_TOKEN;
  const token = (given ?? savedToken(env) ?? '').trim();
  if (token === '') return undefined;
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new CodedError('usage', 'the token for the Hub has characters that no token has', {
    remedy: 'copy it again from https://huggingface.co/settings/tokens into HF_TOKEN',
  });
}

function savedToken(env: Environment): string | undefined {
  if (isOn(env.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return undefined;
  try {
    return readFileSync(env.HF_TOKEN_PATH ? expanded(env.HF_TOKEN_PATH, env) : join(hubHome(env), 'token'), 'utf8');
  } catch {
    return undefined; // nobody has logged in
  }
}
