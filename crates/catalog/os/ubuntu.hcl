# Ubuntu Server by its own installer. https://canonical-subiquity.readthedocs-hosted.com/en/latest/howto/autoinstall-quickstart.html
#
# Kernel and initrd are taken out of the ISO, which the machine fetches into memory: it needs some 4 GiB more than the ISO is
# large.
os "ubuntu" {
  title   = "Ubuntu Server"
  default = "24.04"
  configs = ["user-data", "vendor-data", "meta-data", "network-config"]

  # https://ubuntu.com/tutorials/how-to-verify-ubuntu: "Ubuntu CD Image Automatic Signing Key (2012)". With `keys` set to a file
  # of this key, the signature of SHA256SUMS is demanded.
  fingerprints = ["843938DF228D22F7B3742BC0D94AA3F0EFE21092"]

  args = [
    "ip=dhcp BOOTIF={{ machine.bootif }} url={iso}",
    "cloud-config-url=/dev/null", # else cloud-init would take the ISO's URL for that of its configuration
    "{% if 'user-data' in config_by_kind %}autoinstall ds=nocloud;s={{ seed_url }}{% endif %}",
    "---",
  ]

  arch "amd64" {
    mirror = "https://releases.ubuntu.com/{channel}"
  }
  arch "arm64" {
    mirror = "https://cdimage.ubuntu.com/releases/{channel}/release"
  }

  channel "22.04" {}
  channel "24.04" {}
  channel "26.04" {}

  listing {
    url    = "{mirror}/SHA256SUMS"
    format = "names"
    key    = "ubuntu-{version}-live-server-{arch}.iso"
  }

  file "iso" {
    url       = "{mirror}/ubuntu-{version}-live-server-{arch}.iso"
    sums      = ["{mirror}/SHA256SUMS"]
    signature = "{mirror}/SHA256SUMS.gpg"
  }
  file "kernel" {
    from = "iso"
    path = "casper/vmlinuz"
  }
  file "initrd" {
    from = "iso"
    path = "casper/initrd"
  }
}
