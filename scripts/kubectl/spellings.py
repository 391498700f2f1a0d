"""Services, EndpointSlices, Endpoints and Nodes in many spellings of YAML and JSON: (title, file name, bytes)."""

import json
import re

TEMPLATE = """\
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop, labels: {tier: @label@}, annotations: {ipvsync.io/scheduler: @annotation@}}
spec:
  type: NodePort
  clusterIP: @clusterIP@
  clusterIPs: [10.96.0.10]
  externalIPs: [@externalIP@]
  sessionAffinity: ClientIP
  sessionAffinityConfig: {clientIP: {timeoutSeconds: @timeout@}}
  externalTrafficPolicy: @policy@
  publishNotReadyAddresses: @publish@
  ports: [{name: @portName@, port: @port@, protocol: @protocol@, nodePort: @nodePort@}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
endpoints:
- {addresses: [@endpoint@], nodeName: @nodeName@, conditions: {ready: @ready@, serving: @serving@}}
ports: [{name: http, port: @slicePort@, protocol: TCP}]
---
apiVersion: v1
kind: Service
metadata: {name: mydb, namespace: shop}
spec: {clusterIP: 10.96.0.11, clusterIPs: [10.96.0.11], ports: [{port: 5432}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: mydb, namespace: shop}
subsets: [{addresses: [{ip: @legacy@}], ports: [{port: @legacyPort@}]}]
---
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {zone: @nodeLabel@}}
spec: {podCIDR: @podCIDR@}
status: {addresses: [{type: InternalIP, address: @nodeAddress@}]}
"""
JSON_TEMPLATE = """\
{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop", "labels": {"tier": @label@},
  "annotations": {"ipvsync.io/scheduler": @annotation@}},
 "spec": {"type": "NodePort", "clusterIP": @clusterIP@, "clusterIPs": ["10.96.0.10"], "externalIPs": [@externalIP@],
  "sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": @timeout@}},
  "externalTrafficPolicy": @policy@, "publishNotReadyAddresses": @publish@,
  "ports": [{"name": @portName@, "port": @port@, "protocol": @protocol@, "nodePort": @nodePort@}]}}
{"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "web-1", "namespace": "shop",
  "labels": {"kubernetes.io/service-name": "web"}}, "addressType": "IPv4",
 "endpoints": [{"addresses": [@endpoint@], "nodeName": @nodeName@, "conditions": {"ready": @ready@, "serving": @serving@}}],
 "ports": [{"name": "http", "port": @slicePort@, "protocol": "TCP"}]}
{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "mydb", "namespace": "shop"},
 "spec": {"clusterIP": "10.96.0.11", "clusterIPs": ["10.96.0.11"], "ports": [{"port": 5432}]}}
{"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "mydb", "namespace": "shop"},
 "subsets": [{"addresses": [{"ip": @legacy@}], "ports": [{"port": @legacyPort@}]}]}
{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1", "labels": {"zone": @nodeLabel@}},
 "spec": {"podCIDR": @podCIDR@}, "status": {"addresses": [{"type": "InternalIP", "address": @nodeAddress@}]}}
"""
PLAIN = dict(label="a", annotation="rr", clusterIP="10.96.0.10", externalIP="203.0.113.7", timeout="100",
             policy="Local", publish="false", portName="http", port="80", protocol="TCP", nodePort="30080",
             endpoint="10.244.1.5", nodeName="n1", ready="true", serving="true", slicePort="8080",
             legacy="10.244.1.9", legacyPort="5432", nodeLabel="z", podCIDR="10.244.1.0/24", nodeAddress="192.0.2.1")
INTEGERS = ["port", "nodePort", "timeout", "slicePort", "legacyPort"]
BOOLS = ["ready", "serving", "publish"]

WORDS = "y Y yes Yes YES yEs on On ON true True TRUE tRue n N no No NO off Off OFF false False FALSE".split()
WORDS += ['"true"', "'false'", "!!bool yes", "!!bool \"true\"", "!!str true", "~", "null", "Null", "NULL", '""', "1"]
NUMBERS = ("0120 0o120 0O120 0x50 0X50 0b1010000 8_0 80.0 8e1 8.0e+1 +80 -80 80.5 .5 1:20 0080 08 00 0 65535 65536 "
           "2147483648 9223372036854775808 1e400 .inf .nan 0x 0_ _80 80_ '80' \"80\"").split()
