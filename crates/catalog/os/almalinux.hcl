# AlmaLinux by its own installer, Anaconda. Its .treeinfo names only the major version: the minor ones are in the index.
os "almalinux" {
  title   = "AlmaLinux"
  default = "10"
  configs = ["kickstart"]
  mirror  = "https://repo.almalinux.org/almalinux"
  values = {
    tree  = "{mirror}/{version}/BaseOS/{arch}/os"
    vault = "https://vault.almalinux.org/{version}/BaseOS/{arch}/os"
  }

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

  channel "8" {}
  channel "9" {}
  channel "10" {}

  listing {
    url    = "{mirror}/"
    format = "names"
    key    = "href=\"{version}/\""
    prefix = "{channel}."
  }

  file "kernel" {
    url  = ["{tree}/images/pxeboot/vmlinuz", "{vault}/images/pxeboot/vmlinuz"]
    sums = ["{tree}/.treeinfo"]
  }
  file "initrd" {
    url  = ["{tree}/images/pxeboot/initrd.img", "{vault}/images/pxeboot/initrd.img"]
    sums = ["{tree}/.treeinfo"]
  }
}
