# Debian's installer as this computer has it, from the packages debian-installer-12-netboot-amd64 and its like: nothing is
# fetched, and the package manager keeps it new.
os "debian-installer" {
  title   = "Debian's installer, of this computer"
  default = "12"
  configs = ["preseed"]
  values  = { images = "/usr/lib/debian-installer/images/{channel}/{arch}/text/debian-installer/{arch}" }

  args = [
    "{% if 'preseed' in config_by_kind %}auto=true priority=critical url={{ config_by_kind.preseed }}{% endif %}",
    "hostname={{ machine.name }} interface=auto BOOTIF={{ machine.bootif }}",
  ]

  arch "amd64" {}
  arch "arm64" {}

  channel "11" {}
  channel "12" {}
  channel "13" {}

  file "kernel" {
    path    = "{images}/linux"
    package = "debian-installer-{channel}-netboot-{arch}"
  }
  file "initrd" {
    path    = "{images}/initrd.gz"
    package = "debian-installer-{channel}-netboot-{arch}"
  }
}
