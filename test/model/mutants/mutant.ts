/** A mutant written by hand. */
export interface Mutant {
  name: string;
  /** What is found, exactly once in one file of the kernel, and what takes its place. */
  edits: [find: string, replace: string][];
  /** One of these must fail. */
  scenarios: string[];
  /** Preemptions, where more are needed than the scenario's own bound. */
  bound?: number;
  /** Hunted in the build that asserts contexts, with no preemption: one thread shows it. */
  isAsserted?: boolean;
  /** Hunted in the smallest geometry: in that which ships it is seldom met. */
  isSmall?: boolean;
}
