# Debian by its own installer: network boot, a preseed file, a disk. docs/installing.md tells what happens when.
#
# The kernel and initrd are those of Debian's "netboot" installer: the package debian-installer-13-netboot-amd64 has them, and
# every mirror, below dists/trixie/main/installer-amd64/current/images/netboot. They must be of the same point release as
# the mirror: the installer fetches its kernel modules from there.

asset "debian-linux" {
  path = "assets/debian/linux"
}

asset "debian-initrd" {
  path = "assets/debian/initrd.gz"
}

profile "debian" {
  title  = "Debian"
  arch   = "amd64"
  kernel = asset.debian-linux
  initrd = asset.debian-initrd
  config = ["debian/preseed.cfg", "debian/install.sh"]
  args = [
    "auto=true priority=critical url={{ config_urls['preseed.cfg'] }}",
    "hostname={{ machine.name }} domain={{ site.domain }}",
    "interface=auto BOOTIF={{ machine.bootif }}",
    "{{ vars.args }} --- {{ vars.args }}", # behind the dashes: what the installed system starts with, too
  ]

  vars = {
    args     = "quiet"
    mirror   = "mirror.example" # a host, with a port where it is not 80; Debian is below /debian there
    suite    = "trixie"
    kernel   = "linux-image-amd64"
    packages = ["openssh-server", "curl"] # curl is what the installed system reports with
    ssh_keys = []                         # of root, who has no password
  }

  install {
    wipe = false # true: no machine waits for `firstlight machines approve` before its first install
    disk { size = "smallest" }
  }
}
