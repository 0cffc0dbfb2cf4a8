# Rocky Linux by its own installer, Anaconda. A version that is no longer the newest lies in the vault.
os "rocky" {
  title   = "Rocky Linux"
  default = "10"
  configs = ["kickstart"]
  mirror  = "https://download.rockylinux.org/pub/rocky"
  values = {
    tree  = "{mirror}/{version}/BaseOS/{arch}/os"
    vault = "https://dl.rockylinux.org/vault/rocky/{version}/BaseOS/{arch}/os"
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
    url    = "{mirror}/{channel}/BaseOS/{arch}/os/.treeinfo"
    format = "fields"
    key    = "general.version"
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
