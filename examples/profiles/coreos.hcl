# Fedora CoreOS on a disk, put there once by its own coreos-installer, from a Fedora CoreOS that runs in memory.
#
# Three files of one release: live-kernel, live-initramfs.img and live-rootfs.img. The image that is installed is in the
# last of them: nothing else is fetched.

asset "coreos-linux" {
  path = "assets/coreos/live-kernel"
}

asset "coreos-initrd" {
  path = "assets/coreos/live-initramfs.img"
}

asset "coreos-rootfs" {
  path = "assets/coreos/live-rootfs.img"
}

profile "coreos" {
  title  = "Fedora CoreOS"
  arch   = "amd64"
  kernel = asset.coreos-linux
  initrd = asset.coreos-initrd
  config = {
    "live.ign"   = "coreos/live.bu"   # of the system in memory: it runs install.sh
    "target.ign" = "coreos/target.bu" # of the system on the disk, at its first boot
    "install.sh" = "coreos/install.sh"
  }
  args = [
    "coreos.live.rootfs_url={{ server.url }}/asset/coreos-rootfs",
    "ignition.firstboot ignition.platform.id=metal ignition.config.url={{ config_urls['live.ign'] }}",
    "rd.neednet=1 ip=dhcp {{ vars.args }}",
  ]

  vars = {
    args     = "quiet"
    ssh_keys = [] # of the user core
  }

  install {
    wipe = false # true: no machine waits for `firstlight machines approve` before its first install
    disk { size = "smallest" }
  }
}
