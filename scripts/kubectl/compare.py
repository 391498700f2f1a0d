"""usage: compare.py IPVSYNC KUBECTL FOLDER

Has both read every spelling, and tells where ipvsync plans otherwise than for what kubectl read, without a word.
"""

import concurrent.futures
import json
import os
import re
import subprocess
import sys

import spellings

ipvsync, kubectl, folder = sys.argv[1:]

INTEGERS = {"port", "nodePort", "timeoutSeconds"}
BOOLS = {"ready", "serving", "publishNotReadyAddresses"}
TEXTS = {"clusterIP", "externalTrafficPolicy", "name", "protocol", "nodeName", "ip", "podCIDR", "address", "type"}
LISTS_OF_TEXTS = {"addresses", "externalIPs", "clusterIPs"}


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)


def ours(path):
    """The plan of a file with the explanation of a Service, or why it is refused."""
    arguments = ["--manifests", path, "--node", "n1"]
    planned = run(ipvsync, "plan", *arguments, "--snapshot", f"{folder}/empty.yaml", "--output", "json")
    if planned.returncode not in (0, 2):
        return planned.returncode, planned.stderr.decode(errors="replace")
    explained = run(ipvsync, "explain", "-n", "shop", "web", *arguments, "--output", "json")
    return 0, (planned.stdout, explained.stdout)


def objects(text):
    decoder, found, at = json.JSONDecoder(), [], 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        value, at = decoder.raw_decode(text, at)
        found.append(value)
    return found


def misfit(value, key=""):
    """Whether a value is of a type that the API refuses in its field."""
    if isinstance(value, dict):
        if key in INTEGERS | BOOLS | TEXTS:
            return True
        texts = key in ("labels", "annotations") and any(not isinstance(v, str) for v in value.values() if v is not None)
        return texts or any(misfit(v, k) for k, v in value.items())
    if isinstance(value, list):
        texts = key in LISTS_OF_TEXTS and any(not isinstance(v, (str, dict)) for v in value if v is not None)
        return key in INTEGERS | BOOLS | TEXTS or texts or any(misfit(v) for v in value)
    if key in INTEGERS and value is not None:
        return type(value) is not int or not -2**31 <= value < 2**31
    if key in BOOLS and value is not None:
        return type(value) is not bool
    return key in TEXTS and value is not None and type(value) is not str


def kubectl_reads(path):
    return run(kubectl, "label", "--local", "--dry-run=client", "-o", "json", "-f", path, "checked=x")


def compare(number, name, content):
    """What became of a spelling: the kind, and what is to be said."""
    path = os.path.join(folder, f"{number}-{name}")
    with open(path, "wb") as file:
        file.write(content)
    read = kubectl_reads(path)
    if read.returncode and content.lstrip().startswith(b"{"):
        # kubectl reads this as YAML since 1.33, where an older one gives up.
        marked = os.path.join(folder, f"{number}-marked-{name}")
        with open(marked, "wb") as file:
            file.write(b"---\n" + content)
        read = kubectl_reads(marked)
    status, answer = ours(path)
    if status not in (0, 3) or status == 3 and not re.search(r"-case\.\w+(:\d+)?:", answer):
        return "different", f"ipvsync ends with {status}: {answer}"
    values = objects(read.stdout.decode()) if read.returncode == 0 else None
    if values is None or misfit(values):
        if status == 3:
            return "refused by both", None
        problem = read.stderr.decode(errors="replace").replace(folder, "")[:300]
        return "different", f"ipvsync takes what kubectl or the API refuses: {problem or values}"
    expected, theirs = plan_of(values, number)
    if status == 3:
        return ("refused by both" if expected == 3 else "refused by ipvsync alone"), answer.strip().splitlines()[0]
    if (status, answer) == (expected, theirs):
        return "same", None
    return "different", f"ipvsync plans otherwise than for what kubectl read: {theirs if expected else ''}"


plans = {}


def plan_of(values, number):
    """The plan of plain JSON, made once for all spellings of the same."""
    canonical = json.dumps({"apiVersion": "v1", "kind": "List", "items": values})
    if canonical not in plans:
        path = os.path.join(folder, f"{number}-read.json")
        with open(path, "w") as file:
            file.write(canonical)
        plans[canonical] = ours(path)
    return plans[canonical]


with open(f"{folder}/empty.yaml", "w") as file:
    file.write("virtualServers: []\n")
cases = list(spellings.cases())
counts = dict.fromkeys(["same", "refused by both", "refused by ipvsync alone", "different"], 0)
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    found = [pool.submit(compare, number, name, content) for number, (_, name, content) in enumerate(cases)]
    for (title, _, _), future in zip(cases, found):
        kind, message = future.result()
        counts[kind] += 1
        if kind == "different" or kind == "refused by ipvsync alone":
            print(f"check-kubectl: {title!r}: {kind}: {(message or '').replace(folder + '/', '')}", flush=True)
print(f"check-kubectl: {len(cases)} spellings: " + ", ".join(f"{n} {what}" for what, n in counts.items()))
sys.exit(counts["different"] > 0 or len(cases) < 300)
