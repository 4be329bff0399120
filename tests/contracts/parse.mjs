// Reads an AsyncAPI document with the official parser; prints what is wrong with it, and fails on errors and warnings.
// node tests/contracts/parse.mjs DOCUMENT, with the parser in NODE_PATH.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const require = createRequire(resolve(process.env.NODE_PATH, "package.json"));
const { Parser } = require("@asyncapi/parser");

const WARNING = 1;
const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
const serious = diagnostics.filter((each) => each.severity <= WARNING);
for (const each of serious) {
  console.error(`${each.path.join(".")}: ${each.message} (${each.code})`);
}
if (document === undefined || serious.length > 0) {
  process.exit(1);
}
const messages = document.allMessages().all().length;
console.log(JSON.stringify({ version: document.version(), channels: document.allChannels().all().length, messages }));
