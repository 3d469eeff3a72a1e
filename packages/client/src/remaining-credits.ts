/** What the account can still spend, as every reply to a known key says; undefined where the reply does not. */
export function remainingCreditsOf(reply: Response): number | undefined {
  const sent = reply.headers.get('x-remaining-credits');
  return sent === null ? undefined : Number(sent);
}
