/**
 * What the reader's system asks for: light or dark, and less motion.
 */
import { useEffect, useState } from 'preact/hooks';
import { dark, light, type Theme } from './palette.ts';

function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const change = () => setMatches(list.matches);
    change();
    list.addEventListener('change', change);
    return () => list.removeEventListener('change', change);
  }, [query]);
  return matches;
}

export function useTheme(): Theme {
  return useMedia('(prefers-color-scheme: dark)') ? dark : light;
}

export function useStillness(): boolean {
  return useMedia('(prefers-reduced-motion: reduce)');
}
