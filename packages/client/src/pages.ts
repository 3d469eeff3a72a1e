interface Page {
  readonly next_cursor: string | null;
}

/** The entries of all pages; each page is fetched when it is needed. */
export async function* entriesOf<Query extends object, Reply extends Page, Entry>(
  query: Query,
  fetchPage: (query: Query & { readonly cursor?: string }) => Promise<Reply>,
  entries: (page: Reply) => readonly Entry[],
): AsyncGenerator<Entry, void, undefined> {
  let page = await fetchPage(query);
  yield* entries(page);
  while (page.next_cursor !== null) {
    page = await fetchPage({ ...query, cursor: page.next_cursor });
    yield* entries(page);
  }
}