NUMBERS += ["!!int 80", "!!int \"80\"", "!!float 80", "!!str 80", "~", "null", '""', "[80]", "{a: 80}", "80 # note",
            "2001-01-01", "true", "80e0", "1e2", "0.8e2", "0x_50", "0b_1010000", "+0x50", "-0", "0o", "٨٠"]
TEXTS = ["~", "null", '""', "''", "yes", "n", "0120", "1_0", "1e3", "1:20", "0x1F", ".inf", "2001-01-01", "'yes'",
         '"80"', "!!str 80", "!!str yes", "!!binary YQ==", "!own a", '"\\x61"', '"\\u0061"', "[a]", "{a: b}",
         "010.096.000.010", '"a\\\n    b"', "'it''s'", '"\\/"', '"\\ud83d\\ude00"', '"\\U0001F600"', '"\\e"', "a: b", "!!str"]
JSON_NUMBERS = ("80.0 8e1 8E+1 800e-1 0.8e2 80.5 -80 -0 080 00 0 +80 .5 5. 0x50 1e400 1e-400 65535 65536 2147483648 "
                "9223372036854775807 9223372036854775808 18446744073709551616 1e19 NaN Infinity true null \"80\" \"\" "
                "[80] {} 8_0 '80' 80e 1e2 --1 80.0e0 0.0 1E2").split()
JSON_WORDS = 'true false null "true" "false" "" 1 0 True FALSE yes "yes" [] {} tru nulll'.split()
JSON_TEXTS = ["null", '""', '"\\u0061"', '"\\ud83d\\ude00"', '"\\ud83d"', '"\\ude00"', '"\\ud83da"', '"\\ud83d\\u0061"',
              '"\\u0000"', '"\\x61"', '"\\/"', '"\\b\\f\\n\\r\\t"', '"a\tb"', '"é"', "'a'", "a", "80", "80.0", "true",
              '["a"]', '{"a": "b"}', '"\\u00"', '"\\U00000061"', '"a" "b"', '"\\""', '"a\x7f"', '"\u2028"', '"😀"', '"']


# Fields that have every spelling of their type; the others have some.
WHOLE = {"port", "timeout", "ready", "label", "clusterIP", "policy"}


def some(field, values):
    return values if field in WHOLE else values[::4]


def fill(template, plain, **changed):
    return re.sub("@(\\w+)@", lambda found: {**plain, **changed}[found[1]], template)


