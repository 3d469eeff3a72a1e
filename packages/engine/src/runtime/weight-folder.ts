import { dirname, sep } from 'node:path';

/**
 * The deepest folder that holds all files. ONNX Runtime resolves external data against one folder and refuses paths
 * that leave it, so it is told the common ancestor of the real files (which for hub downloads are not where the links are).
 */
export function commonFolder(files: Iterable<string>): string {
  const folders = [...new Set(files)].map((file) => dirname(file).split(sep));
  const [first = [''], ...others] = folders;
  const shared = first.findIndex((part, depth) => others.some((parts) => parts[depth] !== part));
  const parts = shared === -1 ? first : first.slice(0, shared);
  return parts.length > 1 ? parts.join(sep) : `${parts[0] ?? ''}${sep}`;
}
