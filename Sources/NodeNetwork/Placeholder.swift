/// Reaches the node's network.
import DataPath
