# openSUSE Leap, Tumbleweed and SLES by their own installer, with an AutoYaST profile.
#
# Kernel and initrd lie in the installation tree, below boot/x86_64/loader: linux and initrd.

asset "opensuse-linux" {
  path = "assets/opensuse/linux"
}

asset "opensuse-initrd" {
  path = "assets/opensuse/initrd"
}

profile "opensuse" {
  title  = "openSUSE"
  arch   = "amd64"
  kernel = asset.opensuse-linux
  initrd = asset.opensuse-initrd
  config = ["opensuse/autoinst.xml", "opensuse/install.sh"]
  args = [
    "install={{ vars.repo }} autoyast={{ config_urls['autoinst.xml'] }}",
    "ifcfg=*=dhcp hostname={{ machine.name }} textmode=1 {{ vars.args }}",
  ]

  vars = {
    args     = "quiet"
    repo     = "http://mirror.example/opensuse/leap/repo/oss/" # the installation tree
    product  = "Leap"                                         # openSUSE for Tumbleweed, SLES
    ssh_keys = []                                             # of root, who has no password
  }

  install {
    wipe = false # true: no machine waits for `firstlight machines approve` before its first install
    disk { size = "smallest" }
  }
}
