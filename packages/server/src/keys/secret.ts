/** The server's secret. It can be used and not read, so it cannot get into a log. */
export interface ServerSecret {
  /** HMAC-SHA256 (RFC 2104) of the text: 32 bytes. Different purposes give unrelated results. */
  hmac(purpose: string, text: string): Uint8Array;
}
