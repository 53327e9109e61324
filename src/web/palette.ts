/**
 * Colours of uses. Chosen by a search for the largest distance between any two, as people see them
 * with all kinds of cones and with one kind missing; palette.test.ts holds the distances. Free
 * pages are nearly the background's colour, so that what is used stands out.
 *
 * By code (reports/uses.ts). A colour is never the only sign: the legend's rows light up their
 * pages.
 */
import { CODES, FIRST_USER_CODE } from '../reports/uses.ts';

export interface Theme {
  /** Between blocks. */
  background: string;
  /** What a page that has just changed flashes in. */
  flash: string;
  colours: string[];
}

function colours(known: string[], users: string[], unknown: string): string[] {
  const all: string[] = new Array(CODES).fill(unknown);
  for (const [code, colour] of known.entries()) all[code] = colour;
  for (const [i, colour] of users.entries()) all[FIRST_USER_CODE + i] = colour;
  return all;
}

/** Types of a user's own: those that are met most come first. */
const lightUsers = [
  ...['#95fb81', '#b54b05', '#8ca9dd', '#7574bf'],
  ...['#2c1b9a', '#b89e6c', '#2c0d03', '#000722'],
];
const darkUsers = [
  ...['#829cfe', '#c2ffae', '#c380be', '#632a02'],
  ...['#18f1ff', '#6ad082', '#470067', '#060015'],
];

export const light: Theme = {
  background: '#ffffff',
  flash: '#e8331c',
  colours: colours(
    [
      ...['#f3f1ec', '#332d20', '#f3a61a', '#796c5b', '#b9bda7', '#600061', '#53481f'],
      ...['#b57f1c', '#4a58c6', '#189c9e', '#febaf5', '#863a7a', '#000000', '#a376f8'],
    ],
    lightUsers,
    '#9a9a9a',
  ),
};

export const dark: Theme = {
  background: '#16191f',
  flash: '#ffffff',
  colours: colours(
    [
      ...['#1c1f24', '#5f584f', '#fddc3c', '#9fa38e', '#3c3d4e', '#7f77df', '#89703e'],
      ...['#e29430', '#2451b6', '#9de3b6', '#daa6d6', '#bd5a8f', '#ffffff', '#8a1e84'],
    ],
    darkUsers,
    '#777777',
  ),
};

/** A pixel as it stands in an ImageData that is looked at as 32-bit words (little-endian). */
export function pixel(colour: string): number {
  const rgb = Number.parseInt(colour.slice(1), 16);
  const [red, green, blue] = [(rgb >> 16) & 255, (rgb >> 8) & 255, rgb & 255];
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** `share` of the way from one colour to another. */
export function mix(from: string, to: string, share: number): string {
  const part = (colour: string, at: number) => Number.parseInt(colour.slice(at, at + 2), 16);
  const mixed = [1, 3, 5].map((at) =>
    Math.round(part(from, at) + (part(to, at) - part(from, at)) * share)
      .toString(16)
      .padStart(2, '0'),
  );
  return `#${mixed.join('')}`;
}
