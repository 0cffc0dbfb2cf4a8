# Fedora by its own installer, Anaconda. https://anaconda-installer.readthedocs.io/en/latest/user-guide/boot-options.html
os "fedora" {
  title   = "Fedora"
  default = "stable"
  configs = ["kickstart"]
  mirror  = "https://dl.fedoraproject.org/pub/fedora/linux"
  values  = { tree = "{mirror}/releases/{version}/Everything/{arch}/os" }

  args = [
    "{% if 'kickstart' in config_by_kind %}inst.ks={{ config_by_kind.kickstart }} inst.ks.device=bootif{% endif %}",
    "inst.repo={tree} BOOTIF={{ machine.bootif }} ip=dhcp inst.text",
  ]

  arch "amd64" {
    values = { arch = "x86_64" }
  }
  arch "arm64" {
    values = { arch = "aarch64" }
  }

  channel "stable" {}

  listing {
    url    = "https://fedoraproject.org/releases.json"
    format = "fedora-releases"
    key    = "Everything"
  }

  file "kernel" {
    url  = "{tree}/images/pxeboot/vmlinuz"
    sums = ["{tree}/.treeinfo"]
  }
  file "initrd" {
    url  = "{tree}/images/pxeboot/initrd.img"
    sums = ["{tree}/.treeinfo"]
  }
}
