/** The contract's limits that the command line checks by itself: reading the whole contract would make `easel --help` slow. */
export const keyScopes = ['generate', 'read', 'admin'] as const;
export const largestAmount = 999_999_999;
export const largestRate = 100_000;
