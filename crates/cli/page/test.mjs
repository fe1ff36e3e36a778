// Bundles the tests in test/ and runs them with Node's runner. `node test.mjs DIRECTORY` sets where the bundle goes.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../../..");
const bundle = join(resolve(process.argv[2] ?? join(root, "target/page")), "page.test.mjs");

await build({ absWorkingDir: here, entryPoints: ["test/page.test.ts"], outfile: bundle, bundle: true, platform: "node", format: "esm", jsx: "automatic", jsxImportSource: "preact", logLevel: "warning" });
const { status } = spawnSync(process.execPath, ["--test", bundle], { stdio: "inherit", env: { ...process.env, ROOT: root } });
process.exit(status ?? 1);
