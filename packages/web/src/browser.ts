/**
 * A random UUID (RFC 9562 §5.4). `crypto.randomUUID` exists in secure contexts only (HTTPS and localhost), and the page is also opened over
 * plain HTTP from other machines of a local network.
 */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** Whether the browser says that data is expensive here: asked to save it, or over a mobile network of an earlier generation. */
export function isSlowConnection(): boolean {
  // Not in all browsers (W3C Network Information).
  const connection: unknown = 'connection' in navigator ? navigator.connection : undefined;
  if (typeof connection !== 'object' || connection === null) return false;
  const { effectiveType, saveData }: { readonly effectiveType?: unknown; readonly saveData?: unknown } = connection;
  return saveData === true || (typeof effectiveType === 'string' && effectiveType !== '4g');
}

/**
 * Copies a text to the clipboard. `navigator.clipboard` exists in secure contexts only (HTTPS and localhost); over plain HTTP
 * `execCommand` still works, which copies a selection. The text is selected next to `button`, because an open dialog makes the rest inert.
 *
 * @returns whether the text was copied
 */
export async function copyText(text: string, button: HTMLElement): Promise<boolean> {
  if ('clipboard' in navigator) {
    const isCopied = await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
    if (isCopied) return true;
  }
  const field = document.createElement('textarea');
  field.value = text;
  field.readOnly = true;
  field.className = 'visually-hidden';
  button.after(field);
  field.select();
  const isCopied = document.execCommand('copy');
  field.remove();
  button.focus();
  return isCopied;
}
