# Debian by its own installer, of the kind "netboot". https://www.debian.org/releases/stable/amd64/ch04s05
#
# It fetches its kernel modules from the mirror, and only those of its own point release: so the version is the point
# release, and the files are those that lie in `current`.
os "debian" {
  title   = "Debian"
  default = "13"
  configs = ["preseed"]
  mirror  = "http://ftp.debian.org/debian"
  values  = { images = "{mirror}/dists/{suite}/main/installer-{arch}/current/images" }

  # The keys that sign Release of Debian 12 and 13, from the package debian-archive-keyring; https://ftp-master.debian.org/keys.html
  keys = ["catalog:debian-12", "catalog:debian-13"]

  args = [
    "{% if 'preseed' in config_by_kind %}auto=true priority=critical url={{ config_by_kind.preseed }}{% endif %}",
    "hostname={{ machine.name }} interface=auto BOOTIF={{ machine.bootif }}",
  ]

  arch "amd64" {}
  arch "arm64" {}

  channel "12" {
    values = { suite = "bookworm" }
  }
  channel "13" {
    values = { suite = "trixie" }
  }

  listing {
    url    = "{mirror}/dists/{suite}/Release"
    format = "fields"
    key    = "Version"
  }

  file "kernel" {
    url       = "{images}/netboot/debian-installer/{arch}/linux"
    sums      = ["{mirror}/dists/{suite}/Release", "{images}/SHA256SUMS"]
    signature = "{mirror}/dists/{suite}/Release.gpg"
  }
  file "initrd" {
    url       = "{images}/netboot/debian-installer/{arch}/initrd.gz"
    sums      = ["{mirror}/dists/{suite}/Release", "{images}/SHA256SUMS"]
    signature = "{mirror}/dists/{suite}/Release.gpg"
  }
}
