# Flatcar Container Linux on a disk, put there once by its own flatcar-install, from a Flatcar that runs in memory.
#
# The kernel is flatcar_production_pxe.vmlinuz, the initrd flatcar_production_pxe_image.cpio.gz, of the same release.

asset "flatcar-linux" {
  path = "assets/flatcar/vmlinuz"
}

asset "flatcar-initrd" {
  path = "assets/flatcar/image.cpio.gz"
}

profile "flatcar" {
  title  = "Flatcar Container Linux"
  arch   = "amd64"
  kernel = asset.flatcar-linux
  initrd = asset.flatcar-initrd
  config = {
    "live.ign"   = "flatcar/live.bu"   # of the Flatcar in memory: it runs install.sh
    "target.ign" = "flatcar/target.bu" # of the Flatcar on the disk, at its first boot
    "install.sh" = "flatcar/install.sh"
  }
  args = [
    "flatcar.first_boot=1 ignition.config.url={{ config_urls['live.ign'] }}",
    "{{ vars.args }}",
  ]

  vars = {
    args     = "quiet"
    release  = ""  # where to take the disk image from, instead of Flatcar's own server: a base URL, of `flatcar-install -b`
    ssh_keys = []  # of the user core
  }

  install {
    wipe = false # true: no machine waits for `firstlight machines approve` before its first install
    disk { size = "smallest" }
  }
}
