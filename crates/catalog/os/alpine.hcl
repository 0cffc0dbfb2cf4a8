# Alpine Linux, running in memory. https://wiki.alpinelinux.org/wiki/PXE_boot. It reads no config of ours by itself: an
# overlay (`apkovl=`) or cloud-init in one does.
os "alpine" {
  title   = "Alpine Linux"
  default = "stable"
  mirror  = "https://dl-cdn.alpinelinux.org/alpine"
  values  = { flavor = "lts", branch = "v{version-minor}" }

  # https://alpinelinux.org/downloads: the key of the releases. With `keys` set to a file of this key, the signature beside the
  # archive is demanded.
  fingerprints = ["0482D84022F52DF1C4E7CD43293ACD0907D9495A"]

  args = [
    "ip=dhcp BOOTIF={{ machine.bootif }} modules=loop,squashfs",
    "alpine_repo={mirror}/{branch}/main modloop={modloop}",
  ]

  arch "amd64" {
    values = { arch = "x86_64" }
  }
  arch "arm64" {
    values = { arch = "aarch64" }
  }

  channel "stable" {
    values = { list = "latest-stable" }
  }
  channel "edge" {
    values = { list = "edge", branch = "edge" }
  }

  # It states the SHA-256 of the archive.
  listing {
    url    = "{mirror}/{list}/releases/{arch}/latest-releases.yaml"
    format = "alpine-releases"
    key    = "alpine-netboot"
  }

  file "netboot" {
    url       = "{mirror}/{branch}/releases/{arch}/alpine-netboot-{version}-{arch}.tar.gz"
    sums      = ["listing"]
    signature = "{url}.asc"
  }
  file "kernel" {
    from = "netboot"
    path = "boot/vmlinuz-{flavor}"
  }
  file "initrd" {
    from = "netboot"
    path = "boot/initramfs-{flavor}"
  }
  file "modloop" {
    from = "netboot"
    path = "boot/modloop-{flavor}"
  }
}
