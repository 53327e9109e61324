/** The face of the model checker; README.md says how to use it. */
export { audit } from './audit.ts';
export { explore, type Report, type Scenario } from './explore.ts';
export { type Failure, type FailureKind, Violation } from './failure.ts';
export { type Instrumented, instrument } from './instrument.ts';
export type { Machine } from './machine.ts';
export type { EngineEvent, Observer } from './observer.ts';
export type { Body, RecoverBody } from './options.ts';
export { describeOp, type Op, type Site } from './site.ts';
export type { Strategy } from './strategy.ts';
export type { Thread } from './virtual-thread.ts';
