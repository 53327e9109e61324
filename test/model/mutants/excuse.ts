/** Why generated mutants are not hunted. */
export interface Excuse {
  because: string;
  /** Identities, as generate.ts makes them. */
  mutants: string[];
}
