/** What is wrong with a request, in words for its sender. */
export interface Fault {
  /** The field at fault, `a.b` for one within another; absent when it is the body as a whole. */
  readonly param?: string;
  readonly message: string;
}
