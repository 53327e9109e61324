/** Says in one sentence how to get the pinned Node, where it is missing. Runs on any Node. */
const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 24) {
  console.error(
    `The tests need the pinned Node 24, but npm runs them on ${process.version} because install ` +
      'scripts were off: `npm rebuild node --ignore-scripts=false` installs it from the registry.',
  );
  process.exitCode = 1;
}
