/** All scenarios. */
import type { KernelScenario } from '../kernel-model.ts';
import { pageScenarios } from './pages.ts';
import { storeScenarios } from './store.ts';

export const scenarios: KernelScenario[] = [...pageScenarios, ...storeScenarios];
