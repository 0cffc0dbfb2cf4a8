# Ubuntu Server by its own installer (autoinstall), which it reads as cloud-init's user-data from here.
#
# All three come from the ISO of the live server: casper/vmlinuz, casper/initrd, and the ISO itself, which the initrd
# fetches into memory: the machine needs some 4 GiB more than the ISO is large.

asset "ubuntu-linux" {
  path = "assets/ubuntu/vmlinuz"
}

asset "ubuntu-initrd" {
  path = "assets/ubuntu/initrd"
}

asset "ubuntu-iso" {
  path = "assets/ubuntu/live-server.iso"
}

profile "ubuntu" {
  title  = "Ubuntu Server"
  arch   = "amd64"
  kernel = asset.ubuntu-linux
  initrd = asset.ubuntu-initrd
  config = ["ubuntu/user-data", "ubuntu/meta-data", "ubuntu/install.sh"]
  args = [
    "ip=dhcp BOOTIF={{ machine.bootif }}",
    "url={{ server.url }}/asset/ubuntu-iso",
    "cloud-config-url=/dev/null", # else cloud-init would take the ISO's URL for that of its configuration
    "autoinstall ds=nocloud;s={{ seed_url }}",
    "{{ vars.args }} ---",
  ]

  vars = {
    args     = "quiet"
    mirror   = "http://mirror.example/ubuntu"
    packages = ["curl"] # what the installed system reports with
    ssh_keys = []       # of root, who has no password
  }

  install {
    wipe = false # true: no machine waits for `firstlight machines approve` before its first install
    disk { size = "smallest" }
  }
}
