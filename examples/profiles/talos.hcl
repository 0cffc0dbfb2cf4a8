# Talos Linux. Its installer reads the machine's configuration from here; what goes into that besides the disk comes from
# `talosctl gen config`: paste its cluster and machine parts into talos/machine.yaml.
#
# Talos runs no scripts, and its installer reports nothing. What reports here is a static pod of the installed system: see
# docs/installing.md.

asset "talos-linux" {
  path = "assets/talos/vmlinuz-amd64"
}

asset "talos-initrd" {
  path = "assets/talos/initramfs-amd64.xz"
}

profile "talos" {
  title  = "Talos Linux"
  arch   = "amd64"
  kernel = asset.talos-linux
  initrd = asset.talos-initrd
  config = ["talos/machine.yaml"]
  args = [
    "talos.platform=metal talos.config={{ config_urls['machine.yaml'] }}",
    "slab_nomerge pti=on init_on_alloc=1 init_on_free=1 consoleblank=0 printk.devkmsg=on {{ vars.args }}",
  ]

  vars = {
    args      = "console=tty0"
    installer = "registry.example/siderolabs/installer:v1.11.0" # the image that Talos installs from
    curl      = "registry.example/curlimages/curl:8.11.0"       # an image with curl, for the report
    type      = "worker"                                         # or controlplane
  }

  # Talos itself chooses the disk, the first one that fits; it knows no "smallest".
  install {
    wipe        = false # true: no machine waits for `firstlight machines approve` before its first install
    reported_by = "system"
    disk { size = ">=10G" }
  }
}
