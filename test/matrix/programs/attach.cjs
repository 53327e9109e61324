/** A worker of the tests that run inside a test runner. */
const { parentPort, workerData } = require('node:worker_threads');
const { SharedCache } = require('pageless');

const cache = SharedCache.attach(workerData);
cache.set('from the worker', `${cache.get('from main')}, seen`);
parentPort.postMessage('done');
