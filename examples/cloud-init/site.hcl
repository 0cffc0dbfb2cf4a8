# Two machines that run the same live Debian, and are made what they are by cloud-init. One fetches what it is to be over
# HTTP, the other finds it on a drive. scripts/prepare-cloud-init makes the live Debian.

site { domain = "lab.example" }

network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
  gateway   = "10.20.0.254"
  dns       = "10.20.0.1"
}

dns {}

asset "linux"   { path = "../assets/vmlinuz" }
asset "debian"  { path = "../assets/live/cloud-init.cpio.zst" }
asset "overlay" { path = "../assets/live/cloud-init.overlay" }

# Without any word of it in the configs, each reports when cloud-init is done: its vendor-data says so.
profile "debian" {
  kernel = asset.linux
  initrd = [asset.debian, asset.overlay]
  args   = ["console=ttyS0", "quiet", "ds=nocloud;s={{ seed_url }}"]
  config = "base.yaml"
}

# What is on a drive was made before the boot, and knows nothing of its URLs: the kernel is told where to report.
profile "debian-by-drive" {
  kernel = asset.linux
  initrd = [asset.debian, asset.overlay]
  args   = ["console=ttyS0", "quiet", "firstlight.report={{ report_url }}"]
  config = "base.yaml"
}

# Its users and commands come behind the profile's.
class "node" {
  profile = profile.debian
  config  = "node.yaml"
}

machine "kitt" {
  mac     = "52:54:00:20:00:01"
  class   = class.node
  address = "10.20.0.11"
  vars    = { motto = "the one that talks" }
}

machine "hal" {
  mac     = "52:54:00:20:00:02"
  class   = class.node
  profile = profile.debian-by-drive
  address = "10.20.0.12"
  config  = "report.yaml"
  vars    = { motto = "the one that sings" }
}

lab {
  machine "kitt" {}
  machine "hal" { seed = true }
}
