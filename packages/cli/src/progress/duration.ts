/** Milliseconds for people: `3.2 s`, `42 s`, `2:05 min`, `1:02 h`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${twoDigits(whole % 60)} min`;
  return `${Math.floor(minutes / 60)}:${twoDigits(minutes % 60)} h`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