def yaml_cases():
    plain = fill(TEMPLATE, PLAIN)
    yield "plain", plain
    for field in PLAIN:
        for value in some(field, NUMBERS if field in INTEGERS else WORDS if field in BOOLS else TEXTS):
            yield f"{field}: {value}", fill(TEMPLATE, PLAIN, **{field: value})

    def swap(old, new):
        assert old in plain, old
        return plain.replace(old, new, 1)

    port = "ports: [{name: http, port: 80, protocol: TCP, nodePort: 30080}]"
    for title, ports in {
        "alias": "[{name: http, port: &p 80, protocol: TCP, nodePort: *p}]",
        "alias as a key": "\n  - {&k name: http, port: 80, protocol: *k }",
        "merge key": "\n  - {<<: {name: http, protocol: TCP}, port: 80}",
        "merge key beside the key": "\n  - {<<: {name: http, port: 81}, port: 80}",
        "merge key after the key": "\n  - {port: 80, <<: {name: http, port: 81}}",
        "merge key between the keys": "\n  - {port: 80, <<: {name: http}, nodePort: 30080}",
        "merge key after the key, in a block": "\n  - port: 80\n    name: http\n    <<: {port: 81}",
        "merge list": "\n  - {<<: [{port: 81}, {port: 82, name: http}]}",
        "merge list after the key": "\n  - {name: http, <<: [{port: 81}, {port: 82, name: x}]}",
        "merge of a text": "\n  - {<<: a, port: 80}",
        "merge of null": "\n  - {<<: ~, port: 80, name: http}",
        "merge of an empty mapping": "\n  - {<<: {}, port: 80, name: http}",
        "merge with a tag": "\n  - {port: 80, !!merge <<: {name: http, port: 81}}",
        "merge key in quotes": "\n  - {port: 80, name: http, \"<<\": {port: 81}}",
        "merge twice": "\n  - {<<: {port: 80}, <<: {port: 81, name: http}}",
        "merge before null": "\n  - {<<: {port: 80, name: x}, name: ~}",
        "merge in a merge": "\n  - {<<: {<<: {port: 81, name: http}, port: 80}}",
        "merge of an alias": "\n  - &a {name: http, port: 80}\n  - {<<: *a, port: 81, name: b}",
        "merge of an alias after the key": "\n  - &a {name: http, port: 80}\n  - {port: 81, name: b, <<: *a}",
        "merge of an alias of a list": "\n  - {name: http, port: 80, x: &l [{nodePort: 30081}], <<: *l}",
        "merge list with an alias": "\n  - {name: http, port: 80, x: &m {nodePort: 30081}, <<: [*m]}",
        "merge nested too deep": "\n  - {<<: [[{port: 80}]], name: http}",
        "duplicate key": "[{name: http, port: 80, port: 81}]",
        "key of other letters": "[{name: http, Port: 81, port: 80}]",
        "key with a tag": "[{name: http, !!str port: 80}]",
        "key in quotes": "[{'name': http, \"port\": 80}]",
        "key with an escape": "[{name: http, \"p\\x6frt\": 80}]",
        "key written out": "\n  - ? name\n    : http\n    ? port\n    : 80",
        "key of null": "[{name: http, port: 80, ~: 1}]",
        "key of a list": "[{name: http, port: 80, [a]: 1}]",
        "key without a value": "[{name: http, port: 80, protocol}]",
        "value right after its key": "[{\"name\":http,\"port\":80}]",
        "value right after a plain key": "[{name: http, port:80}]",
        "colon in a plain text": "[{name: a:b, port: 80}]",
        "comma at the end": "[{name: http, port: 80,},]",
        "comma at the beginning": "[,{name: http, port: 80}]",
        "two commas": "[{name: http,, port: 80}]",
        "pair without braces": "[name: http]",
        "tag of a list": "!!seq [{name: http, port: 80}]",
        "wrong tag of a list": "!!map [{name: http, port: 80}]",
        "tag of a mapping": "[!!map {name: http, port: 80}]",
        "own tag of a mapping": "[!port {name: http, port: 80}]",
        "set": "[!!set {name, port}]",
        "list for a mapping": "[[http, 80]]",
        "mapping for a list": "{name: http, port: 80}",
        "null for a list": "~", "empty list": "[]", "null in a list": "[~, {name: http, port: 80}]",
        "lines in a flow": "[\n{name: http,\n# note\n   port: 80}\n  ]",
        "less indented flow": "[{name: http,\nport: 80}]",
        "list without indentation": "\n  - name: http\n    port: 80\n  - name: b\n    port: 81",
        "compact list of lists": "\n  - - name: http",
        "tab between": "\t[{name:\thttp,\tport:\t80}]",
    }.items():
        yield title, swap(port, "ports: " + ports if not ports.startswith("\n") else "ports:" + ports)
    for title, old, new in [
        ("alias that nothing names", "port: 80", "port: *nothing"),
        ("anchor of another document", "ports: [{port: 5432}]", "ports: [{port: *p}]"),
        ("duplicate block key", "  type: NodePort\n", "  type: NodePort\n  type: ClusterIP\n"),
        ("key of other letters alone", "nodePort: 30080", "NodePort: 30080"),
        ("number as a key", "tier: a", "80: a"), ("octal as a key", "tier: a", "010: a"),
        ("truth value as a key", "tier: a", "yes: a"),
        ("literal text", "  clusterIP: 10.96.0.10\n", "  clusterIP: |-\n    10.96.0.10\n"),
        ("literal text with its end of line", "  clusterIP: 10.96.0.10\n", "  clusterIP: |\n    10.96.0.10\n"),
        ("literal text with all its ends of line", "  clusterIP: 10.96.0.10\n", "  clusterIP: |+\n    10.96.0.10\n\n"),
        ("literal text with its indentation", "  clusterIP: 10.96.0.10\n", "  clusterIP: |2-\n     10.96.0.10\n"),
        ("folded text", "  clusterIP: 10.96.0.10\n", "  clusterIP: >-\n    10.96.0.10\n"),
        ("literal number", "  type: NodePort\n", "  type: >-\n    NodePort\n"),
        ("plain text of two lines", "  clusterIP: 10.96.0.10\n", "  clusterIP:\n    10.96.0.10\n"),
        ("comment in a text", "  type: NodePort", "  type: NodePort#1"),
        ("comment after a text", "  type: NodePort", "  type: NodePort #1"),
        ("tab before a value", "  type: NodePort", "  type:\tNodePort"),
        ("tab after a value", "  type: NodePort", "  type: NodePort\t"),
        ("tab as indentation", "  type: NodePort", "\ttype: NodePort"),
        ("more indentation", "  type: NodePort", "   type: NodePort"),
        ("less indentation", "  type: NodePort", " type: NodePort"),
        ("at sign", "tier: a", "tier: @a"), ("backquote", "tier: a", "tier: `a`"), ("percent", "tier: a", "tier: %a"),
        ("asterisk", "tier: a", "tier: *"), ("ampersand", "tier: a", "tier: &"), ("question mark", "tier: a", "tier: ?a"),
        ("dash", "tier: a", "tier: -a"), ("next line in a text", "tier: a", "tier: a\u0085b"),
        ("no-break space", "tier: a", "tier:\u00a0a"), ("line separator", "  type: NodePort\n", "  type: NodePort\u2028"),
        ("control character", "tier: a", "tier: a\x07"), ("zero byte", "tier: a", "tier: a\x00"),
        ("byte order mark inside", "tier: a", "tier: \ufeffa"), ("bytes that are no UTF-8", "tier: a", "tier: \udcff"),
        ("half a pair in UTF-8", "tier: a", "tier: \udced\udca0\udc80"),
        ("empty document", "---\n", "---\n---\n"), ("end of document", "---\n", "...\n---\n"),
        ("end of document alone", "---\n", "...\n"), ("document in a document", "---\n", "---\n{}\n---\n"),
        ("comment after the mark of a document", "---\n", "--- # next\n"),
        ("comment right after the mark of a document", "---\n", "---# next\n"),
        ("blanks after the mark of a document", "---\n", "--- \t\n"),
        ("anchor after the mark of a document", "---\n", "--- &a\n"),
        ("tag after the mark of a document", "---\n", "--- !!map\n"),
        ("text after the mark of a document", "---\napiVersion: v1\nkind: Service\n", "--- apiVersion: v1\nkind: Service\n"),
        ("four dashes", "---\n", "----\n"), ("indented mark of a document", "---\n", " ---\n"),
        ("mark of a document after a carriage return", "\n---\n", "\r---\n"),
        ("mark of a document before a carriage return", "---\n", "---\r"),
        ("mark of a document before a next line", "---\n", "---\u0085"),
        ("mark of a document in a flow", "[{port: 5432}]", "[\n---\n{port: 5432}]"),
        ("directive between documents", "---\n", "...\n%YAML 1.1\n---\n"),
        ("directive without the end of a document", "---\n", "%YAML 1.1\n---\n"),
        ("JSON in a stream", TEMPLATE.split("---\n")[2],
         '{"apiVersion":"v1","kind":"Service","metadata":{"name":"mydb","namespace":"shop"},\n "spec":{"clusterIP":'
         '"10.96.0.11",\t"clusterIPs":["10.96.0.11"],"ports":[{"port":5432}]}}\n'),
        ("JSON with an escaped slash in a stream", "namespace: shop, labels: {tier: a}", 'namespace: shop, labels: {"ti\\/er":"a\\/b"}'),
    ]:
        yield title, swap(old, new)
    flow = '{apiVersion: v1, kind: Node, metadata: {name: n2}}\n'
    last = plain.rstrip("\n")
    for title, text in {
        "directive": "%YAML 1.1\n---\n" + plain, "directive of 1.2": "%YAML 1.2\n---\n" + plain,
        "directive of a later version": "%YAML 2.0\n---\n" + plain, "directive of tags": "%TAG ! tag:x,2000:\n---\n" + plain,
        "directive without a document": "%YAML 1.1\n" + plain, "unknown directive": "%NOTE x\n---\n" + plain,
        "byte order mark": "\ufeff" + plain, "two byte order marks": "\ufeff\ufeff" + plain,
        "byte order mark before a document": plain.replace("---\n", "---\n\ufeff", 1),
        "CRLF": plain.replace("\n", "\r\n"), "CR": plain.replace("\n", "\r"), "no end of line": last,
        "comment first": "# note\n" + plain, "comment before the mark": "# note\n---\n" + plain, "mark first": "---\n" + plain,
        "mark with a comment first": "--- # first\n" + plain, "mark last": plain + "---\n", "mark without a line": plain + "---",
        "end last": plain + "...\n", "text after the end": plain + "...\nx\n", "comment last": plain + "# end",
        "blank lines first": "\n\n" + plain, "blank first": " \n" + plain, "tab first": "\t\n" + plain,
        "flow first": flow + "---\n" + plain, "flow last": plain + "---\n" + flow, "two flows": flow + flow.replace("n2", "n3"),
        "flow after a first mark": "--- " + flow + "---\n" + plain, "flow after the last mark": plain + "--- " + flow,
        "list of objects": "- " + plain.split("---\n")[0].replace("\n", "\n  "),
        "List": "apiVersion: v1\nkind: List\nitems:\n" + "".join(
            "- " + part.strip().replace("\n", "\n  ") + "\n" for part in plain.split("---\n")),
        "List with an alias": "apiVersion: v1\nkind: List\nitems:\n" + "".join(
            "- " + part.strip().replace("\n", "\n  ").replace("port: 5432", "port: &p 5432") + "\n"
            for part in plain.split("---\n")).replace("nodePort: 30080", "nodePort: 30080, targetPort: 1"),
        "nothing": "", "null": "null\n" + "---\n" + plain, "text first": "error: no\n---\n" + plain,
    }.items():
        yield title, text


