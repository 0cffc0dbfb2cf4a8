# Operating systems by name: the catalog knows where each comes from, how it is verified and what it is started with.
# `firstlight config show` prints what these few lines imply; `firstlight assets pull` fetches it and writes firstlight.lock.

site {
  name = "catalog"
}

network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
}

# Debian's installer fetches packages from the same place.
os "debian" {
  mirror = "http://mirror.example/debian"
}

# A channel that the catalog does not have.
os "alpine" {
  channel "3.21" {
    values = { list = "v3.21" }
  }
}

assets {
  check = "24h"
}

profile "flatcar" {
  os     = "flatcar/stable"
  config = "node.bu"
  args   = "console=ttyS0"
}

# A version that stays until somebody changes it here.
profile "coreos" {
  os     = "fedora-coreos/stable/44.20260707.3.1"
  config = "node.bu"
}

profile "debian" {
  os     = "debian/13"
  config = "preseed.cfg"
}

profile "ubuntu" {
  os     = "ubuntu/24.04"
  config = ["user-data", "meta-data"]
}

profile "rocky" {
  os     = "rocky/10"
  config = "rocky.ks"
}

profile "alpine" {
  os = "alpine/3.21"
}

profile "talos" {
  os = "talos"
}

profile "netboot" {
  os = "netboot.xyz"
}

profile "memtest" {
  os = "memtest86plus"
}

class "worker" {
  profile = profile.flatcar
}

machine "kitt" {
  mac   = "52:54:00:20:00:01"
  class = class.worker
}

machine "hal" {
  mac     = "52:54:00:20:00:02"
  profile = profile.debian
}
