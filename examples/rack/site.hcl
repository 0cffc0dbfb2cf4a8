# A rack in a few lines: eight workers from a list of MAC addresses, two spares by count.

site {
  domain          = "rack.example"
  default_profile = "worker"
}

locals {
  # In the order of the slots, from the top.
  macs = [for slot in range(1, 9) : format("52:54:00:aa:00:%02x", slot)]
  rack = { for at, mac in local.macs : format("%02d", at + 1) => mac }
}

network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
}

profile "worker" {
  title  = "A worker's first steps"
  script = "worker.ipxe"
}

class "worker" {
  profile = profile.worker
  vars    = { region = "fra1" }
}

machine "worker" {
  for_each = local.rack

  mac     = each.value
  class   = class.worker
  address = cidrhost(network.boot.subnet, 10 + tonumber(each.key))
  vars    = { slot = tonumber(each.key), peer = machine.worker["01"].address }
}

machine "spare" {
  count = 2

  name   = "spare-${count.index + 1}"
  serial = format("SPARE%03d", count.index + 1)
}
