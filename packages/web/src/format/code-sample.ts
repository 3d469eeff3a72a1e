export interface CodeSample {
  readonly name: 'curl' | 'TypeScript' | 'axios' | 'Python';
  readonly code: string;
}

/** A request as JSON: numbers, texts and the like by the names of the API. */
export type RequestFields = Readonly<Record<string, unknown>>;
