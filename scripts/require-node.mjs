// Says what to do when an npm script runs on a Node too old for this repository. Plain JavaScript: an old Node must be able to read it.
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 19)) {
  console.error(
    [
      `mailanchor: this is Node.js ${process.versions.node}; 22.19 or newer is needed.`,
      'npm ci installs Node 24 beside the other packages (the npm package "node"). It is not there, so its install script has',
      'not run: npm was told to ignore scripts, or does not allow this one. Either let it run,',
      '    npm rebuild node',
      'or put a Node.js of 22.19 or newer first in PATH, and try again.',
    ].join('\n'),
  );
  process.exitCode = 1;
}
