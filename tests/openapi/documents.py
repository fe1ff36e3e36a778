"""The two forms of the published document say the same to readers of YAML 1.1 too."""

import json
import sys

import yaml

folder = sys.argv[1]
with open(f"{folder}/tencent-chat.json", encoding="utf-8") as file:
    as_json = json.load(file)
with open(f"{folder}/tencent-chat.yaml", encoding="utf-8") as file:
    as_yaml = yaml.load(file, Loader=yaml.CSafeLoader)
if as_json != as_yaml:
    sys.exit("tencent-chat.yaml reads differently from tencent-chat.json")
print("equal:", len(as_json["paths"]), "paths,", len(as_json["webhooks"]), "webhooks")
