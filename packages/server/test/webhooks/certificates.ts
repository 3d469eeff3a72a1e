import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Makes certificates where there is one. */
export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** An authority that nobody knows yet, for certificates of a test's own. */
export class CertificateAuthority {
  /** For `NODE_EXTRA_CA_CERTS`. */
  readonly file: string;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.file = join(folder, 'authority.pem');
    const out = ['-keyout', join(folder, 'authority.key'), '-out', this.file];
    request([...out, '-subj', '/CN=an authority of the tests']);
  }

  /** For servers of this name. */
  issue(hostname: string): Certificate {
    const [key, cert] = [join(this.#folder, `${hostname}.key`), join(this.#folder, `${hostname}.pem`)];
    const by = ['-CA', this.file, '-CAkey', join(this.#folder, 'authority.key')];
    const names = ['-subj', `/CN=${hostname}`, '-addext', `subjectAltName=DNS:${hostname}`];
    request(['-keyout', key, '-out', cert, ...by, ...names, '-addext', 'basicConstraints=CA:FALSE']);
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  }
}

function request(args: readonly string[]): void {
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30'];
  execFileSync('openssl', ['req', ...kind, ...args], { stdio: 'ignore' });
}
