/** The places in an XMP packet (XML) that tools use for such texts, in order of precedence. */
const places = ['exif:UserComment', 'parameters', 'dc:description', 'tiff:ImageDescription'] as const;

/**
 * The texts of an XMP packet by property name, each as an element or as an attribute of `rdf:Description`; of a list
 * of languages, the first. Read by searching, not as XML: tools' packets are often not well-formed. Never throws.
 */
export function readXmp(packet: Uint8Array): ReadonlyMap<string, string> {
  const xml = new TextDecoder().decode(packet);
  const texts = new Map<string, string>();
  for (const place of places) {
    const text = elementOf(xml, place) ?? attributeOf(xml, place);
    if (text !== undefined && text.trim() !== '') texts.set(`xmp ${place}`, unescapeXml(text));
  }
  return texts;
}

function elementOf(xml: string, name: string): string | undefined {
  const content = between(xml, `<${name}`, `</${name}>`);
  if (content === undefined) return undefined;
  const item = between(content, '<rdf:li', '</rdf:li>');
  return withoutCdata(item ?? content);
}

/** The content between the opening and the closing tag. */
function between(xml: string, opening: string, closing: string): string | undefined {
  const start = xml.indexOf(opening);
  const tagEnd = start < 0 ? -1 : xml.indexOf('>', start + opening.length);
  if (tagEnd < 0 || !/[\s>]/.test(xml[start + opening.length] ?? '')) return undefined;
  const end = xml.indexOf(closing, tagEnd);
  return end < 0 ? undefined : xml.slice(tagEnd + 1, end);
}

function attributeOf(xml: string, name: string): string | undefined {
  for (const quote of ['"', "'"]) {
    const opening = `${name}=${quote}`;
    const start = xml.indexOf(opening);
    const end = start < 0 ? -1 : xml.indexOf(quote, start + opening.length);
    if (end >= 0) return xml.slice(start + opening.length, end);
  }
  return undefined;
}

function withoutCdata(text: string): string {
  const trimmed = text.trim();
  if (!trimmed.startsWith('<![CDATA[') || !trimmed.endsWith(']]>')) return text;
  return trimmed.slice('<![CDATA['.length, -']]>'.length).replaceAll('&', '&amp;'); // its ampersands are not entities
}

const entities: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([\da-f]{1,6})|#(\d{1,7})|([a-z]{2,4}));/gi, (whole, hexadecimal, decimal, name) => {
    if (name !== undefined) return entities.get(String(name)) ?? whole;
    const code = hexadecimal === undefined ? Number(decimal) : Number.parseInt(String(hexadecimal), 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
