/**
 * Colours that everybody can tell apart: distances between all pairs, for normal sight and for
 * three kinds of colour blindness (matrices of Machado, Oliveira and Fernandes, 2009), in OKLab.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CODES, FIRST_USER_CODE, uses } from '../reports/uses.ts';
import { dark, light, mix, pixel } from './palette.ts';

type Triple = [number, number, number];

const sights: Record<string, Triple[]> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

function linear(colour: string): Triple {
  const part = (at: number) => {
    const c = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return [part(1), part(3), part(5)];
}

function through(sight: Triple[], colour: Triple): Triple {
  const row = (weights: Triple) => weights.reduce((sum, one, i) => sum + one * colour[i]!, 0);
  return sight.map((weights) => Math.min(1, Math.max(0, row(weights)))) as Triple;
}

function oklab([r, g, b]: Triple): Triple {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function contrast(a: string, b: string): number {
  const luminance = (colour: string) => {
    const [r, g, blue] = linear(colour);
    return 0.2126 * r + 0.7152 * g + 0.0722 * blue;
  };
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** Of what the kernel knows, and of users' types. */
const codes = Array.from({ length: CODES }, (_, code) => code).filter(
  (code) => code < uses.length || code >= FIRST_USER_CODE,
);

/** Twice what people notice side by side, with cells of a few pixels in mind. */
const DISTANCE = 0.08;

for (const [name, theme] of Object.entries({ light, dark })) {
  for (const [sight, matrix] of Object.entries(sights)) {
    test(`no two uses look alike: ${name}, ${sight}`, () => {
      const colourOf = (code: number) => oklab(through(matrix, linear(theme.colours[code]!)));
      for (const i of codes) {
        for (const j of codes.filter((code) => code < i)) {
          const [a, b] = [colourOf(i), colourOf(j)];
          const distance = Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
          assert.ok(distance >= DISTANCE, `codes ${i} and ${j}: ${distance}`);
        }
      }
    });
  }
}

test('every text of the page stands out from its ground, at least 4.5 to 1', () => {
  const css = readFileSync(new URL('./page.css', import.meta.url), 'utf8');
  const of = (name: string) => {
    const [, bright, dim] = new RegExp(`--${name}: light-dark\\((#\\w+), (#\\w+)\\)`).exec(css)!;
    return [bright!, dim!];
  };
  for (const text of ['ink', 'dim', 'accent', 'bad', 'good']) {
    for (const ground of ['ground', 'panel']) {
      for (const [i, colour] of of(text).entries()) {
        const ratio = contrast(colour, of(ground)[i]!);
        assert.ok(ratio >= 4.5, `${text} on ${ground}, ${i === 0 ? 'light' : 'dark'}: ${ratio}`);
      }
    }
  }
});

test('colours become pixels, and shades of each other', () => {
  assert.equal(pixel('#102030'), 0xff302010);
  assert.equal(mix('#000000', '#ffffff', 0.5), '#808080');
  assert.equal(mix('#102030', '#ffffff', 0), '#102030');
});
