# netboot.xyz: a menu of the systems of the world. https://netboot.xyz/docs/booting/ipxe. From here on it decides.
os "netboot.xyz" {
  title   = "netboot.xyz"
  default = "stable"
  mirror  = "https://github.com/netbootxyz/netboot.xyz/releases/download"

  arch "amd64" {
    values = { efi-file = "netboot.xyz.efi" }
    script = <<-EOT
      #!ipxe
      iseq $${platform} efi && chain {efi} || chain {bios}
    EOT
  }
  arch "arm64" {
    values = { efi-file = "netboot.xyz-arm64.efi" }
    script = <<-EOT
      #!ipxe
      chain {efi}
    EOT
  }

  channel "stable" {}

  # It states the SHA-256 of every file.
  listing {
    url    = "https://api.github.com/repos/netbootxyz/netboot.xyz/releases?per_page=20"
    format = "github-releases"
  }

  file "efi" {
    url  = "{mirror}/{version}/{efi-file}"
    sums = ["listing"]
  }
  file "bios" {
    url  = "{mirror}/{version}/netboot.xyz.lkrn"
    sums = ["listing"]
  }
}
