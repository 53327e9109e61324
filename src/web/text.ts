/**
 * Numbers as people read them.
 */
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
export const MIB: number = 2 ** 20;

export function count(value: number): string {
  return Number.isFinite(value) ? whole.format(value) : '–';
}

export function mebibytes(bytes: number): string {
  const size = bytes / MIB;
  return size >= 100 ? whole.format(size) : size.toFixed(2);
}

export function percent(share: number): string {
  if (!Number.isFinite(share)) return '–';
  const value = share * 100;
  return `${value >= 99.95 || value === 0 ? whole.format(value) : value.toFixed(1)} %`;
}

export function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`;
}

export function clock(time: number): string {
  return new Date(time).toLocaleTimeString('en-GB');
}
