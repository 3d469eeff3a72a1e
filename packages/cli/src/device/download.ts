import { answerOf, type FileSource, pauseAfter, requestOnce, transferFiles } from '@easel/models';
import type { PinnedWheel } from './cuda-packages.ts';
import { authorizationFor, CONNECTION, installFailure, type PackageIndex } from './package-index.ts';

export interface DownloadOptions {
  readonly index: PackageIndex;
  readonly signal: AbortSignal;
  /** Called with the bytes that are there. */
  readonly onProgress: (bytes: number) => void;
}

/**
 * Downloads a package, in parts at the same time, and checks its size and SHA-256. After a cut only the rest is asked for.
 *
 * @throws CodedError `device_install_failed`, or what `transferFiles` says if the file cannot be written. What was written then stays
 */
export async function downloadWheel(
  address: URL,
  place: string,
  { bytes, sha256 }: Pick<PinnedWheel, 'bytes' | 'sha256'>,
  { index, signal, onProgress }: DownloadOptions,
): Promise<void> {
  let received = 0;
  const digest = { kind: 'sha256', hex: sha256 } as const;
  await transferFiles([{ source: sourceOf(address, { bytes, sha256 }, index, signal), bytes, digest, place }], {
    signal,
    onBytes: (more) => {
      received += more;
      onProgress(received);
    },
  });
}

function sourceOf(
  address: URL,
  { bytes, sha256 }: Pick<PinnedWheel, 'bytes' | 'sha256'>,
  index: PackageIndex,
  signal: AbortSignal,
): FileSource {
  const failure = (reason: string, cause?: unknown) =>
    installFailure(`${address} cannot be downloaded: ${reason}`, CONNECTION, cause);
  const wrong = (what: string) =>
    installFailure(
      `what was downloaded from ${address} ${what}; nothing was installed`,
      'try again; if it stays, something on the way changes files: use another --index',
    );
  return {
    address,
    request: (asked, headers, stop) => requestOnce(asked, { ...headers, ...authorizationFor(asked, index) }, stop),
    pause: (failures, interrupted) =>
      pauseAfter(failures, interrupted, { signal }, ({ message, cause }) => failure(message, cause)),
    refusal: (reply) => failure(answerOf(reply)),
    wrongLength: (said) => wrong(`has not the ${bytes} bytes that it should have: the server ${said}`),
    corrupt: () => wrong(`is not the published file (expected SHA-256 ${sha256})`),
  };
}
