"""Makes what a container runtime needs of what Kubernetes would give it; see scripts/deploy/image.

image-bundle.py OVERLAY SECCOMP       an OCI configuration of the rendered DaemonSet and of a profile as containers have it
image-bundle.py --manifests N M       N Services with M endpoints each
"""
import json
import sys


def objects(path):
    text, decoder = open(path).read().strip(), json.JSONDecoder()
    while text:
        value, end = decoder.raw_decode(text)
        text = text[end:].strip()
        yield from value["items"] if value["kind"] == "List" else [value]


def seccomp(path, capabilities):
    """The rules of the profile that hold on this machine for these capabilities."""
    profile, rules = json.load(open(path)), []
    for rule in profile["syscalls"]:
        includes, excludes = rule.get("includes") or {}, rule.get("excludes") or {}
        if any(c not in capabilities for c in includes.get("caps", [])):
            continue
        if any(c in capabilities for c in excludes.get("caps", [])):
            continue
        if includes.get("arches") and "amd64" not in includes["arches"]:
            continue
        if "amd64" in excludes.get("arches", []):
            continue
        made = {"names": rule["names"], "action": rule["action"]}
        if rule.get("args"):
            made["args"] = rule["args"]
        if "errnoRet" in rule:
            made["errnoRet"] = rule["errnoRet"]
        rules.append(made)
    made = {"defaultAction": profile["defaultAction"], "architectures": ["SCMP_ARCH_X86_64"], "syscalls": rules}
    if "defaultErrnoRet" in profile:
        made["defaultErrnoRet"] = profile["defaultErrnoRet"]
    return made


def bundle(overlay, profile):
    pod = next(o for o in objects(overlay) if o["kind"] == "DaemonSet")["spec"]["template"]["spec"]
    container, = pod["containers"]
    security = container["securityContext"]
    assert security["capabilities"]["drop"] == ["ALL"] and not security["privileged"] and pod["hostNetwork"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    names = ["CAP_" + name for name in security["capabilities"]["add"]]
    paths = {v["name"]: v["hostPath"]["path"] for v in pod["volumes"] if "hostPath" in v}
    # The state of the test is not the node's, and its configuration is no ConfigMap.
    paths.update({"state": "state", "configuration": "configuration"})
    mounts = [
        {"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "noexec", "nodev"]},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=64k"]},
        {"destination": "/manifests", "source": "manifests", "options": ["bind", "ro"]},
    ]
    for mount in container["volumeMounts"]:
        options = ["bind", "ro" if mount.get("readOnly") else "rw"]
        mounts.append({"destination": mount["mountPath"], "source": paths[mount["name"]], "options": options})
    arguments = [a for a in container["args"] if a not in ("--in-cluster", "--node", "$(NODE_NAME)")]
    return {
        "ociVersion": "1.0.2",
        "process": {
            "args": ["/usr/local/sbin/ipvsync"] + arguments + ["--node", "n1", "--manifests", "/manifests"],
            "cwd": "/",
            "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
            "user": {"uid": 0, "gid": 0},
            "noNewPrivileges": not security["allowPrivilegeEscalation"],
            "capabilities": {kind: names for kind in ("bounding", "effective", "permitted")},
        },
        "root": {"path": "rootfs", "readonly": security["readOnlyRootFilesystem"]},
        "mounts": mounts,
        "linux": {
            # The node's network, and nothing else of the node's.
            "namespaces": [{"type": "mount"}, {"type": "pid"}, {"type": "ipc"}, {"type": "uts"}],
            "seccomp": seccomp(profile, names),
            # As runtimes have it: what is left writable of /proc/sys is what the DaemonSet mounts.
            "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
            "maskedPaths": ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug"],
        },
    }


def manifests(services, endpoints):
    for s in range(services):
        address = f"10.96.{s // 250}.{s % 250 + 1}"
        labels = {"kubernetes.io/service-name": f"s{s}"}
        yield {"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"s{s}", "namespace": "test"},
               "spec": {"clusterIP": address, "clusterIPs": [address], "ports": [{"port": 80, "protocol": "TCP"}]}}
        yield {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
               "metadata": {"name": f"s{s}", "namespace": "test", "labels": labels},
               "ports": [{"name": "", "port": 8080, "protocol": "TCP"}],
               "endpoints": [{"addresses": [f"10.{e + 1}.{s // 250}.{s % 250 + 1}"]} for e in range(endpoints)]}


if sys.argv[1] == "--manifests":
    for value in manifests(int(sys.argv[2]), int(sys.argv[3])):
        print("---\n" + json.dumps(value))
else:
    json.dump(bundle(sys.argv[1], sys.argv[2]), sys.stdout, indent=1)
