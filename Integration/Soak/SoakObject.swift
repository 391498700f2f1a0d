import Documents
import KubernetesObjects

/// A Kubernetes object as an API server keeps it.
struct SoakObject {
    let kind: String
    let name: ObjectName
    /// The fields of its metadata but for names and version, and its other fields: JSON, with a comma in front.
    let metadata: String
    let fields: String
    /// Whether the agent can read it.
    var isReadable = true

    var identity: ObjectIdentity { ObjectIdentity(kind: kind, name: name) }

    func json(version: Int) -> String {
        let namespace = name.namespace.isEmpty ? "" : #","namespace":"\#(name.namespace)""#
        return #"{"kind":"\#(kind)","metadata":{"name":"\#(name.name)"\#(namespace),"resourceVersion":"\#(version)""#
            + "\(metadata)}\(fields)}"
    }

    /// The object as the agent reads it; `nil` when it cannot.
    var object: KubernetesObject? {
        var found: KubernetesObject?
        do throws(YAMLError) {
            _ = try YAMLNode.forEachObject(inJSON: Array(json(version: 1).utf8)) { read in
                do throws(ObjectError) {
                    found = try KubernetesObject(read.node, kind: kind, namespace: "")
                } catch {
                    found = nil
                }
            }
        } catch {
            return nil
        }
        return found
    }
}
