// Runs a TypeScript file with the TypeScript support that Vite brings: node 20 has none of its own.
import { runnerImport } from 'vite';

await runnerImport(process.argv.splice(2, 1)[0], { configFile: false, logLevel: 'error' });
