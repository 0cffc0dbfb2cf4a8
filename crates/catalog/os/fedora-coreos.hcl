# Fedora CoreOS, running in memory. https://docs.fedoraproject.org/en-US/fedora-coreos/live-booting/
os "fedora-coreos" {
  title   = "Fedora CoreOS"
  default = "stable"
  configs = ["ignition"]
  mirror  = "https://builds.coreos.fedoraproject.org"
  values  = { build = "{mirror}/prod/streams/{channel}/builds/{version}/{arch}/fedora-coreos-{version}-live" }

  args = [
    "coreos.live.rootfs_url={rootfs}",
    "{% if 'ignition' in config_by_kind %}ignition.firstboot ignition.platform.id=metal ignition.config.url={{ config_by_kind.ignition }}{% endif %}",
    "rd.neednet=1 ip=dhcp",
  ]

  arch "amd64" {
    values = { arch = "x86_64" }
  }
  arch "arm64" {
    values = { arch = "aarch64" }
  }

  channel "stable" {}
  channel "testing" {}
  channel "next" {}

  # It states the SHA-256 of every file.
  listing {
    url    = "{mirror}/streams/{channel}.json"
    format = "coreos-stream"
  }

  file "kernel" {
    url  = "{build}-kernel.{arch}"
    sums = ["listing"]
  }
  file "initrd" {
    url  = "{build}-initramfs.{arch}.img"
    sums = ["listing"]
  }
  file "rootfs" {
    url  = "{build}-rootfs.{arch}.img"
    sums = ["listing"]
  }
}
