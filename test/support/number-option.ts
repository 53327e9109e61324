/** Numbers of a command line. */

/**
 * @param name  as the user writes it
 * @returns the number that the text says; `Infinity` is one
 * @throws Error for anything else, which would otherwise run as NaN and prove nothing
 */
export function numberOption(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new Error(`${name} ${text} is no number`);
  return value;
}
