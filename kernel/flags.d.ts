/**
 * Build flags, set by `asc --use NAME=VALUE`; `isDefined(NAME)` asks whether one was given.
 * Nothing here exists at run time.
 */
declare const PAGELESS_DEBUG: bool;
