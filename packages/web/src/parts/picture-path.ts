/** Pictures are asked for where the page came from, whatever name the server knows itself by. */
export function pathOf(url: string): string {
  return new URL(url, window.location.origin).pathname;
}
