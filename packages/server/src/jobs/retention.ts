/** How long what is kept, in milliseconds after the end of the job. */
export interface Retention {
  /** Pictures. */
  readonly imagesMs: number;
  /** Records of jobs. */
  readonly requestsMs: number;
  /** Pictures that are deleted when they are delivered, and never were. */
  readonly undeliveredMs: number;
}

export function after(moment: Date, ms: number): Date {
  return new Date(moment.getTime() + ms);
}
