# Talos Linux. https://www.talos.dev/latest/talos-guides/install/bare-metal-platforms/pxe/. Its machine configuration is a text
# to us.
os "talos" {
  title   = "Talos Linux"
  default = "stable"
  mirror  = "https://github.com/siderolabs/talos/releases/download"

  args = [
    "talos.platform=metal",
    "{% if 'text' in config_by_kind %}talos.config={{ config_by_kind.text }}{% endif %}",
    "slab_nomerge pti=on init_on_alloc=1 init_on_free=1 consoleblank=0 printk.devkmsg=on",
  ]

  arch "amd64" {}
  arch "arm64" {}

  channel "stable" {}
  channel "preview" {
    announcements = true
  }

  # It states the SHA-256 of every file.
  listing {
    url    = "https://api.github.com/repos/siderolabs/talos/releases?per_page=20"
    format = "github-releases"
  }

  file "kernel" {
    url  = "{mirror}/v{version}/vmlinuz-{arch}"
    sums = ["listing"]
  }
  file "initrd" {
    url  = "{mirror}/v{version}/initramfs-{arch}.xz"
    sums = ["listing"]
  }
}
