# The Linux kernel that this computer has in /boot, the newest one. It brings no initrd: the profile names one, like that of
# `firstlight image initrd`.
os "linux-image" {
  title   = "This computer's Linux"
  default = "installed"
  configs = ["ignition", "user-data", "vendor-data", "meta-data", "network-config"]

  arch "amd64" {}
  arch "arm64" {}

  channel "installed" {}

  listing {
    path = "/boot/vmlinuz-{version}"
  }

  file "kernel" {
    path    = "/boot/vmlinuz-{version}"
    package = "linux-image-{arch}"
  }
}
