/**
 * After which steps previews are sent: as many as asked for, evenly between the start and the end; the finished picture is not
 * among them.
 *
 * @example
 * previewSteps(25, 2); // [8, 17]
 */
export function previewSteps(total: number, previews: number): readonly number[] {
  const steps = Array.from({ length: previews }, (_, index) => Math.round((total * (index + 1)) / (previews + 1)));
  return steps.filter((step) => step >= 1 && step < total);
}
