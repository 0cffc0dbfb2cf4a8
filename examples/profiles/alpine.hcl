# Alpine Linux on a disk, put there by its own setup-alpine, from an Alpine that runs in memory.
#
# Kernel, initramfs and modloop are those of Alpine's netboot archive, of one release. The overlay is made by
# `alpine/make-overlay assets/alpine/overlay.tar.gz`; it is the same for all machines, and runs the script that the
# kernel's argument firstlight_install names.

asset "alpine-linux" {
  path = "assets/alpine/vmlinuz-lts"
}

asset "alpine-initrd" {
  path = "assets/alpine/initramfs-lts"
}

asset "alpine-modloop" {
  path = "assets/alpine/modloop-lts"
}

asset "alpine.apkovl.tar.gz" { # the initramfs looks at the ending
  path = "assets/alpine/overlay.tar.gz"
}

profile "alpine" {
  title  = "Alpine Linux"
  arch   = "amd64"
  kernel = asset.alpine-linux
  initrd = asset.alpine-initrd
  config = ["alpine/install.sh"]
  args = [
    "ip=dhcp BOOTIF={{ machine.bootif }}",
    "alpine_repo={{ vars.mirror }}/{{ vars.branch }}/main modloop={{ server.url }}/asset/alpine-modloop",
    "apkovl={{ server.url }}/asset/alpine.apkovl.tar.gz",
    "firstlight_install={{ config_urls['install.sh'] }}",
    "modules=loop,squashfs {{ vars.args }}",
  ]

  vars = {
    args     = "quiet"
    mirror   = "http://mirror.example/alpine"
    branch   = "latest-stable"
    ssh_keys = [] # of root, who has no password
  }

  install {
    wipe = false # true: no machine waits for `firstlight machines approve` before its first install
    disk { size = "smallest" }
  }
}
