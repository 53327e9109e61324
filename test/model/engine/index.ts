/** The face of the model checker; README.md says how to use it. */
export { audit } from './audit.ts';
export { explore, type Mode, type Report, type Scenario, usedSeconds } from './explore.ts';
export { type Failure, type FailureKind, Violation } from './failure.ts';
export { type Instrumented, instrument } from './instrument.ts';
export { type Judge, LifetimeChecker, type Look } from './lifetimes.ts';
export type { Body, Machine, RecoverBody } from './machine.ts';
export { allOf, type EngineEvent, type MachineView, type Observer } from './observer.ts';
export {
  type AllowedRace,
  describeRace,
  type Race,
  RaceViolation,
} from './race.ts';
export { RaceDetector, type RaceOptions } from './race-detector.ts';
export { describeOp, type Op, type Site } from './site.ts';
export type { Strategy } from './strategy.ts';
export { type Thread, UNWOUND } from './virtual-thread.ts';
