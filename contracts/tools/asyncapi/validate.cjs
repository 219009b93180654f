"use strict";
// Prints each error that AsyncAPI's own parser finds, one line each; exit 1 where there is one.
// Usage: NODE_PATH=<folder with @asyncapi/parser> node validate.cjs asyncapi.json
const { readFileSync } = require("node:fs");
const { Parser } = require("@asyncapi/parser");

const SEVERITIES = ["error", "warning", "information", "hint"];
const ERROR = 0;

async function main(path) {
  const { document, diagnostics } = await new Parser().parse(readFileSync(path, "utf8"));
  const errors = diagnostics.filter((found) => found.severity === ERROR);
  for (const found of errors) {
    console.log(`${SEVERITIES[found.severity]} at ${found.path.join(".") || "the top"}: ${found.message}`);
  }
  if (document === undefined && errors.length === 0) console.log("error at the top: no document came of it");
  return document === undefined || errors.length > 0 ? 1 : 0;
}

main(process.argv[2]).then(
  (status) => { process.exitCode = status; },
  (error) => { console.log(`error: ${error.message}`); process.exitCode = 1; },
);
