"""Imports users, sends a message, groups conversations and pages through them, with the client that
openapi-python-client generates from the published document.

    BASE_URL=… SDK_APP_ID=… ADMIN=… SECRET_KEY=… python client.py
"""

import os
import random
from typing import TypeVar

import httpx
from TLSSigAPIv2 import TLSSigAPIv2
from tencent_chat import Client
from tencent_chat.api.account import account_import_accounts
from tencent_chat.api.conversation import conversation_create_contact_group, conversation_get_contact_group
from tencent_chat.api.message import message_send_msg
from tencent_chat.models import (
    AccountImportAccounts,
    ConversationCreateContactGroup,
    ConversationGetContactGroup,
    Failure,
    MessageSendMsg,
)

APP, ADMIN = os.environ["SDK_APP_ID"], os.environ["ADMIN"]
SIG = TLSSigAPIv2(int(APP), os.environ["SECRET_KEY"]).gen_sig(ADMIN, 86_400)

Reply = TypeVar("Reply")


def complete(request: httpx.Request) -> None:
    """Adds the parameters of every call to its arguments."""
    request.url = request.url.copy_merge_params(
        {"usersig": SIG, "random": str(random.getrandbits(32)), "contenttype": "json"}
    )


client = Client(os.environ["BASE_URL"], httpx_args={"event_hooks": {"request": [complete]}})
caller = {"client": client, "sdkappid": APP, "identifier": ADMIN}


def succeeded(reply: Reply | Failure | None) -> Reply:
    """The reply, or an exception with the service's code."""
    if reply is None or isinstance(reply, Failure):
        raise RuntimeError(f"failed: {reply}")
    return reply


friends = [f"friend-{number}" for number in range(150)]
users = ["lin", *friends]
for start in range(0, len(users), 100):
    accounts = AccountImportAccounts.from_dict({"AccountList": [{"UserID": user} for user in users[start : start + 100]]})
    imported = succeeded(account_import_accounts.sync(body=accounts, **caller))
    print("imported, failed:", len(imported.fail_accounts))

message = MessageSendMsg.from_dict(
    {
        "From_Account": "lin",
        "To_Account": "friend-0",
        "MsgRandom": 7,
        "MsgSeq": 1,
        "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "Dinner at seven?"}}],
    }
)
sent = succeeded(message_send_msg.sync(body=message, **caller))
print("sent:", sent.msg_key)

group = ConversationCreateContactGroup.from_dict(
    {
        "From_Account": "lin",
        "GroupContactItem": [
            {"GroupName": "family", "ContactItem": [{"Type": 1, "To_Account": user} for user in friends]}
        ],
    }
)
succeeded(conversation_create_contact_group.sync(body=group, **caller))

members: set[str] = set()
start = 0
for pages in range(1, 101):
    request = ConversationGetContactGroup(from_account="lin", start_index=start)
    page = succeeded(conversation_get_contact_group.sync(body=request, **caller))
    members.update(str(item.to_account) for item in page.contact_item)
    start = page.next_start_index
    if page.complete_flag == 1:
        break
else:
    raise RuntimeError("the listing does not end")
assert members == set(friends), members
assert pages > 1, "the listing has one page only"
print("listed, pages:", len(members), pages)

nobody = MessageSendMsg.from_dict({**message.to_dict(), "To_Account": "nobody", "MsgRandom": 8})
refused = message_send_msg.sync(body=nobody, **caller)
assert isinstance(refused, Failure) and refused.error_code != 0, refused
print("refused:", refused.error_code)
