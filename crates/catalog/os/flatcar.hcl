# Flatcar Container Linux, running in memory. https://www.flatcar.org/docs/latest/installing/bare-metal/booting-with-ipxe/
os "flatcar" {
  title   = "Flatcar Container Linux"
  default = "stable"
  configs = ["ignition"]
  mirror  = "https://{channel}.release.flatcar-linux.net"

  # https://www.flatcar.org/security/image-signing-key: "Flatcar Buildbot (Official Builds)". With `keys` set to a file of
  # this key, the signature beside each file is demanded.
  fingerprints = ["F88CFEDEFF29A5B4D9523864E25D9AED0593B34A"]

  args = [
    "flatcar.first_boot=1",
    "{% if 'ignition' in config_by_kind %}ignition.config.url={{ config_by_kind.ignition }}{% endif %}",
  ]

  arch "amd64" {
    values = { board = "amd64-usr" }
  }
  arch "arm64" {
    values = { board = "arm64-usr" }
  }

  channel "stable" {}
  channel "beta" {}
  channel "alpha" {}
  channel "lts" {}

  listing {
    url    = "{mirror}/{board}/current/version.txt"
    format = "fields"
    key    = "FLATCAR_VERSION"
  }

  file "kernel" {
    url       = "{mirror}/{board}/{version}/flatcar_production_pxe.vmlinuz"
    signature = "{url}.sig"
  }
  file "initrd" {
    url       = "{mirror}/{board}/{version}/flatcar_production_pxe_image.cpio.gz"
    signature = "{url}.sig"
  }
}
