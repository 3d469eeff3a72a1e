const plain = new Intl.NumberFormat('en', { maximumFractionDigits: 6 });

/** Credits to the last digit that there is. */
export function credits(amount: number): string {
  return plain.format(amount);
}

/** A balance: four digits after the point are enough to see that it moves. */
export function balance(amount: number): string {
  return new Intl.NumberFormat('en', { maximumFractionDigits: amount < 1 ? 6 : 4 }).format(amount);
}

export function pictures(count: number): string {
  return count === 1 ? '1 picture' : `${count} pictures`;
}

export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  if (count < 1_000_000) return `${(count / 1000).toFixed(0)} kB`;
  if (count < 1_000_000_000) return `${(count / 1_000_000).toFixed(1)} MB`;
  return `${(count / 1_000_000_000).toFixed(2)} GB`;
}

export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.round(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function moment(instant: string): string {
  return new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(instant));
}
