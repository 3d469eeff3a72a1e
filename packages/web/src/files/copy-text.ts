/**
 * Puts a text on the clipboard. Browsers have `navigator.clipboard` for https and for the own machine only; by plain http the older
 * way works, for which the text has to be selected somewhere: beside `button`, because an open dialog keeps the rest out of reach.
 *
 * @returns whether it is there now
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
