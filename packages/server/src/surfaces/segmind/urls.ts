import { paths, type SegmindSubmitted } from '@easel/contract';

/** Where a request can be asked about. The SDK follows them as they are, so they are absolute. */
export function requestUrls(
  id: string,
  base: string,
): Pick<SegmindSubmitted, 'poll_url' | 'status_url' | 'response_url'> {
  const { poll, status, result } = paths.segmind;
  const at = (path: string) => `${base}${path.replace(':id', id)}`;
  return { poll_url: at(poll), status_url: at(status), response_url: at(result) };
}
