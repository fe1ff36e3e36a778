// How the page reads the published description, for every command and webhook.

import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { duplicateFields, explainCode, readReference, type Operation } from "../src/document";
import { draftOf, freshNumbers, isDroppedAsDuplicate } from "../src/drafts";
import { isObject, parseJson, sameJson, writeJson, type Json } from "../src/json";
import { kindInWords, limitsInWords, problem } from "../src/limits";
import { Schemas } from "../src/schema";
import { asCurl, asRust } from "../src/snippet";

const root = process.env["ROOT"] ?? ".";
const reference = readReference(parseJson(readFileSync(join(root, "openapi/tencent-chat.json"), "utf8")));
const schemas = new Schemas(reference);
const all = [...reference.commands, ...reference.webhooks];
const info = { sdk_app_id: 1400000000, admins: ["administrator"], base_url: "http://127.0.0.1:8600", data: false, version: "0.1.0" };

function command(path: string): Operation {
  const found = reference.findCommand(path);
  assert.ok(found, path);
  return found;
}

/** Problems of a value and of everything in it, each checked against its schema. */
function problems(schema: Json | undefined, value: Json, at: string): string[] {
  if (!isObject(schema)) return [];
  const own = problem(schemas, schema, value);
  const entries: [string | number, Json][] = Array.isArray(value) ? value.map((item, place) => [place, item]) : isObject(value) ? Object.entries(value) : [];
  return [...(own ? [`${at} ${own}`] : []), ...entries.flatMap(([key, inner]) => problems(schemas.within(schema, value, key), inner, `${at}.${key}`))];
}

test("the whole description is read", () => {
  assert.equal(reference.commands.length, 180);
  assert.equal(reference.webhooks.length, 61);
  for (const operation of all) {
    assert.ok(operation.title && operation.description && operation.family, operation.command);
    assert.ok(Object.keys(operation.request).length > 0 && Object.keys(operation.reply).length > 0, operation.command);
  }
});

test("samples fit their forms", () => {
  let samples = 0;
  for (const operation of all) {
    for (const sample of operation.requestSamples) {
      assert.ok(schemas.fits(operation.request, sample.value), `${operation.command} ${sample.name}`);
      assert.deepEqual(problems(operation.request, sample.value, `${operation.command} ${sample.name}`), []);
      samples++;
    }
  }
  assert.ok(samples > all.length);
});

test("every form can start with the required fields", () => {
  for (const operation of all) {
    const skeleton = schemas.skeleton(operation.request);
    assert.ok(isObject(skeleton), operation.command);
    const shape = schemas.shape(operation.request);
    assert.equal(shape.kind, "object", operation.command);
    if (shape.kind !== "object") continue;
    const required = shape.fields.filter((field) => field.required).map((field) => field.name);
    for (const name of required) assert.ok(name in skeleton, `${operation.command} ${name}`);
    for (const field of shape.fields) {
      assert.notEqual(kindInWords(schemas, field.schema), "", `${operation.command} ${field.name}`);
      assert.ok(Array.isArray(limitsInWords(schemas, field.schema)));
    }
  }
});

test("replies are explained field by field", () => {
  for (const operation of all) {
    for (const sample of operation.replySamples) {
      if (!isObject(sample.value)) continue;
      for (const name of Object.keys(sample.value)) {
        const field = schemas.within(operation.reply, sample.value, name);
        assert.ok(field && schemas.description(field) !== "", `${operation.command} ${sample.name} ${name}`);
      }
    }
  }
});

test("limits are shown, and violations reported", () => {
  const send = command("v4/openim/sendmsg");
  const to = schemas.within(send.request, {}, "To_Account");
  assert.ok(to);
  assert.ok(limitsInWords(schemas, to).includes("at most 32 bytes"));
  assert.equal(problem(schemas, to, "é".repeat(16)), undefined);
  assert.equal(problem(schemas, to, "é".repeat(17)), "has 34 bytes, and at most 32 are allowed");
  assert.equal(problem(schemas, to, 7), "must be text");
});

test("mutually exclusive fields are known, and unions by their tags", () => {
  const shape = schemas.shape(command("v4/im_open_login_svc/multiaccount_import").request);
  assert.deepEqual(shape.kind === "object" && shape.oneOf, ["Accounts", "AccountList"]);
  const element = reference.schemas["MsgElement"];
  assert.ok(element);
  const union = schemas.shape(element);
  assert.ok(union.kind === "union" && union.tag === "MsgType");
  for (const variant of union.variants) assert.ok(schemas.fits(element, schemas.skeleton(variant.schema)), variant.tag);
});

