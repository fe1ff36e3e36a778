"""What schemathesis sends with every call: who calls, signed."""

import os
import itertools

import schemathesis
from TLSSigAPIv2 import TLSSigAPIv2

APP, ADMIN = os.environ["SDK_APP_ID"], os.environ["ADMIN"]
SIG = TLSSigAPIv2(int(APP), os.environ["SECRET_KEY"]).gen_sig(ADMIN, 86_400)
NUMBERS = itertools.count(1)


@schemathesis.hook
def before_call(context, case, kwargs):
    case.query = {
        "sdkappid": APP,
        "identifier": ADMIN,
        "usersig": SIG,
        "random": str(next(NUMBERS)),
        "contenttype": "json",
    }
