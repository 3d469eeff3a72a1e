import type { FastifyInstance } from 'fastify';

interface Place {
  readonly segments: readonly string[];
  readonly methods: Set<string>;
}

/** Which methods each address has, so that a wrong one is told from a wrong address (RFC 9110 §15.5.6). */
export class AllowedMethods {
  readonly #places = new Map<string, Place>();
  readonly #isModel: (slug: string) => boolean;

  /** @param isModel whether a `:slug` is the name of a model: an address of one that is not does not exist */
  constructor(isModel: (slug: string) => boolean) {
    this.#isModel = isModel;
  }

  /** Learns of every route that is registered afterwards. */
  listen(app: FastifyInstance): void {
    app.addHook('onRoute', ({ url, method }) => {
      if (url === '*') return;
      const place = this.#places.get(url) ?? { segments: url.split('/'), methods: new Set() };
      for (const each of [method].flat()) place.methods.add(each);
      this.#places.set(url, place);
    });
  }

  /** In the order of the alphabet; none when there is nothing at the address. */
  of(path: string): string[] {
    const segments = path.split('/').map(decoded);
    const methods = [...this.#places.values()]
      .filter((place) => this.#leadsTo(place, segments))
      .flatMap((place) => [...place.methods]);
    return methods.length === 0 ? [] : [...new Set([...methods, 'OPTIONS'])].sort();
  }

  #leadsTo({ segments: pattern }: Place, segments: readonly string[]): boolean {
    const isOpenEnded = pattern.at(-1) === '*';
    if (isOpenEnded ? segments.length < pattern.length : segments.length !== pattern.length) return false;
    return pattern.every((part, index) => this.#fits(part, segments[index] ?? ''));
  }

  #fits(part: string, segment: string): boolean {
    if (part === '*') return true;
    if (part === ':slug') return this.#isModel(segment);
    return part.startsWith(':') ? segment !== '' : part === segment;
  }
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment; // not an escape: the router has taken it for what it is, too
  }
}