test("integers keep all their digits", () => {
  const text = '{"a":18446744073709551615,"b":9007199254740993,"c":-1,"d":0.5,"e":"9007199254740993"}';
  const read = parseJson(text);
  assert.ok(isObject(read));
  assert.equal(read["c"], -1);
  assert.equal(read["e"], "9007199254740993");
  // Older versions of Node lack it; the browser tests check it in any case.
  if ("rawJSON" in JSON) {
    assert.equal(read["a"], 18446744073709551615n);
    assert.equal(read["b"], 9007199254740993n);
    assert.equal(writeJson(read, 0), text);
  }
  assert.ok(sameJson({ a: [1] }, { a: [1] }) && !sameJson({ a: [1] }, { a: [2] }));
  assert.throws(() => parseJson("{"), SyntaxError);
});

test("a repeat is not dropped as a duplicate unless requested", () => {
  const send = command("v4/openim/sendmsg");
  assert.deepEqual(duplicateFields(send), ["MsgRandom", "MsgSeq"]);
  const body = { To_Account: "mei", MsgRandom: 7, MsgSeq: 1, MsgBody: [] };
  assert.ok(isDroppedAsDuplicate(send, body));
  assert.ok(!isDroppedAsDuplicate(send, { To_Account: "mei", MsgRandom: 7, MsgBody: [] }));
  const fresh = freshNumbers(send, body);
  assert.ok(isObject(fresh) && fresh["To_Account"] === "mei" && fresh["MsgRandom"] !== 7);
  const read = command("v4/openim/admin_getroammsg");
  assert.ok(!isDroppedAsDuplicate(read, body));
  assert.deepEqual(freshNumbers(read, body), body);
});

test("a code is explained for its command", () => {
  const known = explainCode(reference, 10021, command("v4/group_open_http_svc/create_group"));
  assert.equal(known?.name, "GROUP_ID_TAKEN");
  assert.equal(explainCode(reference, 120001)?.name, "MESSAGE_REFUSED_BY_APP");
  assert.equal(explainCode(reference, 129999)?.name, "MESSAGE_REFUSED_BY_APP");
  assert.equal(explainCode(reference, 1), undefined);
});

test("every command has a type of this name for Rust programs", () => {
  const files = join(root, "crates/types/src/generated");
  const programs: string[] = [];
  for (const operation of reference.commands) {
    const rust = asRust(info, operation, operation.command, "administrator", draftOf(schemas, operation));
    programs.push(rust);
    const [, module = "", name = ""] = /use tencent_chat_types::(\w+)::(\w+);/.exec(rust) ?? [];
    const sources = readdirSync(join(files, module)).map((file) => readFileSync(join(files, module, file), "utf8"));
    assert.ok(sources.some((source) => new RegExp(`pub struct ${name} \\{`).test(source)), `${module}::${name}`);
  }
  // tests/browser/run compiles them: one module each.
  const copied = process.env["COPIED_RUST"];
  if (copied === undefined) return;
  programs.push(asRust(info, undefined, "v4/openim/new_command", "administrator", { Any: 'thing "#' }));
  writeFileSync(copied, ["#![allow(dead_code)]", ...programs.map((program, place) => `mod program${place} {\n${program}}`), "fn main() {}", ""].join("\n"));
});

test("copied snippets are quoted, and only refer to the signature", () => {
  const body = { Text: `it's "#quoted"# \\ $HOME \`id\`` };
  const curl = asCurl(info, "v4/openim/sendmsg", "o'admin", body);
  assert.ok(curl.includes(String.raw`it'\''s`));
  assert.ok(curl.includes("identifier=o'\\''admin") || curl.includes("identifier=o%27admin"));
  assert.ok(curl.includes("usersig=$TENCENT_CHAT_USERSIG"));
  const rust = asRust(info, undefined, "v4/openim/new_command", "administrator", body);
  assert.ok(rust.includes('r##"') && rust.includes("send_raw(\"v4/openim/new_command\""));
  assert.ok(rust.includes('SecretKey::from_env("TENCENT_CHAT_SECRET_KEY")'));
});

test("schemas used by the state views exist", () => {
  const views = join(root, "crates/cli/page/src");
  const sources = readdirSync(views, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name));
  const named = sources.flatMap((entry) => [...readFileSync(join(entry.parentPath, entry.name), "utf8").matchAll(/schemas\["(\w+)"\]/g)].map(([, name = ""]) => name));
  assert.ok(named.length > 0);
  for (const name of named) assert.ok(reference.schemas[name], name);
});
