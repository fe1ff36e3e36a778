// Bundles src/ into dist/, which is checked in, so that cargo is enough to build the page.
// `node build.mjs DIRECTORY` writes to another directory, for comparison.
import { build } from "esbuild";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, "dist"));

await mkdir(join(out, "assets"), { recursive: true });
await build({
  absWorkingDir: here,
  entryPoints: [
    { in: "src/main.tsx", out: "app" },
    { in: "src/style.css", out: "app" },
  ],
  outdir: join(out, "assets"),
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  charset: "utf8",
  logLevel: "warning",
});
for (const name of ["index.html", "icon.svg"]) {
  await copyFile(join(here, "src", name), join(out, name === "index.html" ? name : `assets/${name}`));
}
const licence = await readFile(join(here, "node_modules/preact/LICENSE"), "utf8");
await writeFile(join(out, "assets", "LICENSES.txt"), `The bundle app.js contains Preact, https://preactjs.com:\n\n${licence}`);
