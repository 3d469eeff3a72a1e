/** The schema of a route that the API page need not show. */
export function hidden<Schema extends object>(schema: Schema): Schema & { readonly hide: true } {
  return { ...schema, hide: true };
}
