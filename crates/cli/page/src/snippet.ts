// A request as a program would send it. Copied snippets refer to the signature, and never contain one.

import type { Info } from "./contract";
import type { Operation } from "./document";
import { writeJson, type Json } from "./json";

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** For a shell. */
export function asCurl(info: Info, command: string, identifier: string, body: Json): string {
  const base = info.base_url.replace(/\/$/, "");
  const query = `sdkappid=${info.sdk_app_id}&identifier=${encodeURIComponent(identifier)}`;
  return [
    `# TENCENT_CHAT_USERSIG=$(tencent-chat sig sign ${shellQuoted(identifier)} --output table)`,
    `curl --request POST ${shellQuoted(`${base}/${command}?${query}`)}"&usersig=$TENCENT_CHAT_USERSIG&random=$RANDOM&contenttype=json" \\`,
    "  --header 'Content-Type: application/json' \\",
    `  --data ${shellQuoted(writeJson(body))}`,
    "",
  ].join("\n");
}

/** Module and name of the request's type in the types crate. */
function rustType(operation: Operation): { module: string; name: string } {
  const prefix = operation.family.split("_").map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
  return { module: operation.family, name: operation.typeName.slice(prefix.length) };
}

function rustText(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/"(#*)/g)].map(([, marks = ""]) => marks.length + 1));
  const marks = "#".repeat(Math.max(1, longest));
  return `r${marks}"${text}"${marks}`;
}

/** For a program that uses the SDK. A command without a type is sent as raw JSON. */
export function asRust(info: Info, operation: Operation | undefined, command: string, identifier: string, body: Json): string {
  const quoted = (text: string) => JSON.stringify(text).replaceAll(/\\u([0-9a-f]{4})/g, "\\u{$1}");
  const client = [
    `    let client = Client::builder(${info.sdk_app_id}, ${quoted(identifier)}, SecretKey::from_env("TENCENT_CHAT_SECRET_KEY")?)`,
    `        .base_url(${quoted(info.base_url)})`,
    "        .build()?;",
  ];
  const json = rustText(writeJson(body));
  const type = operation && rustType(operation);
  const imports = ["use tencent_chat_client::{Client, SecretKey};"];
  if (type) imports.push(`use tencent_chat_types::${type.module}::${type.name};`);
  const request = type ? `    let request: ${type.name} = serde_json::from_str(${json})?;` : `    let request: serde_json::Value = serde_json::from_str(${json})?;`;
  const call = type ? "client.send(&request)" : `client.send_raw(${quoted(command)}, &request)`;
  return [
    ...imports,
    "",
    "#[tokio::main]",
    "async fn main() -> Result<(), Box<dyn std::error::Error>> {",
    ...client,
    request,
    `    println!("{:#?}", ${call}.await?);`,
    "    Ok(())",
    "}",
    "",
  ].join("\n");
}