def json_cases():
    quoted = {name: value if name in INTEGERS + BOOLS else json.dumps(value) for name, value in PLAIN.items()}
    plain = fill(JSON_TEMPLATE, quoted)
    parts = [json.dumps(json.loads(part)) for part in re.split(r"\n(?=\{)", plain.strip())]
    yield "plain", plain
    for field in PLAIN:
        for value in some(field, JSON_NUMBERS if field in INTEGERS else JSON_WORDS if field in BOOLS else JSON_TEXTS):
            yield f"{field}: {value}", fill(JSON_TEMPLATE, quoted, **{field: value})

    def swap(old, new):
        assert old in plain, old
        return plain.replace(old, new, 1)

    for title, old, new in [
        ("duplicate key", '"port": 80', '"port": 80, "port": 81'),
        ("duplicate key of the same value", '"port": 80', '"port": 80, "port": 80'),
        ("duplicate key by an escape", '"port": 80', '"port": 80, "p\\u006frt": 81'),
        ("duplicate mapping", '"spec": {"clusterIP"', '"spec": {"type": "NodePort"}, "spec": {"clusterIP"'),
        ("duplicate kind", '"kind": "Node"', '"kind": "Node", "kind": "Service"'),
        ("key by an escape", '"port": 80', '"p\\u006frt": 80'), ("key of other letters", '"port": 80', '"Port": 80'),
        ("key of both letters", '"port": 80', '"PORT": 81, "port": 80'), ("empty key", '"port": 80', '"": 1, "port": 80'),
        ("merge key", '"port": 80', '"port": 80, "<<": {"port": 81}'),
        ("comma after the last member", '"port": 5432}', '"port": 5432,}'),
        ("comma after the last element", '["10.96.0.11"]', '["10.96.0.11",]'),
        ("comma before the first member", '{"port": 5432}', '{,"port": 5432}'),
        ("two commas", '"port": 80,', '"port": 80,,'), ("no comma", '"port": 80,', '"port": 80'),
        ("no colon", '"port": 80', '"port" 80'), ("equals sign", '"port": 80', '"port" = 80'),
        ("comment of a line", '"port": 80,', '"port": 80, // note\n'), ("comment of C", '"port": 80', '/* note */ "port": 80'),
        ("comment of a shell", '"port": 80,', '"port": 80, # note\n'), ("plain key", '"port": 80', 'port: 80'),
        ("key in single quotes", '"port": 80', "'port': 80"), ("no closing brace", '"port": 5432}]}}', '"port": 5432}]}'),
        ("closing brace too many", '"port": 5432}]}}', '"port": 5432}]}}}'), ("wrong bracket", '"port": 5432}]', '"port": 5432]]'),
        ("null for an object", '{"port": 5432}', 'null'), ("null for a mapping", '{"addresses": [{"ip"', 'null, {"addresses": [{"ip"'),
        ("text for an object", '{"port": 5432}', '"5432"'), ("unknown member", '"port": 80', '"port": 80, "odd": [1, {}, null, 1.5e3]'),
        ("number beyond all in an unknown member", '"port": 80', '"port": 80, "odd": 1e999'),
        ("line break in a text", '"tier": "a"', '"tier": "a\nb"'), ("zero byte in a text", '"tier": "a"', '"tier": "a\x00"'),
        ("bytes that are no UTF-8", '"tier": "a"', '"tier": "\udcff"'), ("zero byte outside", '"port": 80', '"port":\x00 80'),
        ("form feed outside", '"port": 80', '"port":\f80'), ("no-break space outside", '"port": 80', '"port":\u00a080'),
        ("byte order mark between", "\n{", "\n\ufeff{"), ("comma between objects", "}}\n{", "}},\n{"),
        ("text between objects", "}}\n{", "}}\nx\n{"), ("null between objects", "}}\n{", "}}\nnull\n{"),
        ("number between objects", "}}\n{", "}}\n7\n{"), ("empty object between", "}}\n{", "}}\n{}\n{"),
        ("nothing between objects", "}}\n{", "}}{"), ("mark between objects", "}}\n{", "}}\n---\n{"),
    ]:
        yield title, swap(old, new)
    items = ", ".join(parts)
    deep = '{"a": ' * 80 + "1" + "}" * 80
    for title, text in {
        "byte order mark": "\ufeff" + plain, "CRLF": plain.replace("\n", "\r\n"), "one line": plain.replace("\n", " "),
        "blanks first": " \t\r\n" + plain, "objects side by side": "".join(parts), "marks between objects": "\n---\n".join(parts),
        "marks, and commas before braces": "\n---\n".join(parts).replace("}", ",}"),
        "marks, and comments": "\n---\n".join(part + "# note" for part in parts),
        "mark after two objects": parts[0] + "\n" + "\n---\n".join(parts[1:]),
        "marks, and octal numbers": "\n---\n".join(parts).replace('"port": 80', '"port": 0120'),
        "mark first": "---\n" + "\n---\n".join(parts), "mark last": "\n---\n".join(parts) + "\n---\n",
        "marks without lines": "---".join(parts), "comment first": "# note\n" + parts[0], "comment last": plain + "# note\n",
        "text last": plain + "x", "mark with text between": "\n--- # next\n".join(parts), "array": f"[{items}]",
        "List": f'{{"apiVersion": "v1", "kind": "List", "items": [{items}]}}',
        "List with the kind last": f'{{"items": [{items}], "kind": "List", "apiVersion": "v1"}}',
        "List with items twice": f'{{"apiVersion": "v1", "kind": "List", "items": [], "items": [{items}]}}',
        "List with null items": '{"apiVersion": "v1", "kind": "List", "items": null}',
        "List with a comma last": f'{{"apiVersion": "v1", "kind": "List", "items": [{items},]}}',
        "List of another": f'{{"apiVersion": "v1", "kind": "List", "items": [{{"apiVersion": "v1", "kind": "List", "items": [{items}]}}]}}',
        "empty List": '{"apiVersion": "v1", "kind": "List", "items": []}', "two Lists": f'{{"apiVersion": "v1", "kind": "List", "items": [{parts[0]}]}}\n'
        f'{{"apiVersion": "v1", "kind": "List", "items": [{", ".join(parts[1:])}]}}',
        "deep value": plain + f'{{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {{"name": "c", "namespace": "shop"}}, "odd": {deep}}}',
        "YAML after JSON": "\n---\n".join(parts[:4]) + "\n---\n" + TEMPLATE.split("---\n")[2].replace("mydb", "third").replace("0.11", "0.12"),
        "flow of YAML": "{apiVersion: v1, kind: Node, metadata: {name: n1}}\n", "cut": plain[:-40], "empty": "", "null": "null",
        "number": "7", "text": '"a"', "only a brace": "{",
    }.items():
        yield title, text


def cases():
    """Every spelling once; JSON under the name of YAML too, for what a file holds tells what it is."""
    for title, text in yaml_cases():
        yield "YAML, " + title, "case.yaml", encoded(text)
    for index, (title, text) in enumerate(json_cases()):
        yield "JSON, " + title, "case.json" if index % 2 else "case.yaml", encoded(text)


def encoded(text):
    return text.encode("utf-8", "surrogateescape")
