# Three classes and twelve machines, whose configs know each other: an etcd cluster whose members find their peers, workers that
# find the cluster, storage that finds its twin. Add a machine, and every list follows:
#
#     firstlight check examples/classes
#     firstlight render etcd-1 --site examples/classes

site {
  domain = "dc.example"
}

locals {
  etcd    = { "1" = "52:54:00:0e:00:01", "2" = "52:54:00:0e:00:02", "3" = "52:54:00:0e:00:03" }
  workers = { for n in range(1, 8) : tostring(n) => format("52:54:00:03:00:%02x", n) }
}

network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
}

# The base of every machine's config; a class puts its own upon it.
profile "flatcar" {
  title  = "Flatcar Container Linux, in memory"
  script = "flatcar.ipxe"
  config = "base.bu"
  vars   = { etcd_port = 2379 }
}

class "etcd" {
  profile = profile.flatcar
  config  = "etcd.bu"
}

class "worker" {
  profile = profile.flatcar
  config  = "worker.bu"
  vars    = { region = "fra1" }
}

class "storage" {
  extends = class.worker
  config  = "storage.bu"
}

machine "etcd" {
  for_each = local.etcd

  mac     = each.value
  class   = class.etcd
  address = cidrhost(network.boot.subnet, 10 + tonumber(each.key))
}

machine "worker" {
  for_each = local.workers

  mac     = each.value
  class   = class.worker
  address = cidrhost(network.boot.subnet, 20 + tonumber(each.key))
}

machine "storage" {
  count = 2

  mac     = format("52:54:00:05:00:%02x", count.index + 1)
  class   = class.storage
  address = cidrhost(network.boot.subnet, 30 + count.index)
}
