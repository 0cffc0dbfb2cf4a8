# Arch Linux's live system, from which one installs. https://wiki.archlinux.org/title/Netboot. Kernel and initramfs are taken
# out of the ISO, whose hash the listing states; the root file system comes from the mirror, and the initramfs checks its
# signature (cms_verify).
os "arch" {
  title   = "Arch Linux"
  default = "stable"
  configs = ["user-data", "vendor-data", "meta-data", "network-config"]
  mirror  = "https://geo.mirror.pkgbuild.com"

  # https://archlinux.org/download: the key of the releases. With `keys` set to a file of this key, the signature of the ISO
  # is demanded.
  fingerprints = ["3E80CA1A8B89F69CBA57D98A76A5EF9054449A5C"]

  args = [
    "archiso_http_srv={mirror}/iso/{version}/ archisobasedir=arch cms_verify=y",
    "ip=dhcp BOOTIF={{ machine.bootif }}",
    "{% if 'user-data' in config_by_kind %}ds=nocloud;s={{ seed_url }}{% elif 'text' in config_by_kind %}script={{ config_by_kind.text }}{% endif %}",
  ]

  arch "amd64" {
    values = { arch = "x86_64" }
  }

  channel "stable" {}

  listing {
    url    = "https://archlinux.org/releng/releases/json/"
    format = "arch-releases"
  }

  file "iso" {
    url       = "{mirror}/iso/{version}/archlinux-{version}-x86_64.iso"
    sums      = ["listing"]
    signature = "{url}.sig"
  }
  file "kernel" {
    from = "iso"
    path = "arch/boot/x86_64/vmlinuz-linux"
  }
  file "initrd" {
    from = "iso"
    path = "arch/boot/x86_64/initramfs-linux.img"
  }
}
