/** A UTF-16 unit takes up to nine characters here, and the header stays below what proxies allow (8 kB), whatever was sent. */
const MAX_NAME_LENGTH = 30;
const MAX_NAMES = 20;

/**
 * The value of the header `x-ignored-fields`: names separated by a comma and a space. Whoever wrote the body chose the names, so
 * everything but RFC 9110 §5.6.2's harmless letters is percent-encoded, and the list is cut ("…" as `and-N-more`).
 *
 * @example
 * ignoredFieldsHeader(['style', 'a b']); // 'style, a%20b'
 */
export function ignoredFieldsHeader(ignored: readonly string[]): string {
  const names = ignored
    .slice(0, MAX_NAMES)
    .map((name) => encodeURIComponent(name.slice(0, MAX_NAME_LENGTH).toWellFormed()));
  const more = ignored.length - names.length;
  return (more > 0 ? [...names, `and-${more}-more`] : names).join(', ');
}
