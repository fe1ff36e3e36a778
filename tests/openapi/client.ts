// Imports users, sends a message, groups conversations and pages through them, using only the types that
// openapi-typescript generates from the published document.
//
//   BASE_URL=… SDK_APP_ID=… ADMIN=… SECRET_KEY=… node out/client.js

import createClient from "openapi-fetch";
import tls from "tls-sig-api-v2";
import type { components, paths } from "./api.js";

type Schemas = components["schemas"];
type MsgElement = Schemas["MsgElement"];

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

const query = { sdkappid: required("SDK_APP_ID"), identifier: required("ADMIN") };
const signer = new tls.Api(Number(query.sdkappid), required("SECRET_KEY"));
const usersig = signer.genUserSig(query.identifier, 86_400);

const api = createClient<paths>({ baseUrl: required("BASE_URL") });
api.use({
  // Parameters of every call, in addition to its arguments.
  onRequest({ request }) {
    const url = new URL(request.url);
    url.searchParams.set("usersig", usersig);
    url.searchParams.set("random", String(Math.floor(Math.random() * 2 ** 32)));
    url.searchParams.set("contenttype", "json");
    return new Request(url, request);
  },
});

type Reply = { ErrorCode: number; ErrorInfo?: string };

/** The reply, or an exception with the service's code. */
function succeeded<T extends Reply>(data: T | undefined): Extract<T, { ErrorCode: 0 }> {
  if (!data) throw new Error("no reply");
  if (data.ErrorCode !== 0) throw new Error(`${data.ErrorCode}: ${data.ErrorInfo}`);
  return data as Extract<T, { ErrorCode: 0 }>;
}

/** The text of an element; each tag has its own type of content. */
function shown(element: MsgElement): string {
  switch (element.MsgType) {
    case "TIMTextElem":
      return (element as Schemas["MsgElementText"]).MsgContent.Text;
    default:
      return `(${element.MsgType})`;
  }
}

const friends = Array.from({ length: 150 }, (_, number) => `friend-${number}`);
const users = ["lin", ...friends];
// `satisfies` rejects a misspelled field, which openapi-fetch alone lets through.
for (let from = 0; from < users.length; from += 100) {
  const imported = await api.POST("/v4/im_open_login_svc/multiaccount_import", {
    params: { query },
    body: {
      AccountList: users.slice(from, from + 100).map((user) => ({ UserID: user })),
    } satisfies Schemas["AccountImportAccounts"],
  });
  console.log("imported, failed:", succeeded(imported.data).FailAccounts.length);
}

const text: MsgElement = { MsgType: "TIMTextElem", MsgContent: { Text: "Dinner at seven?" } };
const sent = await api.POST("/v4/openim/sendmsg", {
  params: { query },
  body: {
    From_Account: "lin",
    To_Account: "friend-0",
    MsgRandom: 7,
    MsgSeq: 1,
    MsgBody: [text],
  } satisfies Schemas["MessageSendMsg"],
});
console.log("sent:", shown(text), succeeded(sent.data).MsgKey);

const created = await api.POST("/v4/recentcontact/create_contact_group", {
  params: { query },
  body: {
    From_Account: "lin",
    GroupContactItem: [
      { GroupName: "family", ContactItem: friends.map((user) => ({ Type: 1, To_Account: user })) },
    ],
  } satisfies Schemas["ConversationCreateContactGroup"],
});
succeeded(created.data);

const members = new Set<string>();
let pages = 0;
for (let start = 0, last = false; !last; pages++) {
  if (pages > 100) throw new Error("the listing does not end");
  const page = await api.POST("/v4/recentcontact/get_contact_group", {
    params: { query },
    body: { From_Account: "lin", StartIndex: start } satisfies Schemas["ConversationGetContactGroup"],
  });
  const reply = succeeded(page.data);
  for (const item of reply.ContactItem) members.add(item.To_Account ?? "");
  start = reply.NextStartIndex;
  last = reply.CompleteFlag === 1;
}
if (members.size !== friends.length) throw new Error(`${members.size} of ${friends.length} were listed`);
if (pages < 2) throw new Error("the listing has one page only");
console.log("listed, pages:", members.size, pages);

const refused = await api.POST("/v4/openim/sendmsg", {
  params: { query },
  body: { To_Account: "nobody", MsgRandom: 8, MsgBody: [text] } satisfies Schemas["MessageSendMsg"],
});
if (refused.data?.ErrorCode === 0) throw new Error("a message to nobody was taken");
console.log("refused:", refused.data?.ErrorCode);
