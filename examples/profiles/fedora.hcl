# Fedora, CentOS Stream, Rocky, Alma and RHEL by their own installer, Anaconda, with a kickstart file.
#
# Kernel and initrd lie in the installation tree, below images/pxeboot; the installer takes everything else from that tree.

asset "fedora-linux" {
  path = "assets/fedora/vmlinuz"
}

asset "fedora-initrd" {
  path = "assets/fedora/initrd.img"
}

profile "fedora" {
  title  = "Fedora"
  arch   = "amd64"
  kernel = asset.fedora-linux
  initrd = asset.fedora-initrd
  config = "fedora/install.ks"
  args = [
    "inst.ks={{ config_urls['install.ks'] }} inst.repo={{ vars.repo }}",
    "inst.ks.device=bootif BOOTIF={{ machine.bootif }} ip=dhcp",
    "inst.text {{ vars.args }}",
  ]

  vars = {
    args     = "quiet"
    repo     = "http://mirror.example/fedora/Everything/x86_64/os/" # the installation tree
    packages = ["@core", "curl"]                                    # curl is what the installed system reports with
    ssh_keys = []                                                   # of root, who has no password
  }

  install {
    wipe = false # true: no machine waits for `firstlight machines approve` before its first install
    disk { size = "smallest" }
  }
}
